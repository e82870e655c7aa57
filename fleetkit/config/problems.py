"""A problem of a cluster file: where, what was seen, what is legal; and how a seen value is shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fleetkit.core import MASK, Redactor

__all__ = ["Problem", "dotted_path", "show_value"]

_LONGEST = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing that is wrong.

    Attributes
    ----------
    path
        The field, dotted: ``masters.etcd1.address``, ``zones[2]``.
    seen
        What stands there, as text; never a secret.
    legal
        What may stand there.
    """

    path: str
    seen: str
    legal: str

    def __str__(self) -> str:
        return f"{self.path}: {self.seen}; legal: {self.legal}"


def dotted_path(location: Sequence[str | int]) -> str:
    """Write a place in nested tables and arrays the way people do."""
    text = ""
    for step in location:
        if isinstance(step, int):
            text += f"[{step}]"
        else:
            text += f".{step}" if text else step
    return text


def show_value(value: object) -> str:
    """Show a value of the file: short, as TOML writes it, with anything that looks like a secret masked."""
    if isinstance(value, bool):
        text = str(value).lower()
    elif isinstance(value, str):
        text = f'"{value}"'
    elif isinstance(value, dict):
        return "a table"
    elif isinstance(value, list):
        return f"an array of {len(value)}"
    else:
        text = str(value)
    if "PRIVATE KEY" in text:
        return f'"{MASK}"'
    text = " ".join(Redactor().redact(text).split())
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
