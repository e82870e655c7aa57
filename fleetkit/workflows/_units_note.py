"""The note of the last change of units: what was there before it, for whoever wants it back.

It is written before the first unit is sent, so that a kill leaves it too.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from fleetkit.core import NotFoundError, StalePlanError, format_utc, utc_now
from fleetkit.fleet import DesiredState, UnitOption, UnitText
from fleetkit.workflows._unit_changes import UnitChange, WantedUnit, read_desired

__all__ = ["UnitsNote", "read_units_note", "write_units_note"]

_FILE = "units-before.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitsNote:
    """What there was of units before they were changed.

    Attributes
    ----------
    at
        When the change began.
    before
        Name of each unit that was changed to what fleet had of it; None where it had nothing.
    """

    at: str
    before: dict[str, WantedUnit | None]


def write_units_note(folder: Path, changes: Sequence[UnitChange]) -> None:
    """Write the note into a cluster's folder, whole or not at all; the one before is gone then."""
    units = {
        one.name: None
        if one.before is None
        else {
            "desired": str(read_desired(one.before)),
            "options": [option.to_json() for option in one.before.text.options],
        }
        for one in changes
    }
    fresh = folder / f".{_FILE}.{os.getpid()}"
    # A unit's text may hold what not everybody is to read.
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        json.dump({"at": format_utc(utc_now()), "units": units}, file, indent=2)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(folder / _FILE)


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
        before = {name: None if held is None else _read_unit(held) for name, held in fields["units"].items()}
        return UnitsNote(at=str(fields["at"]), before=before)
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


def _read_unit(held: dict[str, object]) -> WantedUnit:
    options = held["options"]
    if not isinstance(options, list):
        raise TypeError("options are no list")
    read = [UnitOption(section=one["section"], name=one["name"], value=one["value"]) for one in options]
    return WantedUnit(text=UnitText.from_options(read), desired=DesiredState(str(held["desired"])))
