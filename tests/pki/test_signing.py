"""The operator's signing key: one for ever, private, and the only one whose signatures hold."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from support.service_signers import ServiceSigner

from fleetkit.core import KeyScheme, PreconditionError, SettingsError, format_public_key, parse_public_key
from fleetkit.pki import ensure_signing_key, read_public_key, verify_signature


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "config" / "fleetkit"


def test_the_key_is_made_once_and_kept(folder: Path) -> None:
    first = ensure_signing_key(folder)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert set(before) == {"signing.key", "signing.pub"}
    assert ensure_signing_key(folder).public_key == first.public_key
    assert before == {path.name: path.read_bytes() for path in folder.iterdir()}
    assert before["signing.pub"].decode() == f"{first.public_key}\n"


def test_the_key_is_private_whatever_the_umask(folder: Path) -> None:
    before = os.umask(0)
    try:
        ensure_signing_key(folder)
    finally:
        os.umask(before)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((folder / "signing.key").stat().st_mode) == 0o600


def test_processes_that_make_it_at_the_same_time_end_up_with_one(folder: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from fleetkit.pki import ensure_signing_key; "
        "sys.stdin.readline(); print(ensure_signing_key(Path(sys.argv[1])).public_key)"
    )
    makers = [
        subprocess.Popen(
            [sys.executable, "-c", code, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for _ in range(4)
    ]
    for maker in makers:
        assert maker.stdin is not None
        maker.stdin.write("go\n")
        maker.stdin.flush()
    told = {maker.communicate(timeout=60)[0].strip() for maker in makers}
    assert told == {(folder / "signing.pub").read_text().strip()}
    assert sorted(path.name for path in folder.iterdir()) == ["signing.key", "signing.pub"]


def test_a_signature_holds_for_its_message_and_its_key_alone(folder: Path, tmp_path: Path) -> None:
    signer = ensure_signing_key(folder)
    signature = signer.sign(b"what was said")
    assert verify_signature(signer.public_key, b"what was said", signature)
    assert not verify_signature(signer.public_key, b"what was sald", signature)
    assert not verify_signature(signer.public_key, b"what was said", bytes([signature[0] ^ 1]) + signature[1:])
    assert not verify_signature(signer.public_key, b"what was said", b"")
    other = ensure_signing_key(tmp_path / "other")
    assert not verify_signature(other.public_key, b"what was said", signature)


def test_a_signature_of_a_key_that_a_service_keeps_is_checked_here(folder: Path) -> None:
    service = ServiceSigner()
    signature = service.sign(b"what was said")
    assert verify_signature(service.public_key, b"what was said", signature)
    assert not verify_signature(service.public_key, b"what was sald", signature)
    assert not verify_signature(service.public_key, b"what was said", signature[:-1] + bytes([signature[-1] ^ 1]))
    assert not verify_signature(service.public_key, b"what was said", b"no DER")
    assert not verify_signature(ServiceSigner().public_key, b"what was said", signature)
    assert not verify_signature(ensure_signing_key(folder).public_key, b"what was said", signature)


def test_a_point_beside_the_curve_is_no_public_key() -> None:
    _, raw = parse_public_key(ServiceSigner().public_key)
    beside = format_public_key(KeyScheme.P256, raw[:-1] + bytes([raw[-1] ^ 1]))
    with pytest.raises(SettingsError, match="this is no public key"):
        read_public_key(beside)


def test_what_is_shown_of_it_is_the_public_key(folder: Path) -> None:
    signer = ensure_signing_key(folder)
    assert repr(signer) == f"Signer({signer.public_key})"


def test_a_public_half_that_was_lost_is_written_again(folder: Path) -> None:
    signer = ensure_signing_key(folder)
    (folder / "signing.pub").unlink()
    ensure_signing_key(folder)
    assert (folder / "signing.pub").read_text().strip() == signer.public_key


@pytest.mark.parametrize(
    "content", [b"", b"\x00\xff", b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"]
)
def test_a_damaged_key_is_named_and_never_replaced(folder: Path, content: bytes) -> None:
    ensure_signing_key(folder)
    (folder / "signing.key").write_bytes(content)
    with pytest.raises(PreconditionError, match=r"signing\.key is damaged"):
        ensure_signing_key(folder)
    assert (folder / "signing.key").read_bytes() == content


def test_a_key_of_another_kind_and_a_foreign_public_half_are_refused(folder: Path, tmp_path: Path) -> None:
    from fleetkit.pki._issue import make_private_key

    other = ensure_signing_key(tmp_path / "other")
    ensure_signing_key(folder)
    kept = (folder / "signing.key").read_bytes()
    (folder / "signing.key").write_bytes(make_private_key())
    with pytest.raises(PreconditionError, match="ed25519 key belongs"):
        ensure_signing_key(folder)
    (folder / "signing.key").write_bytes(kept)
    (folder / "signing.pub").write_text(other.public_key)
    with pytest.raises(PreconditionError, match="not the public half"):
        ensure_signing_key(folder)


def test_a_key_that_others_can_read_is_refused(folder: Path) -> None:
    ensure_signing_key(folder)
    (folder / "signing.key").chmod(0o640)
    with pytest.raises(PreconditionError, match=r"others can reach .*signing\.key"):
        ensure_signing_key(folder)


def test_a_folder_that_cannot_be_made_is_named_with_its_setting(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SettingsError, match="FLEETKIT_HOME"):
        ensure_signing_key(tmp_path / "file" / "fleetkit")


def test_a_public_key_is_read_from_itself_and_from_a_file(folder: Path) -> None:
    signer = ensure_signing_key(folder)
    assert read_public_key(f" {signer.public_key}\n") == signer.public_key
    assert read_public_key(str(folder / "signing.pub")) == signer.public_key
    service = ServiceSigner()
    assert read_public_key(service.public_key) == service.public_key


@pytest.mark.parametrize(
    "text", ["", "nowhere.pub", "ed25519:", "ed25519:AAAA", "rsa:AAAA", "p256:AAAA", "ed25519:" + "A" * 43 + "é"]
)
def test_what_is_no_public_key_is_refused(text: str) -> None:
    with pytest.raises(SettingsError, match="public key"):
        read_public_key(text)
