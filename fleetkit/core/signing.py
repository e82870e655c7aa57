"""What signs, what checks a signature, and how a public key is written: what rooms mean when they speak of signing.

Keys are made, kept and used elsewhere; here stands only what everybody means by them.
"""

from __future__ import annotations

import base64
import enum
import hashlib
from collections.abc import Callable
from typing import Protocol

__all__ = ["KeyScheme", "Signer", "VerifySignature", "fingerprint_key", "format_public_key", "parse_public_key"]

_ED25519_BYTES = 32

# RFC 5480: what stands before the two coordinates in the SubjectPublicKeyInfo of every uncompressed P-256 key.
_P256_HEAD = bytes.fromhex("3059301306072a8648ce3d020106082a8648ce3d03010703420004")
_P256_BYTES = len(_P256_HEAD) + 64


class KeyScheme(enum.StrEnum):
    """Which kind of key signs."""

    ED25519 = "ed25519"
    """A key in a file of the operator's own; its public half is 32 raw bytes."""
    P256 = "p256"
    """A key that a service keeps, and that may be out of reach: ECDSA on NIST's P-256 with SHA-256.

    Its public half is a SubjectPublicKeyInfo in DER, as such services tell it.
    """


class Signer(Protocol):
    """Somebody who signs with a private key that nobody else sees."""

    @property
    def public_key(self) -> str:
        """The public half as text, as `format_public_key` writes it."""

    def sign(self, message: bytes) -> bytes:
        """Return the signature of ``message``.

        Raises
        ------
        ServiceError
            When the key lies elsewhere, and is out of reach.
        """


VerifySignature = Callable[[str, bytes, bytes], bool]
"""Whether a signature holds: asked with the public key as text, the message and the signature."""


def format_public_key(scheme: KeyScheme, raw: bytes) -> str:
    """Return a public key as text: its scheme, a colon and its bytes in base64."""
    return f"{scheme}:{base64.b64encode(raw).decode('ascii')}"


def fingerprint_key(text: str) -> str:
    """Return the SHA-256, in hex, of a public key's bytes: short enough to be compared with what somebody reads out.

    Raises
    ------
    ValueError
        When ``text`` is no public key.
    """
    return hashlib.sha256(parse_public_key(text)[1]).hexdigest()


def parse_public_key(text: str) -> tuple[KeyScheme, bytes]:
    """Read what `format_public_key` wrote.

    Raises
    ------
    ValueError
        When it is something else; its message goes on after what was seen: "does not begin with ...".
    """
    name, _, encoded = text.partition(":")
    if name not in list(KeyScheme):
        raise ValueError(f"does not begin with {' or '.join(f'{scheme}:' for scheme in KeyScheme)}")
    try:
        raw = base64.b64decode(encoded, validate=True)
    except ValueError:
        raise ValueError("is not base64") from None
    scheme = KeyScheme(name)
    if scheme is KeyScheme.ED25519 and len(raw) != _ED25519_BYTES:
        raise ValueError(f"holds {len(raw)} bytes")
    if scheme is KeyScheme.P256 and (len(raw) != _P256_BYTES or not raw.startswith(_P256_HEAD)):
        raise ValueError("is no P-256 key in DER")
    return scheme, raw
