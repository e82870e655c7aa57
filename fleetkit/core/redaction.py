"""Keeping secrets out of what is written: known values are replaced, and tell-tale shapes too.

A second line of defence. The first is that secrets are passed as references and never printed.
Encoded forms, pictures and pieces of a secret cannot be found by text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

__all__ = ["MASK", "Redactor"]

MASK = "[redacted]"
"""What stands in the place of a secret."""

_SHORTEST_SECRET = 6
"""A shorter value would be found all over ordinary text, and its removal would spoil the record."""

_SHAPES = (
    re.compile(r"-----BEGIN (?P<kind>[A-Z0-9 ]*PRIVATE KEY)-----.*?-----END (?P=kind)-----", re.DOTALL),
    re.compile(r"AGE-SECRET-KEY-1[0-9A-Z]{20,}"),
    re.compile(r"(?<![A-Z0-9])(?:AKIA|ASIA)[A-Z2-7]{16}(?![A-Z0-9])"),
    re.compile(r"(?i)(?<=aws_secret_access_key)(?P<sep>\s*[=:]\s*[\"']?)[A-Za-z0-9/+=]{40}"),
    re.compile(r"(?i)(?<=aws_session_token)(?P<sep>\s*[=:]\s*[\"']?)[A-Za-z0-9/+=]{40,}"),
)


class Redactor:
    """Replaces secrets in text.

    Parameters
    ----------
    secrets
        Values to replace wherever they stand; values shorter than six characters are refused,
        because replacing them would spoil ordinary text.

    Raises
    ------
    ValueError
        When a secret is too short to be replaced safely.
    """

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        known = set(secrets)
        if any(len(secret) < _SHORTEST_SECRET for secret in known):
            raise ValueError(f"a secret of fewer than {_SHORTEST_SECRET} characters cannot be redacted")
        # The longest first, so that a secret which contains another leaves no tail behind.
        self._secrets = sorted(known, key=lambda secret: (-len(secret), secret))

    def __repr__(self) -> str:
        return f"Redactor({len(self._secrets)} secrets)"

    def redact(self, text: str) -> str:
        """Return ``text`` with every known secret and every tell-tale shape replaced."""
        for secret in self._secrets:
            text = text.replace(secret, MASK)
        for shape in _SHAPES:
            text = shape.sub(lambda found: (found.groupdict().get("sep") or "") + MASK, text)
        return text
