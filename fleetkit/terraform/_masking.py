"""Sensitive values: masked where Terraform marks them, and wherever else the same text stands."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fleetkit.core import MASK, Redactor

__all__ = ["collect_secrets", "is_marked", "mask_value"]

_SHORTEST = 6
"""What the redactor accepts; shorter values are masked in their own place only."""


def is_marked(marks: Any) -> bool:
    """Return whether anything at or below these marks is sensitive."""
    if isinstance(marks, dict):
        return any(is_marked(inner) for inner in marks.values())
    if isinstance(marks, list):
        return any(is_marked(inner) for inner in marks)
    return marks is True


def mask_value(value: Any, marks: Any, *, redactor: Redactor) -> Any:
    """Return ``value`` with what ``marks`` calls sensitive masked, and known secrets in the rest too.

    Parameters
    ----------
    value
        A JSON value.
    marks
        Terraform's parallel structure: true where the value is sensitive, at any depth.
    redactor
        Knows the secrets; a provider may hand a sensitive argument back in an attribute that bears no mark.
    """
    if marks is True:
        return None if value is None else MASK
    if isinstance(value, dict):
        below = marks if isinstance(marks, dict) else {}
        return {name: mask_value(inner, below.get(name), redactor=redactor) for name, inner in value.items()}
    if isinstance(value, list):
        parts = marks if isinstance(marks, list) else []
        return [
            mask_value(inner, parts[place] if place < len(parts) else None, redactor=redactor)
            for place, inner in enumerate(value)
        ]
    return redactor.redact(value) if isinstance(value, str) else value


def collect_secrets(value: Any, marks: Any) -> Iterator[str]:
    """Yield every text in ``value`` that is marked and long enough to be recognised elsewhere."""
    if marks is True:
        yield from _texts(value)
    elif isinstance(value, dict) and isinstance(marks, dict):
        for name, inner in value.items():
            yield from collect_secrets(inner, marks.get(name))
    elif isinstance(value, list) and isinstance(marks, list):
        for inner, mark in zip(value, marks, strict=False):
            yield from collect_secrets(inner, mark)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str) and len(value) >= _SHORTEST:
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)
