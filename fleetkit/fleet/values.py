"""What fleet tells, as typed values; the path of a bad field is in the error."""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from fleetkit.core import FleetError, SettingsError
from fleetkit.fleet.unit_text import UnitOption, UnitText

__all__ = ["DesiredState", "Machine", "Unit", "UnitState", "read_page"]

T = TypeVar("T")


class DesiredState(enum.StrEnum):
    """What fleet is asked to make of a unit. A state of any other name is stored, and spoils the unit for good."""

    INACTIVE = "inactive"
    """It is known, and on no machine."""
    LOADED = "loaded"
    """A machine has it, and does not run it."""
    LAUNCHED = "launched"
    """A machine has started it; whether it runs is another matter."""

    @classmethod
    def parse(cls, text: str) -> DesiredState:
        """Read one.

        Raises
        ------
        SettingsError
            When it is none; lists those that there are.
        """
        try:
            return cls(text)
        except ValueError as error:
            raise SettingsError(
                "this is no state that fleet can be asked for", seen=repr(text), hint=f"one of {', '.join(cls)}"
            ) from error


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
class Unit:
    """A unit as fleet keeps it.

    Attributes
    ----------
    name
        Its name.
    text
        What it is made of, as fleet wrote it down.
    desired_state
        What was asked for, in fleet's words.
    current_state
        What fleet has made of it; empty for a global unit, of which only its states on machines tell.
    machine_id
        Where it was placed; empty where nowhere, or where it is global.
    """

    name: str
    text: UnitText
    desired_state: str
    current_state: str
    machine_id: str

    @classmethod
    def from_json(cls, found: Any, *, path: str) -> Unit:
        """Read one entry of a unit list, or one unit; fields that are empty are left out there."""
        entry = _mapping(found, path)
        options = entry.get("options", [])
        if not isinstance(options, list):
            raise _unexpected(f"{path}.options", "a list", options)
        return cls(
            name=_text(entry, "name", path),
            text=UnitText.from_options(
                UnitOption.from_json(one, path=f"{path}.options[{index}]") for index, one in enumerate(options)
            ),
            desired_state=_text(entry, "desiredState", path) if "desiredState" in entry else "",
            current_state=_text(entry, "currentState", path) if "currentState" in entry else "",
            machine_id=_text(entry, "machineID", path) if "machineID" in entry else "",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitState:
    """What a machine's systemd makes of a unit; a global unit has one on every machine.

    Attributes
    ----------
    name, machine_id
        Which unit, and where.
    unit_hash
        Of the unit that the machine has: after a change it may still be the one before.
    load, active, sub
        systemd's three states.
    """

    name: str
    machine_id: str
    unit_hash: str
    load: str
    active: str
    sub: str

    @classmethod
    def from_json(cls, found: Any, *, path: str) -> UnitState:
        """Read one entry of a list of states."""
        entry = _mapping(found, path)
        return cls(
            name=_text(entry, "name", path),
            machine_id=_text(entry, "machineID", path),
            unit_hash=_text(entry, "hash", path),
            load=_text(entry, "systemdLoadState", path),
            active=_text(entry, "systemdActiveState", path),
            sub=_text(entry, "systemdSubState", path),
        )


def read_page(answer: Any, key: str, read: Callable[..., T]) -> tuple[tuple[T, ...], str]:
    """Read one page of a list; one that is empty may come without its list.

    Returns
    -------
    tuple
        What is on it, and what asks for the next page; empty on the last.
    """
    fields = _mapping(answer, "the answer")
    listed = fields.get(key) or []
    if not isinstance(listed, list):
        raise _unexpected(key, "a list", listed)
    found = tuple(read(entry, path=f"{key}[{index}]") for index, entry in enumerate(listed))
    return found, _text(fields, "nextPageToken", "") if "nextPageToken" in fields else ""


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
