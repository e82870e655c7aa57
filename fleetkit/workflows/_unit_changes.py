"""What has to be done to units: the difference between what is wanted of them and what fleet has."""

from __future__ import annotations

import enum
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from fleetkit.core import NotFoundError, PreconditionError
from fleetkit.fleet import DesiredState, Unit, UnitFiles, UnitText, UnitVerdict, is_template, template_of
from fleetkit.workflows._unit_reading import UnitReading

__all__ = [
    "NAMED_ACTIONS",
    "UnitAction",
    "UnitChange",
    "WantedUnit",
    "expect_to_stay",
    "find_changes",
    "find_named_changes",
    "find_wanted",
    "read_desired",
]


class UnitAction(enum.StrEnum):
    """What is done to a unit."""

    CREATE = "create"
    """fleet does not know it yet."""
    REPLACE = "replace"
    """fleet has another of that name; where that runs, it is stopped, and this one is started."""
    START = "start"
    """It is to be launched."""
    RESTART = "restart"
    """It was launched and has failed or ended: it is stopped, and launched anew."""
    STOP = "stop"
    """A machine keeps it, and does not run it."""
    UNLOAD = "unload"
    """No machine is to have it."""
    DESTROY = "destroy"
    """fleet is to forget it."""


NAMED_ACTIONS = (UnitAction.START, UnitAction.STOP, UnitAction.UNLOAD, UnitAction.DESTROY)
"""What can be done to a unit that is there, by its name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedUnit:
    """What is wanted of a unit.

    Attributes
    ----------
    text
        What it is to be made of.
    desired
        What is to be asked for.
    """

    text: UnitText
    desired: DesiredState


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitChange:
    """One unit, and what is done to it.

    Attributes
    ----------
    name, action
        Which unit, and what.
    text
        What it is made of then, or was.
    desired
        What is asked for; None where it is destroyed.
    before
        What fleet had of it; None where it had nothing.
    stays
        Whether it fails where it comes to its end: the one before it ran, and a roll takes the next down for it, or it
        is asked whether it serves.
    """

    name: str
    action: UnitAction
    text: UnitText
    desired: DesiredState | None
    before: Unit | None
    stays: bool = False

    @property
    def facts(self) -> list[str]:
        """What makes it this change and no other."""
        before = ["", ""] if self.before is None else [self.before.text.unit_hash, self.before.desired_state]
        return [self.name, str(self.action), self.text.unit_hash, str(self.desired or ""), *before]

    def to_json(self) -> dict[str, Any]:
        """Return it for a program that asks what would be done."""
        name, action, fresh, desired, old, was = self.facts
        return {"name": name, "action": action, "hash": fresh, "desired": desired, "old_hash": old, "was": was}

    @property
    def goes(self) -> bool:
        """Whether it is stopped, and not started."""
        return self.action in (UnitAction.STOP, UnitAction.UNLOAD, UnitAction.DESTROY)

    @property
    def takes_turn(self) -> bool:
        """Whether it replaces an instance that was to run: of these a roll takes down only some at a time."""
        was = "" if self.before is None else self.before.desired_state
        is_instance = template_of(self.name) != self.name
        return self.action is UnitAction.REPLACE and was == DesiredState.LAUNCHED and is_instance

    @property
    def undone(self) -> UnitChange:
        """What brings back what was there.

        A state that is none is not brought back: fleet takes a unit without one for inactive.
        """
        if self.before is None:
            return UnitChange(name=self.name, action=UnitAction.DESTROY, text=self.text, desired=None, before=None)
        was = read_desired(self.before)
        return UnitChange(name=self.name, action=UnitAction.REPLACE, text=self.before.text, desired=was, before=None)


_OF_DESIRED = {
    DesiredState.LAUNCHED: UnitAction.START,
    DesiredState.LOADED: UnitAction.STOP,
    DesiredState.INACTIVE: UnitAction.UNLOAD,
}


def find_wanted(
    files: UnitFiles, reading: UnitReading, *, instances: Collection[str], desired: DesiredState
) -> dict[str, WantedUnit]:
    """Return what is wanted of each unit that a folder of files speaks of, by name.

    A template is only kept by fleet. Its instances are those that fleet has, in the state that was asked of them, and
    those that are named, in the state that is asked for now.

    Parameters
    ----------
    instances
        Names of instances that are to be there too.
    desired
        What is asked for of units that are no templates.

    Raises
    ------
    NotFoundError
        When an instance is named whose template is neither among the files nor in fleet.
    """
    wanted = {
        name: WantedUnit(text=text, desired=DesiredState.INACTIVE if is_template(name) else desired)
        for name, text in files.units.items()
    }
    for unit in reading.units:
        template = template_of(unit.name)
        if unit.name not in wanted and template in files.units:
            text = files.units[template]
            wanted[unit.name] = WantedUnit(text=text, desired=read_desired(unit))
    for name in instances:
        if name not in files.units:
            wanted[name] = WantedUnit(text=_find_template(name, files.units, reading), desired=desired)
    return wanted


def find_changes(wanted: Mapping[str, WantedUnit], reading: UnitReading) -> tuple[UnitChange, ...]:
    """Return what has to be done so that fleet has what is wanted, by name."""
    changes = []
    for name in sorted(wanted):
        before, its = reading.find_unit(name), wanted[name]
        if before is None:
            action = UnitAction.CREATE
        elif before.text.unit_hash != its.text.unit_hash:
            action = UnitAction.REPLACE
        elif before.desired_state != its.desired:
            action = _OF_DESIRED[its.desired]
        else:
            continue
        changes.append(UnitChange(name=name, action=action, text=its.text, desired=its.desired, before=before))
    return tuple(changes)


def expect_to_stay(
    changes: Sequence[UnitChange], reading: UnitReading, *, asked: Collection[str] = ()
) -> tuple[UnitChange, ...]:
    """Return changes of a roll: what replaces a unit that runs has to stay, unless its type is to do its work once.

    Parameters
    ----------
    asked
        Names of units that are asked whether they serve, and so have to stay as well.
    """
    return tuple(
        replace(one, stays=not one.text.is_oneshot and (one.name in asked or _replaces_running(one, reading)))
        for one in changes
    )


def find_named_changes(names: Collection[str], action: UnitAction, reading: UnitReading) -> tuple[UnitChange, ...]:
    """Return what has to be done to units that are named, so that they are started, stopped, unloaded or destroyed.

    Raises
    ------
    NotFoundError
        When fleet does not know one; lists those that it knows.
    PreconditionError
        When fleet stumbles over one.
    """
    changes = []
    for name in sorted(set(names)):
        before, status = reading.find_unit(name), reading.find_status(name)
        if status is not None and status.verdict is UnitVerdict.POISONED:
            raise PreconditionError(
                f"{name} cannot be changed: it is poisoned",
                seen=status.reason,
                hint=f"fleetkit units status {name} says how it is freed",
            )
        if before is None:
            raise NotFoundError(f"fleet knows no unit {name!r}", known=[one.name for one in reading.units])
        found = _change_named(before, action, reading)
        if found is not None:
            changes.append(found)
    return tuple(changes)


def _change_named(before: Unit, action: UnitAction, reading: UnitReading) -> UnitChange | None:
    if action is UnitAction.DESTROY:
        return UnitChange(name=before.name, action=action, text=before.text, desired=None, before=before)
    desired = next(state for state, its in _OF_DESIRED.items() if its is action)
    if before.desired_state == desired:
        status = reading.find_status(before.name)
        over = status is not None and status.verdict in (UnitVerdict.FAILED, UnitVerdict.ENDED)
        if action is not UnitAction.START or not over:
            return None
        action = UnitAction.RESTART
    return UnitChange(name=before.name, action=action, text=before.text, desired=desired, before=before)


def _replaces_running(change: UnitChange, reading: UnitReading) -> bool:
    status = reading.find_status(change.name)
    runs = status is not None and status.verdict is UnitVerdict.RUNNING
    return change.action is UnitAction.REPLACE and runs


def read_desired(unit: Unit) -> DesiredState:
    """Return what is asked for of a unit; one that was freed from a state that is none has none, and is inactive."""
    return DesiredState(unit.desired_state) if unit.desired_state in tuple(DesiredState) else DesiredState.INACTIVE


def _find_template(name: str, files: Mapping[str, UnitText], reading: UnitReading) -> UnitText:
    template = template_of(name)
    if template in files:
        return files[template]
    kept = reading.find_unit(template)
    if kept is None:
        known = sorted(one for one in {*files, *(one.name for one in reading.units)} if is_template(one))
        raise NotFoundError(f"there is no template {template!r} for {name}", known=known)
    return kept.text
