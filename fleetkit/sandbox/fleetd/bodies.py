"""Bodies of requests, read as a program in Go reads them, with the errors that it gives for what it cannot read."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fleetkit.core import SettingsError
from fleetkit.sandbox.fleetd.units import Option

__all__ = ["MetadataChange", "SentUnit", "decode_changes", "decode_unit"]

_KINDS: Mapping[type, str] = {
    bool: "bool",
    int: "number",
    float: "number",
    str: "string",
    list: "array",
    dict: "object",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SentUnit:
    """What a request says of a unit; what it does not say is empty."""

    name: str
    options: tuple[Option, ...]
    desired: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MetadataChange:
    """One change of a machine's metadata."""

    operation: str
    path: str
    value: str


def decode_unit(body: bytes) -> SentUnit:
    """Read a unit; whatever stands after the first value is not looked at.

    Raises
    ------
    SettingsError
        When it is none, with Go's words.
    """
    found = _members(_decode(body), "schema.Unit")
    options = found.get("options")
    if not isinstance(options, list | None):
        raise _mismatch(options, "Go struct field Unit.options of type []*schema.UnitOption")
    read = [_members(one, "schema.UnitOption") for one in options or ()]
    return SentUnit(
        name=_text(found, "name", "Unit.name"),
        desired=_text(found, "desiredstate", "Unit.desiredState"),
        options=tuple(
            Option(
                section=_text(one, "section", "UnitOption.section"),
                name=_text(one, "name", "UnitOption.name"),
                value=_text(one, "value", "UnitOption.value"),
            )
            for one in read
        ),
    )


def decode_changes(body: bytes) -> list[MetadataChange]:
    """Read changes of metadata.

    Raises
    ------
    SettingsError
        When they are none, with Go's words.
    """
    found = _decode(body)
    if not isinstance(found, list | None):
        raise _mismatch(found, "Go value of type []api.machineMetadataOp")
    changes = []
    for one in found or ():
        fields = _members(one, "api.machineMetadataOp")
        value = fields.get("value")
        if not isinstance(value, dict | None):
            kind = r'struct { Value string "json:\"value\"" }'
            raise _mismatch(value, f"Go struct field machineMetadataOp.Value of type {kind}")
        inner = {str(key).lower(): item for key, item in (value or {}).items()}
        changes.append(
            MetadataChange(
                operation=_text(fields, "op", "machineMetadataOp.Operation"),
                path=_text(fields, "path", "machineMetadataOp.Path"),
                value=_text(inner, "value", ".Value"),
            )
        )
    return changes


def _decode(body: bytes) -> Any:
    text = body.decode("utf-8", "replace").lstrip()
    if not text:
        raise SettingsError("EOF")
    try:
        return json.JSONDecoder().raw_decode(text)[0]
    except json.JSONDecodeError as error:
        if error.pos >= len(text):
            raise SettingsError("unexpected EOF") from error
        raise SettingsError(f"invalid character {text[error.pos]!r} looking for beginning of value") from error


def _members(found: Any, kind: str) -> dict[str, Any]:
    """Return the members of an object by names in lower case, since Go does not mind; nothing for null."""
    if not isinstance(found, dict | None):
        raise _mismatch(found, f"Go value of type {kind}")
    return {str(name).lower(): value for name, value in (found or {}).items()}


def _text(fields: Mapping[str, Any], name: str, shown: str) -> str:
    value = fields.get(name)
    if not isinstance(value, str | None):
        raise _mismatch(value, f"Go struct field {shown} of type string")
    return value or ""


def _mismatch(found: Any, into: str) -> SettingsError:
    return SettingsError(f"json: cannot unmarshal {_KINDS[type(found)]} into {into}")
