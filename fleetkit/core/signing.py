"""What signs, and what checks a signature: the two shapes by which rooms hand signing to each other.

Keys are made, kept and used elsewhere; here stands only what everybody means by them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

__all__ = ["Signer", "VerifySignature"]


class Signer(Protocol):
    """Somebody who signs with a private key that nobody else sees."""

    @property
    def public_key(self) -> str:
        """The public half as text: ``ed25519:`` and the base64 of its 32 raw bytes."""

    def sign(self, message: bytes) -> bytes:
        """Return the signature of ``message``."""


VerifySignature = Callable[[str, bytes, bytes], bool]
"""Whether a signature holds: asked with the public key as text, the message and the signature."""
