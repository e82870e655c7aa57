"""A key that a service keeps, without the service: it signs like KMS, is out of reach on demand, and can be slow."""

from __future__ import annotations

import threading

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from fleetkit.core import AwsError, KeyScheme, format_public_key


class ServiceSigner:
    """Signs with a P-256 key.

    Attributes
    ----------
    away
        Why nobody answers; empty while somebody does.
    asked
        Set when a signature is asked for.
    answers
        Cleared to keep whoever asks waiting.
    calls
        How often a signature was asked for.
    """

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self.away = ""
        self.calls = 0
        self.asked, self.answers = threading.Event(), threading.Event()
        self.answers.set()

    @property
    def public_key(self) -> str:
        raw = self._key.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        return format_public_key(KeyScheme.P256, raw)

    def sign(self, message: bytes) -> bytes:
        self.calls += 1
        self.asked.set()
        self.answers.wait(30)
        if self.away:
            raise AwsError("cannot ask AWS for a signature by the key", seen=self.away, hint="check the network")
        return self._key.sign(message, ec.ECDSA(hashes.SHA256()))
