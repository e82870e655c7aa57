"""The operator's signing key: made once, kept privately, and what vouches for records and approvals.

It belongs to a person on a computer and to no cluster, so nothing that removes a cluster removes it.
Signatures are checked here whatever made them, a key in a file or one that a service keeps, and nobody is asked.
"""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING

from fleetkit.core import (
    FleetkitError,
    KeyScheme,
    PreconditionError,
    SettingsError,
    Signer,
    format_public_key,
    parse_public_key,
)
from fleetkit.pki._files import check_private, make_private_folder, write_private

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

__all__ = ["ensure_signing_key", "read_public_key", "verify_signature"]

_KEY_FILE = "signing.key"
_PUBLIC_FILE = "signing.pub"
_POINT_BYTES = 65
_LOOKS = "a public key looks like ed25519:… or p256:…, and base64 behind it"


class _FileSigner:
    """Signs with a key that was read from a file."""

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key
        self._public_key = format_public_key(KeyScheme.ED25519, key.public_key().public_bytes_raw())

    def __repr__(self) -> str:
        return f"Signer({self._public_key})"

    @property
    def public_key(self) -> str:
        return self._public_key

    def sign(self, message: bytes) -> bytes:
        return self._key.sign(message)


def ensure_signing_key(folder: Path) -> Signer:
    """Return the operator's signer; its key is made where there is none, and never replaced.

    Two processes that call this at the same time end up with the same key.

    Parameters
    ----------
    folder
        The operator's own folder; made with mode 0700 where it is not there.

    Raises
    ------
    PreconditionError
        When the key is damaged, its public half is another's, or others can reach it.
    SettingsError
        When the folder cannot be made or written.
    """
    key = folder / _KEY_FILE
    try:
        make_private_folder(folder)
        if not key.exists():
            # Whoever comes second finds the first one's key, and takes it.
            with contextlib.suppress(FileExistsError):
                write_private(key, _make_key(), replace=False)
        check_private(key)
        signer = _read_signer(key)
        _ensure_public(folder / _PUBLIC_FILE, signer)
    except OSError as error:
        raise SettingsError(
            f"no signing key can be kept in {folder}",
            seen=str(error),
            hint="set FLEETKIT_HOME to a folder that you may write to",
        ) from error
    return signer


def verify_signature(public_key: str, message: bytes, signature: bytes) -> bool:
    """Return whether ``signature`` of ``message`` was made with the private half of ``public_key``.

    Parameters
    ----------
    public_key
        As `Signer.public_key` writes it.

    Raises
    ------
    SettingsError
        When ``public_key`` is not a public key in this form.
    """
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey

    key = _load_public_key(public_key)
    try:
        if isinstance(key, EllipticCurvePublicKey):
            key.verify(signature, message, ECDSA(hashes.SHA256()))
        else:
            key.verify(signature, message)
    except InvalidSignature:
        return False
    return True


def read_public_key(text: str) -> str:
    """Return a public key that is given as itself, or as the path of a file that holds it.

    Raises
    ------
    SettingsError
        When it is neither.
    """
    found = text.strip()
    if not found.startswith(tuple(f"{scheme}:" for scheme in KeyScheme)):
        try:
            found = Path(text).expanduser().read_text(encoding="utf-8").strip()
        except (OSError, ValueError) as error:
            raise SettingsError(
                f"{text!r} is no public key, and no file that holds one",
                seen=str(error),
                hint=f"{_LOOKS}; fleetkit key show prints yours",
            ) from error
    _load_public_key(found)
    return found


def _make_key() -> bytes:
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    return Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _read_signer(path: Path) -> _FileSigner:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        key = load_pem_private_key(path.read_bytes(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise _refuse(path, "this is not a private key in PEM without a passphrase") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise _refuse(path, f"{type(key).__name__} where an ed25519 key belongs")
    return _FileSigner(key)


def _ensure_public(path: Path, signer: Signer) -> None:
    if not path.exists():
        write_private(path, f"{signer.public_key}\n".encode("ascii"))
    elif path.read_text(encoding="utf-8", errors="replace").strip() != signer.public_key:
        raise _refuse(path, f"it is not the public half of {_KEY_FILE}")


def _load_public_key(text: str) -> Ed25519PublicKey | EllipticCurvePublicKey:
    from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        scheme, raw = parse_public_key(text)
        if scheme is KeyScheme.ED25519:
            return Ed25519PublicKey.from_public_bytes(raw)
        return EllipticCurvePublicKey.from_encoded_point(SECP256R1(), raw[-_POINT_BYTES:])
    except ValueError as error:
        shown = text if len(text) <= 80 else f"{text[:77]}..."
        raise SettingsError("this is no public key", seen=f"{shown!r}: {error}", hint=_LOOKS) from error


def _refuse(path: Path, seen: str) -> FleetkitError:
    return PreconditionError(
        f"the signing key {path} is damaged, or is another's",
        seen=seen,
        hint="put the right file back from a backup; or move signing.key and signing.pub away to begin with a new key, "
        "and keep the old public key for what was signed with it",
    )
