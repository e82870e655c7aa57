"""The note of the last change of units: what was there before it, for whoever wants it back.

It is written before the first unit is sent, so that a kill leaves it too. A change that was broken off and given again
is one change, and so is a way back: what was there before the first of them stays noted until one comes to its end.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from fleetkit.core import NotFoundError, StalePlanError, format_utc, utc_now
from fleetkit.fleet import DesiredState, UnitOption, UnitText
from fleetkit.workflows._unit_changes import UnitChange, WantedUnit, read_desired

__all__ = ["NotedChange", "UnitsNote", "note_change", "read_units_note"]

_FILE = "units-before.json"

_Before = dict[str, WantedUnit | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitsNote:
    """What there was of units before they were changed.

    Attributes
    ----------
    at
        When the change began.
    before
        Name of each unit that was changed to what fleet had of it; None where it had nothing.
    is_open
        Whether the change has not come to its end.
    undoing
        The same as ``before``, of a way back that has not come to its end: that is what undoes it in turn.
    """

    at: str
    before: _Before
    is_open: bool = False
    undoing: _Before = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class NotedChange:
    """A change that is noted, and under way.

    Attributes
    ----------
    folder
        The cluster's folder.
    undoes
        Whether it is the way back from the change that was noted before.
    old
        What the note held before; None where there was none.
    """

    folder: Path
    undoes: bool
    old: str | None

    def end(self) -> None:
        """Note that all came about that was asked for."""
        note = read_units_note(self.folder)
        if not self.undoes:
            _write(self.folder, replace(note, is_open=False))
        elif note.undoing:
            _write(self.folder, UnitsNote(at=format_utc(utc_now()), before=note.undoing))

    def take_back(self) -> None:
        """Note that all is as it was before: the way back is the one of the change before."""
        if self.old is None:
            (self.folder / _FILE).unlink()
        else:
            _write_text(self.folder, self.old)


def note_change(folder: Path, changes: Sequence[UnitChange], *, undoes: bool = False) -> NotedChange:
    """Note in a cluster's folder what there is before units are changed, whole or not at all.

    The note of a change before that came to its end is gone then.

    Parameters
    ----------
    undoes
        Whether this is the way back from the change that is noted: its note stays until that has come to its end.
    """
    file = folder / _FILE
    old = file.read_text(encoding="utf-8", errors="replace") if file.exists() else None
    before: _Before = {one.name: _before(one) for one in changes}
    note = UnitsNote(at=format_utc(utc_now()), before=before, is_open=True)
    try:
        held = read_units_note(folder)
    except (NotFoundError, StalePlanError):
        # What cannot be read leads nowhere back.
        held = UnitsNote(at=note.at, before={})
    if undoes:
        note = replace(held, undoing={**before, **held.undoing})
    elif held.is_open or held.undoing:
        note = replace(note, at=held.at, before={**before, **held.before})
    _write(folder, note)
    return NotedChange(folder=folder, undoes=undoes, old=old)


def read_units_note(folder: Path) -> UnitsNote:
    """Read the note of a cluster's folder.

    Raises
    ------
    NotFoundError
        When units of the cluster were not changed from this computer.
    StalePlanError
        When it cannot be understood.
    """
    file = folder / _FILE
    try:
        fields = json.loads(file.read_text(encoding="utf-8"))
        return UnitsNote(
            at=str(fields["at"]),
            before=_read_units(fields["units"]),
            is_open=bool(fields.get("open", False)),
            undoing=_read_units(fields.get("undoing", {})),
        )
    except FileNotFoundError:
        raise NotFoundError(
            f"there is no change of units of {folder.name} to undo",
            seen=f"no {file}",
            hint="what was changed on another computer is undone there",
        ) from None
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise StalePlanError(
            f"the note of the last change of units cannot be read: {file}",
            seen=f"{type(error).__name__}: {error}",
            hint="deploy the unit files that are wanted: fleetkit units deploy",
        ) from error


def _before(change: UnitChange) -> WantedUnit | None:
    held = change.before
    return None if held is None else WantedUnit(text=held.text, desired=read_desired(held))


def _write(folder: Path, note: UnitsNote) -> None:
    fields = {
        "at": note.at,
        "units": _tell_units(note.before),
        "open": note.is_open,
        "undoing": _tell_units(note.undoing),
    }
    _write_text(folder, json.dumps(fields, indent=2))


def _write_text(folder: Path, text: str) -> None:
    fresh = folder / f".{_FILE}.{os.getpid()}"
    # A unit's text may hold what not everybody is to read.
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(folder / _FILE)


def _tell_units(units: _Before) -> dict[str, Any]:
    return {
        name: None
        if its is None
        else {"desired": str(its.desired), "options": [option.to_json() for option in its.text.options]}
        for name, its in units.items()
    }


def _read_units(told: Mapping[str, dict[str, object] | None]) -> _Before:
    return {name: None if held is None else _read_unit(held) for name, held in told.items()}


def _read_unit(held: dict[str, object]) -> WantedUnit:
    options = held["options"]
    if not isinstance(options, list):
        raise TypeError("options are no list")
    read = [UnitOption(section=one["section"], name=one["name"], value=one["value"]) for one in options]
    return WantedUnit(text=UnitText.from_options(read), desired=DesiredState(str(held["desired"])))
