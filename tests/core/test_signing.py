"""A public key as text: its scheme and its bytes, and nothing that merely looks like one."""

from __future__ import annotations

import base64
import hashlib

import pytest

from fleetkit.core import KeyScheme, fingerprint_key, format_public_key, parse_public_key

# RFC 5480: a SubjectPublicKeyInfo whose point is P-256's own generator (SEC 2).
P256 = bytes.fromhex(
    "3059301306072a8648ce3d020106082a8648ce3d030107034200046b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a1394"
    "5d898c2964fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5"
)


@pytest.mark.parametrize(("scheme", "raw"), [(KeyScheme.ED25519, bytes(range(32))), (KeyScheme.P256, P256)])
def test_what_was_written_is_read(scheme: KeyScheme, raw: bytes) -> None:
    text = format_public_key(scheme, raw)
    assert text.startswith(f"{scheme}:")
    assert parse_public_key(text) == (scheme, raw)


def test_a_fingerprint_is_of_the_keys_bytes_alone() -> None:
    raw = bytes(range(32))
    assert fingerprint_key(format_public_key(KeyScheme.ED25519, raw)) == hashlib.sha256(raw).hexdigest()
    with pytest.raises(ValueError, match="does not begin with"):
        fingerprint_key("none")


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("", "does not begin with ed25519: or p256:"),
        ("rsa:AAAA", "does not begin with ed25519: or p256:"),
        ("ed25519", "holds 0 bytes"),
        ("ed25519:AAEé", "is not base64"),
        ("p256:A", "is not base64"),
        (format_public_key(KeyScheme.ED25519, P256), "holds 91 bytes"),
        (format_public_key(KeyScheme.P256, bytes(32)), "is no P-256 key in DER"),
        (format_public_key(KeyScheme.P256, P256[:-1]), "is no P-256 key in DER"),
        # The same length on another curve: secp256k1 differs by its name alone, which is one byte shorter.
        (f"p256:{base64.b64encode(bytes(91)).decode()}", "is no P-256 key in DER"),
    ],
)
def test_what_is_no_public_key_is_refused_with_what_was_seen(text: str, seen: str) -> None:
    with pytest.raises(ValueError, match=seen):
        parse_public_key(text)
