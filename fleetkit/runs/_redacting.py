"""Taking secrets out of a notebook before it is written."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from typing import Any

from fleetkit.core import Redactor

__all__ = ["redact_notebook", "redact_value", "secrets_of_environment"]

_SECRET_VARIABLES = re.compile(r"(?i)secret|token|passw|passphrase|private_key|api_key")
_SHORTEST = 12
"""Shorter values of such variables are words like ``testing``, whose removal would spoil the record."""


def secrets_of_environment(environ: Mapping[str, str] | None = None) -> set[str]:
    """Return the values of variables whose names say that they are secret."""
    variables = os.environ if environ is None else environ
    return {value for name, value in variables.items() if _SECRET_VARIABLES.search(name) and _is_secret(value)}


def _is_secret(value: str) -> bool:
    # A path names where a secret lies; taking paths out would make records unreadable.
    return len(value) >= _SHORTEST and not value.startswith(("/", "~", "./", "http://", "https://"))


def redact_notebook(notebook: Any, redactor: Redactor) -> Any:
    """Return a copy of ``notebook`` without secrets; the one that was passed is left as it is.

    Neighbouring outputs of the same stream are joined first:
    a kernel flushes its streams when it pleases, and two halves of a secret match nothing.
    """
    joined = _join_streams(notebook)
    redacted: Any = redact_value(joined, redactor)
    return redacted


def redact_value(value: Any, redactor: Redactor) -> Any:
    """Return a copy of plain JSON data in which every text, keys included, is redacted."""
    return _map_texts(value, redactor.redact)


def _map_texts(value: Any, change: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return change(value)
    if isinstance(value, Mapping):
        return {change(str(key)): _map_texts(item, change) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        # A text that nbformat keeps as a list of lines may hold a secret across two of them.
        if value and all(isinstance(item, str) for item in value) and any(item.endswith("\n") for item in value):
            return change("".join(value)).splitlines(keepends=True)
        return [_map_texts(item, change) for item in value]
    return value


def _join_streams(value: Any) -> Any:
    """Copy, joining neighbouring stream outputs of one name wherever a list of outputs stands."""
    if isinstance(value, Mapping):
        return {key: _join_streams(item) for key, item in value.items()}
    if not isinstance(value, (list, tuple)):
        return value
    joined: list[Any] = []
    for item in value:
        before = joined[-1] if joined else {}
        if _is_stream(item) and _is_stream(before) and before["name"] == item["name"]:
            before["text"] = _text(before["text"]) + _text(item["text"])
        else:
            joined.append(_join_streams(item))
    return joined


def _is_stream(item: Any) -> bool:
    return isinstance(item, Mapping) and item.get("output_type") == "stream" and "text" in item and "name" in item


def _text(text: Any) -> str:
    return text if isinstance(text, str) else "".join(text)
