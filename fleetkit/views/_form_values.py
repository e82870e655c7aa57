"""Values of the cluster file as a person types them, and back."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from fleetkit.config import FieldKind
from fleetkit.core import MASK, SettingsError, parse_reference

__all__ = ["parse_typed", "show_typed", "summarize_fixed"]


def parse_typed(kind: FieldKind, typed: str) -> object:
    """Return what the file is to say; what is no number stays text, for the schema to refuse by its own words."""
    text = typed.strip()
    if kind is FieldKind.NUMBER:
        return int(text) if re.fullmatch(r"-?[0-9]{1,12}", text) else text
    if kind is FieldKind.SWITCH:
        return text == "true"
    if kind is FieldKind.LIST:
        return [part.strip() for part in re.split(r"[,\n]", text) if part.strip()]
    return text


def show_typed(value: object) -> str:
    """Return a value as it stands in a field."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (list, tuple)):
        return ", ".join(map(str, value))
    return str(value)


def summarize_fixed(path: str, value: Any) -> str:
    """Return what the form shows of a table that it does not edit, one line for each entry."""
    if isinstance(value, Mapping):
        if path in ("secrets", "notice.to"):
            return "\n".join(f"{name} = {_reference(text)}" for name, text in value.items())
        if path.startswith("notice."):
            # A URL that was put there by mistake is as good as a password.
            return "\n".join(value)
        return "\n".join(f"{name} = {show_typed(one)}" for name, one in value.items())
    if isinstance(value, Sequence) and not isinstance(value, str):
        return "\n".join(
            ", ".join(f"{key} {_show_part(path, key, one)}" for key, one in entry.items())
            if isinstance(entry, Mapping)
            else ""
            for entry in value
        )
    return show_typed(value)


def _show_part(path: str, key: str, value: object) -> str:
    return _reference(value) if (path, key) == ("registries", "password") else show_typed(value)


def _reference(text: object) -> str:
    """Return a reference; what is none may be the secret itself, and is not repeated."""
    try:
        return str(parse_reference(str(text)))
    except SettingsError:
        return MASK
