"""Shapes that give a secret away, whoever wrote it: private keys, AWS keys, credentials of registries."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator

__all__ = ["find_shapes", "name_secrets"]

# Between a name and its value, in INI, YAML, Python and JSON, and in JSON that was escaped once more.
_IS = r"""\\*["']?\s*[=:]\s*\\*["']?"""
_KEY_KINDS = ("", "RSA ", "EC ", "DSA ", "OPENSSH ", "ENCRYPTED ")
# Base64 text of "-----BEGIN ... PRIVATE KEY", as far as it does not depend on what follows.
_ENCODED_KEYS = "|".join(
    base64.b64encode(begin)[: len(begin) * 8 // 6].decode("ascii")
    for begin in (f"-----BEGIN {kind}PRIVATE KEY".encode("ascii") for kind in _KEY_KINDS)
)

_SHAPES = (
    # A key that was cut off has no end: then it is what looks like its text, and the escapes of its line ends.
    (
        "private key-----",
        "a private key",
        re.compile(
            r"(?P<secret>-----BEGIN (?P<kind>[A-Z0-9 ]*PRIVATE KEY)-----"
            r"(?:.*?-----END (?P=kind)-----|[A-Za-z0-9+/=\s\\]*))",
            re.DOTALL,
        ),
    ),
    ("ls0tls1crudjti", "a private key", re.compile(rf"(?P<secret>(?:{_ENCODED_KEYS})[A-Za-z0-9+/=_-]*)")),
    ("age-secret-key-1", "a key of age", re.compile(r"(?P<secret>AGE-SECRET-KEY-1[0-9A-Z]{20,})")),
    ("akia", "an AWS access key", re.compile(r"(?P<secret>(?<![A-Z0-9])AKIA[A-Z2-7]{16}(?![A-Z0-9]))")),
    ("asia", "an AWS access key", re.compile(r"(?P<secret>(?<![A-Z0-9])ASIA[A-Z2-7]{16}(?![A-Z0-9]))")),
    ("secret", "an AWS secret key", re.compile(rf"(?i)secret_?access_?key{_IS}(?P<secret>[A-Za-z0-9/+=]{{40}})")),
    ("session", "an AWS session token", re.compile(rf"(?i)session_?token{_IS}(?P<secret>[A-Za-z0-9/+=]{{40,}})")),
    # How the instance metadata service names a session token, and how a signed address carries one.
    ("token", "an AWS session token", re.compile(rf"(?i)[\"']token{_IS}(?P<secret>[A-Za-z0-9/+=]{{100,}})")),
    (
        "x-amz-",
        "a signed address of AWS",
        re.compile(r"(?i)x-amz-(?:security-token|signature)=(?P<secret>[A-Za-z0-9/+=%]{40,})"),
    ),
    # .dockercfg and config.json: user and password, or the token that a registry gave for them.
    (
        "auth",
        "a registry credential",
        re.compile(r"""\\*["']auth\\*["']\s*:\s*\\*["'](?P<secret>[A-Za-z0-9+/_-]{8,}={0,2})"""),
    ),
    (
        "token",
        "a registry credential",
        re.compile(r"""\\*["'](?:identity|registry)token\\*["']\s*:\s*\\*["'](?P<secret>[^"'\\]{8,})"""),
    ),
)


def find_shapes(text: str) -> Iterator[tuple[int, int]]:
    """Yield the start and the end of each."""
    # Most texts hold none of the words, and a search for a word is far cheaper than one for a shape.
    lowered = text.lower()
    for word, _, shape in _SHAPES:
        if word in lowered:
            for found in shape.finditer(text):
                yield found.span("secret")


def name_secrets(text: str) -> tuple[str, ...]:
    """Return which kinds of secrets a text gives away, such as ``a private key``; never a part of one."""
    lowered = text.lower()
    return tuple(sorted({kind for word, kind, shape in _SHAPES if word in lowered and shape.search(text)}))
