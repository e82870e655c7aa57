"""Sealing and opening with age (the file format of ``age`` and ``rage``), through pyrage.

What is sealed here opens with the ``age`` program as well, so that nobody depends on fleetkit to read a parcel.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeAlias

import pyrage

from fleetkit.core import FleetkitError, SettingsError

__all__ = [
    "Identity",
    "Recipient",
    "make_identity",
    "open_file",
    "open_file_with",
    "open_parcel",
    "parse_recipient",
    "seal_file",
    "seal_parcel",
]

# pyrage ships no types: an x25519 or SSH recipient, and an x25519 or SSH identity.
Recipient: TypeAlias = Any
Identity: TypeAlias = Any

_SHORTEST_PASSPHRASE = 12

_WRONG = "it is damaged, or sealed for another key or with another passphrase"
_TOO_SLOW = (
    "this computer is busy, or far slower than the one that sealed it with a passphrase; "
    "try again when it is idle, or have it sealed for an SSH key"
)
"""The library measures how fast the computer is, both when it seals and when it opens."""


def make_identity() -> tuple[str, Recipient]:
    """Make an age identity, and return it as text with its recipient."""
    made = pyrage.x25519.Identity.generate()
    return str(made), made.to_public()


def parse_recipient(text: str) -> Recipient:
    """Read whom a parcel is for: an age recipient (``age1…``) or an SSH public key (ed25519 or RSA).

    Raises
    ------
    SettingsError
        When ``text`` is neither.
    """
    text = text.strip()
    try:
        return (
            pyrage.x25519.Recipient.from_str(text) if text.startswith("age1") else pyrage.ssh.Recipient.from_str(text)
        )
    except pyrage.RecipientError as error:
        raise SettingsError(
            "cannot read the recipient",
            seen=f"{text[:24]!r}…",
            hint="give an age recipient (age1…), or an SSH public key of type ssh-ed25519 or ssh-rsa",
        ) from error


def seal_parcel(content: bytes, *, recipients: Sequence[Recipient] = (), passphrase: str | None = None) -> bytes:
    """Encrypt ``content`` for ``recipients``, or with ``passphrase``.

    Raises
    ------
    SettingsError
        When both or neither are given, or the passphrase has fewer than 12 characters.
    """
    if bool(recipients) == (passphrase is not None):
        raise SettingsError("a parcel is sealed either for recipients or with a passphrase, one of the two")
    if passphrase is None:
        return bytes(pyrage.encrypt(content, list(recipients)))
    if len(passphrase) < _SHORTEST_PASSPHRASE:
        raise SettingsError(f"the passphrase has {len(passphrase)} characters", hint="use 12 or more")
    return bytes(pyrage.passphrase.encrypt(content, passphrase))


def open_parcel(parcel: bytes, *, identity_file: Path | None = None, passphrase: str | None = None) -> bytes:
    """Decrypt what `seal_parcel` sealed.

    Parameters
    ----------
    identity_file
        An age identity file, or an SSH private key that has no passphrase of its own.

    Raises
    ------
    SettingsError
        When the key or passphrase does not fit, or the parcel is damaged.
    """
    if (identity_file is None) == (passphrase is None):
        raise SettingsError("a parcel is opened either with a key file or with a passphrase, one of the two")
    try:
        if passphrase is not None:
            return bytes(pyrage.passphrase.decrypt(parcel, passphrase))
        assert identity_file is not None  # noqa: S101 -- for the type checker: one of the two is given
        return bytes(pyrage.decrypt(parcel, [_read_identity(identity_file)]))
    except pyrage.DecryptError as error:
        raise _name_failure("the parcel", error) from error


def seal_file(source: Path, target: Path, *, recipients: Sequence[Recipient]) -> None:
    """Encrypt a file of any size for ``recipients``, piece by piece.

    Raises
    ------
    FleetkitError
        When ``target`` cannot be written.
    """
    try:
        pyrage.encrypt_file(str(source), str(target), list(recipients))
    except (OSError, pyrage.EncryptError) as error:
        raise FleetkitError(f"{target} cannot be sealed", seen=str(error)) from error


def open_file(source: Path, target: Path, *, identity_file: Path) -> None:
    """Decrypt what `seal_file` sealed, piece by piece; where it fails, nothing of ``target`` is to be believed.

    Parameters
    ----------
    identity_file
        An age identity file, or an SSH private key that has no passphrase of its own.

    Raises
    ------
    SettingsError
        When the key does not fit, or the file is damaged.
    FleetkitError
        When ``target`` cannot be written.
    """
    _decrypt_file(source, target, _read_identity(identity_file))


def open_file_with(source: Path, target: Path, *, identity: str) -> None:
    """Decrypt what `seal_file` sealed with an identity that `make_identity` made and that is in no file.

    Raises
    ------
    SettingsError
        When it does not fit, or the file is damaged.
    FleetkitError
        When ``target`` cannot be written.
    """
    try:
        read = pyrage.x25519.Identity.from_str(identity)
    except pyrage.IdentityError as error:
        # The identity is a secret, and the library's message may repeat it.
        raise SettingsError(f"what is to open {source.name} is no age identity") from error
    _decrypt_file(source, target, read)


def _decrypt_file(source: Path, target: Path, identity: Identity) -> None:
    try:
        pyrage.decrypt_file(str(source), str(target), [identity])
    except (OSError, pyrage.DecryptError) as error:
        # What is damaged is an OSError of the library's as well; only the system's own bear a number.
        if "(os error" not in str(error):
            raise _name_failure(source.name, error) from error
        raise FleetkitError(
            f"what {source.name} holds cannot be written", seen=str(error), hint=f"see that {target.parent} has room"
        ) from error


def _name_failure(what: str, error: Exception) -> SettingsError:
    # The library isolates its figures with marks that terminals show as rubbish.
    seen = str(error).translate(dict.fromkeys(map(ord, "\u2068\u2069")))
    return SettingsError(f"cannot open {what}", seen=seen, hint=_TOO_SLOW if "work parameter" in seen else _WRONG)


def _read_identity(file: Path) -> Identity:
    try:
        content = file.read_bytes()
        if content.startswith(b"-----BEGIN"):
            return pyrage.ssh.Identity.from_buffer(content)
        lines = [line.strip() for line in content.decode("ascii").splitlines()]
        return pyrage.x25519.Identity.from_str(next(line for line in lines if line and not line.startswith("#")))
    except (OSError, pyrage.IdentityError, UnicodeDecodeError, StopIteration) as error:
        raise SettingsError(
            f"cannot read the key file {file}",
            hint="give an age identity file or an SSH private key without passphrase",
        ) from error
