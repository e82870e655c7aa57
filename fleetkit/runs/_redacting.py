"""Taking secrets out of a notebook before it is written."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from typing import Any

from fleetkit.core import MASK, Redactor

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

    What a cell wrote to one stream is searched as one text:
    a kernel flushes its streams when it pleases, and two halves of a secret match nothing.
    """
    joined = _join_streams(notebook)
    redacted: Any = redact_value(joined, redactor)
    return redacted


def redact_value(value: Any, redactor: Redactor) -> Any:
    """Return a copy of plain JSON data in which every text, keys included, is redacted."""
    if isinstance(value, str):
        return redactor.redact(value)
    if isinstance(value, Mapping):
        return {redactor.redact(str(key)): redact_value(item, redactor) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return _redact_list(value, redactor)
    # A secret may well be a number; true and false are none.
    if isinstance(value, (int, float)) and not isinstance(value, bool) and redactor.redact(str(value)) != str(value):
        return MASK
    return value


def _redact_list(values: Sequence[Any], redactor: Redactor) -> list[Any]:
    """Redact what may be one text in pieces as one (lines, the parts of a traceback, a stream's outputs), then each."""
    if values and all(isinstance(item, str) for item in values):
        return [redactor.redact(piece) for piece in redactor.redact_pieces(values)]
    pieces = list(values)
    for name in {item["name"] for item in values if _is_stream(item)}:
        places = [place for place, item in enumerate(values) if _is_stream(item) and item["name"] == name]
        texts = redactor.redact_pieces([_text(values[place]["text"]) for place in places])
        for place, text in zip(places, texts, strict=True):
            pieces[place] = {**values[place], "text": text}
    return [redact_value(item, redactor) for item in pieces]


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
