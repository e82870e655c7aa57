"""Units that fleet has as they are wanted, and that are not there all the same: failed, or still on their way.

Nothing is sent for them. What waits for them waits on, and they are told of.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from fleetkit.fleet import DesiredState, UnitVerdict, order_units, template_of
from fleetkit.workflows._change_plan import Refusal, refuse_if
from fleetkit.workflows._unit_changes import UnitAction, UnitChange, read_desired
from fleetkit.workflows._unit_gate import judge_change
from fleetkit.workflows._unit_probes import UnitProbes
from fleetkit.workflows._unit_reading import UnitReading

__all__ = ["LaggingUnit", "find_lagging", "refuse_roll", "tell_lagging"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LaggingUnit:
    """A unit of which fleet has what is wanted, and that is not there.

    Attributes
    ----------
    change
        What was asked for, as if it were asked for again.
    how
        How it stands.
    is_hopeless
        Whether fleet does no more for it by itself.
    before
        Names of units that change and wait for it: those that come after it, or take turns with it.
    """

    change: UnitChange
    how: str
    is_hopeless: bool
    before: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Its name."""
        return self.change.name


def find_lagging(
    names: Collection[str],
    changes: Sequence[UnitChange],
    reading: UnitReading,
    *,
    at_once: int = 0,
    probes: UnitProbes | None = None,
) -> tuple[LaggingUnit, ...]:
    """Return those units that need no change and are not what was asked of them, by name.

    Parameters
    ----------
    names
        Units that are spoken of.
    at_once
        How many instances of one template are replaced at one time; with any number, 0, none waits for its turn.
    probes
        Asks those that run whether they serve; None where that they run is enough.
    """
    coming = {one.name: one for one in changes}
    asked = list(_ask_again(set(names) - coming.keys(), changes, reading))
    stands: dict[str, tuple[UnitChange, bool | None, str]]
    stands = {one.name: (one, *judge_change(one, reading)) for one in asked}
    there = [one for one in asked if stands[one.name][1]]
    for name, how in ({} if probes is None else probes.find_silent(there, reading)).items():
        stands[name] = (stands[name][0], None, f"{stands[name][2]}, and {how}")
    late = {name: stand for name, stand in stands.items() if stand[1] is not True}
    order = order_units({name: one.text for name, one in {**coming, **{n: its[0] for n, its in late.items()}}.items()})
    found = []
    for name, (change, verdict, how) in sorted(late.items()):
        status = reading.find_status(name)
        is_nowhere = status is not None and status.verdict is UnitVerdict.UNSCHEDULABLE
        before: set[str] = set()
        # What waits for each other is started together, and what is to stop keeps nobody from starting.
        if change.desired is DesiredState.LAUNCHED and name not in order.circle:
            before = {one for one in coming if name in order.waits[one] and not coming[one].goes}
            before |= {one.name for one in _take_turns_with(name, changes) if at_once}
        found.append(
            LaggingUnit(
                change=change,
                how=how,
                is_hopeless=verdict is False or is_nowhere,
                before=tuple(sorted(before)),
            )
        )
    return tuple(found)


def refuse_roll(lagging: Sequence[LaggingUnit], changes: Sequence[UnitChange]) -> Refusal | None:
    """Refuse to take another instance of a template down where one that is as it is wanted does not run already."""
    reasons = [
        f"{one.name} is {one.how}, and is what the others are to become"
        for one in lagging
        if one.is_hopeless and next(_take_turns_with(one.name, changes), None) is not None
    ]
    hint = "fleetkit units status NAME says what to do; fleetkit units deploy replaces all at once, whatever runs then"
    return refuse_if(reasons, hint=hint)


def tell_lagging(lagging: Sequence[LaggingUnit]) -> tuple[str, ...]:
    """Return a sentence for each of them."""
    told = []
    for one in lagging:
        waits = f"; not sent before it is there: {', '.join(one.before)}" if one.before else ""
        says = f" (fleetkit units status {one.name} says what to do)" if one.is_hopeless else ""
        told.append(f"{one.name} is in fleet as wanted, and is {one.how}{waits}{says}")
    return tuple(told)


def _ask_again(names: Collection[str], changes: Sequence[UnitChange], reading: UnitReading) -> Iterator[UnitChange]:
    # What was replaced before was to stay as those are that come after it.
    staying = {template_of(one.name) for one in changes if one.stays}
    for name in names:
        unit = reading.find_unit(name)
        if unit is not None:
            yield UnitChange(
                name=name,
                action=UnitAction.START,
                text=unit.text,
                desired=read_desired(unit),
                before=unit,
                stays=template_of(name) in staying,
            )


def _take_turns_with(name: str, changes: Sequence[UnitChange]) -> Iterator[UnitChange]:
    template = template_of(name)
    return (one for one in changes if one.takes_turn and template_of(one.name) == template != name)
