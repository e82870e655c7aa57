"""What is told of a unit, as JSON and as lines, and what is said of one that nobody knows."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from fleetkit.cli._exit import ExitCode
from fleetkit.core import NotFoundError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from fleetkit.fleet import UnitStatus
    from fleetkit.workflows import UnitReading

__all__ = ["describe_unit", "facts_of", "judge_all", "no_such_unit"]

_MOST_NAMES = 20
"""A cluster may have a thousand units: those whose names are alike are the ones that were meant."""


def facts_of(reading: UnitReading, status: UnitStatus) -> dict[str, Any]:
    """Return what is known of a unit, but for its text."""
    from fleetkit.views import tell_next_step

    unit = reading.find_unit(status.name)
    return {
        "name": status.name,
        "verdict": status.verdict,
        "reason": status.reason,
        "next": tell_next_step(status.verdict, name=status.name),
        "desired_state": status.desired_state,
        # fleet's list calls every global unit inactive, whatever it does; what machines say is what there is.
        "current_state": unit.current_state if unit and not status.is_global else "",
        "machine_id": unit.machine_id if unit else "",
        "is_global": status.is_global,
        "hash": unit.text.unit_hash if unit else "",
        "states": [
            {"machine_id": one.machine_id, "load": one.load, "active": one.active, "sub": one.sub,
             "hash": one.unit_hash}
            for one in status.states
        ],
    }  # fmt: skip


def describe_unit(reading: UnitReading, status: UnitStatus) -> Iterator[str]:
    """Tell all that is known of a unit, a line each."""
    from fleetkit.views import name_machine

    facts = facts_of(reading, status)

    def tell_machine(machine_id: str) -> str:
        return f"{name_machine(machine_id, reading.machines)} ({machine_id})"

    place = "global" if status.is_global else facts["machine_id"] and tell_machine(facts["machine_id"])
    yield f"{status.name}: {status.verdict}"
    for label, text in (
        ("reason", status.reason),
        ("next", facts["next"]),
        ("desired", status.desired_state),
        ("current", facts["current_state"]),
        ("machine", place),
        ("hash", facts["hash"]),
    ):
        if text:
            yield f"  {label:<8}{text}"
    for one in status.states:
        yield f"  on {tell_machine(one.machine_id)}: {one.load}, {one.active}, {one.sub}; hash {one.unit_hash}"
    unit = reading.find_unit(status.name)
    for option in unit.text.options if unit else ():
        yield f"  [{option.section}] {option.name}={option.value}"


def judge_all(statuses: Iterable[UnitStatus]) -> ExitCode:
    """Return the exit code that these units earn."""
    return ExitCode.FINDINGS if any(one.verdict.is_amiss for one in statuses) else ExitCode.DONE


def no_such_unit(name: str, reading: UnitReading) -> NotFoundError:
    """Return the error for a name that nobody knows, with those that are."""
    known = [one.name for one in reading.statuses]
    shown = known if len(known) <= _MOST_NAMES else sorted(difflib.get_close_matches(name, known, _MOST_NAMES, 0.0))
    left = len(known) - len(shown)
    return NotFoundError(
        f"neither fleet nor a machine knows a unit {name!r}",
        known=[*shown, *([f"and {left} more"] if left else [])],
        seen=None if known else f"no unit at all ({reading.asked})",
        hint="fleetkit units list tells of all of them" if left else None,
    )
