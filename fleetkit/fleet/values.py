"""What fleet tells, as typed values; the path of a bad field is in the error."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fleetkit.core import FleetError

__all__ = ["Machine", "MachinePage"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """A machine that has joined fleet.

    Attributes
    ----------
    id
        Its machine id: 32 hex digits.
    primary_ip
        The address that it announces.
    metadata
        What units may ask for.
    """

    id: str
    primary_ip: str
    metadata: Mapping[str, str]

    @classmethod
    def from_json(cls, found: Any, *, path: str) -> Machine:
        """Read one entry of a machine list that stands at ``path``."""
        entry = _mapping(found, path)
        metadata = _mapping(entry.get("metadata") or {}, f"{path}.metadata")
        return cls(
            id=_text(entry, "id", path),
            # fleet leaves the field out for a machine that announces no address.
            primary_ip=_text(entry, "primaryIP", path) if "primaryIP" in entry else "",
            metadata={str(key): _text(metadata, key, f"{path}.metadata") for key in metadata},
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class MachinePage:
    """One page of the machine list.

    Attributes
    ----------
    machines
        In fleet's order.
    next_token
        What asks for the next page; empty on the last.
    """

    machines: tuple[Machine, ...]
    next_token: str

    @classmethod
    def from_json(cls, answer: Any) -> MachinePage:
        """Read the answer of ``/fleet/v1/machines``; an empty page may come without its list."""
        fields = _mapping(answer, "the answer")
        listed = fields.get("machines") or []
        if not isinstance(listed, list):
            raise _unexpected("machines", "a list", listed)
        return cls(
            machines=tuple(Machine.from_json(entry, path=f"machines[{index}]") for index, entry in enumerate(listed)),
            next_token=_text(fields, "nextPageToken", "") if "nextPageToken" in fields else "",
        )


def _mapping(found: Any, path: str) -> Mapping[str, Any]:
    if not isinstance(found, Mapping):
        raise _unexpected(path, "an object", found)
    return found


def _text(fields: Mapping[str, Any], name: str, path: str) -> str:
    value = fields.get(name)
    if not isinstance(value, str):
        raise _unexpected(f"{path}.{name}" if path else name, "a string", value)
    return value


def _unexpected(path: str, expected: str, seen: Any) -> FleetError:
    shown = repr(seen)
    return FleetError("fleet's answer has an unexpected form", seen=f"{path}: expected {expected}, found {shown[:80]}")
