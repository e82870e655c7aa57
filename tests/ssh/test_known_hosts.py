"""Host keys as known_hosts files list them."""

from __future__ import annotations

from pathlib import Path

import pytest

from fleetkit.core import SettingsError
from fleetkit.ssh import HostKey, KnownHosts

ONE = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGr0p1mKmvN0p5w0sPpTzLrW9oYwB7FfQ1hK4Zk2a3xd"
TWO = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"


def test_a_name_has_the_keys_of_all_its_lines() -> None:
    known = KnownHosts.from_lines(["# ours", "", f"10.0.0.1,etcd1.demo {ONE} comment", f"10.0.0.1 {TWO}"])
    assert len(known.keys_for("10.0.0.1")) == 2
    assert known.keys_for("etcd1.demo") == (HostKey.from_line(ONE),)
    assert known.keys_for("10.0.0.2") == ()


def test_another_port_is_looked_up_in_brackets_first() -> None:
    known = KnownHosts.from_lines([f"[10.0.0.1]:2222 {ONE}", f"10.0.0.1 {TWO}"])
    assert known.keys_for("10.0.0.1", port=2222)[0] == HostKey.from_line(ONE)
    assert known.keys_for("10.0.0.1") == (HostKey.from_line(TWO),)


def test_a_hashed_name_is_understood() -> None:
    # Made with: ssh-keygen -H, of the name "bastion.example".
    hashed = "|1|CUCZRd8Xq/oGMeBuSw4ULnxGTuU=|uJD7Ta3VbM6THGmYH+S+1K/+6KQ="
    known = KnownHosts.from_lines([f"{hashed} {ONE}"])
    assert known.keys_for("other.example") == ()
    assert known.keys_for("bastion.example") == (HostKey.from_line(ONE),)


def test_revoked_keys_and_patterns_trust_nobody() -> None:
    known = KnownHosts.from_lines([f"@revoked 10.0.0.1 {ONE}", f"@cert-authority * {ONE}", f"* {TWO}"])
    assert known.keys_for("10.0.0.1") == ()


def test_a_line_that_is_no_key_is_named() -> None:
    with pytest.raises(SettingsError, match="line 2 of known_hosts is not a host key"):
        KnownHosts.from_lines([f"10.0.0.1 {ONE}", "10.0.0.2 ssh-ed25519 ???"])


def test_a_file_that_is_not_there_trusts_nobody(tmp_path: Path) -> None:
    assert KnownHosts.from_file(tmp_path / "none") == KnownHosts()
    with pytest.raises(SettingsError, match="cannot be read"):
        KnownHosts.from_file(tmp_path)


def test_the_fingerprint_is_sshs() -> None:
    # ssh-keygen -lf says the same of this key.
    assert HostKey.from_line(TWO).fingerprint == "SHA256:kmYcvdi2GkPeWxB6XLjrZB8JHsy2Hm8luHMFp9GMvqk"
