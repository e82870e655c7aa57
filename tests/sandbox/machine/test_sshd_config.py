"""``sshd_config`` is read as sshd reads it."""

from __future__ import annotations

from pathlib import Path

import pytest

from fleetkit.sandbox.machine.ssh.config import SshdConfig, SshdConfigError, read_sshd_config


def read(folder: Path, text: str) -> SshdConfig:
    path = folder / "sshd_config"
    path.write_text(text)
    return read_sshd_config(path)


def test_the_first_value_counts_and_an_include_stands_where_it_is(tmp_path: Path) -> None:
    (tmp_path / "10-x.conf").write_text("PermitRootLogin yes\nHostKey /b\n")
    config = read(
        tmp_path,
        f"# no\nHostKey /a\nInclude {tmp_path}/*.conf\nPermitRootLogin no\nallowusers core ubuntu-*\nUseDNS=no\n",
    )
    assert config.first("permitrootlogin", "") == "yes"
    assert config.values["hostkey"] == ("/a", "/b")
    assert config.lets_in("ubuntu-1")
    assert not config.lets_in("etcd")
    assert any("usedns" in remark for remark in config.remarks)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("HostKy /a\n", "line 1: Bad configuration option: HostKy"),
        ("\nMatch User x\n", "line 2: Match is not known to the stand-in"),
        ("Port 0\n", "Badly formatted port number"),
        ("HostKey\n", "missing argument"),
        ("AuthenticationMethods publickey,password\n", "authenticationmethods publickey,password"),
        ("AllowTcpForwarding maybe\n", "unsupported option 'maybe'"),
    ],
)
def test_what_keeps_sshd_from_starting_is_named(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(SshdConfigError) as caught:
        read(tmp_path, text)
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("text", "host", "port", "allowed"),
    [
        ("", "10.0.0.1", 22, True),
        ("AllowTcpForwarding no\n", "10.0.0.1", 22, False),
        ("AllowTcpForwarding remote\n", "10.0.0.1", 22, False),
        ("PermitOpen 10.0.0.1:2379 10.0.0.2:*\n", "10.0.0.1", 2379, True),
        ("PermitOpen 10.0.0.1:2379 10.0.0.2:*\n", "10.0.0.1", 22, False),
        ("PermitOpen 10.0.0.1:2379 10.0.0.2:*\n", "10.0.0.2", 22, True),
        ("PermitOpen none\n", "10.0.0.2", 22, False),
    ],
)
def test_forwarding_is_judged(tmp_path: Path, text: str, host: str, port: int, allowed: bool) -> None:
    assert read(tmp_path, text).forwards_tcp_to(host, port) is allowed


def test_root_stays_out_where_it_is_told_so(tmp_path: Path) -> None:
    assert not read(tmp_path, "PermitRootLogin no\n").lets_in("root")
    assert read(tmp_path, "").lets_in("root")
    assert not read(tmp_path, "DenyUsers co*\n").lets_in("core")
    assert not read(tmp_path, "AllowStreamLocalForwarding remote\n").forwards_streams
