"""The plan of a change of units: what is sent to fleet, in which order, and what speaks against it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Any

from fleetkit.fleet import (
    DesiredState,
    PlacementOptions,
    ProbeRule,
    UnitFiles,
    UnitOrder,
    UnitVerdict,
    explain_no_machine,
    list_placed,
    order_units,
    template_of,
)
from fleetkit.views import table_html
from fleetkit.workflows._basis import Operation
from fleetkit.workflows._change_plan import ChangePlan, Refusal, refuse_if
from fleetkit.workflows._lagging_units import LaggingUnit
from fleetkit.workflows._shown import list_under
from fleetkit.workflows._unit_changes import UnitAction, UnitChange
from fleetkit.workflows._unit_probes import find_probe
from fleetkit.workflows._unit_reading import UnitReading

__all__ = ["MOST_MACHINES", "MOST_UNITS", "UnitsPlan", "find_cautions", "find_refusal", "order_changes"]

MOST_MACHINES = 100
MOST_UNITS = 1000
"""What fleet's own documentation says that it is good for."""

_WORDS = {
    UnitAction.CREATE: "sent to fleet",
    UnitAction.REPLACE: "sent in place of what fleet has; where it runs, it is stopped and started anew",
    UnitAction.START: "started",
    UnitAction.RESTART: "stopped and started anew: it was launched, and is over",
    UnitAction.STOP: "stopped; its machine keeps it",
    UnitAction.UNLOAD: "stopped, and taken from its machine",
    UnitAction.DESTROY: "stopped, and forgotten",
}


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class UnitsPlan(ChangePlan):
    """What a change of units would do.

    Attributes
    ----------
    waves
        What is done, each wave once the one before it is there; units are told one after the other by name.
    unchanged
        How many of the units that are spoken of are as they are wanted already.
    left_alone
        Names of units of fleet of which nothing is spoken.
    cautions
        What is to be known before, a sentence each.
    refused
        Why it may not be done.
    lagging
        Units that are spoken of, of which fleet has what is wanted, and that are not there.
    undoes
        Whether it is the way back from the last change.
    rule
        Which units are asked whether they serve, once they run.
    origins
        From which commits of which repositories the unit files are; empty where they lie on this computer.
    """

    waves: tuple[tuple[UnitChange, ...], ...]
    unchanged: int = 0
    left_alone: tuple[str, ...] = ()
    cautions: tuple[str, ...] = ()
    refused: Refusal | None = None
    lagging: tuple[LaggingUnit, ...] = ()
    undoes: bool = False
    rule: ProbeRule = field(default_factory=ProbeRule)
    origins: tuple[str, ...] = ()

    @property
    def operation(self) -> Operation:
        """What it is for."""
        return Operation.UNITS

    @property
    def changes(self) -> tuple[UnitChange, ...]:
        """All that is done, in its order."""
        return tuple(one for wave in self.waves for one in wave)

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to do."""
        return not self.waves and self.refused is None

    @property
    def facts(self) -> Mapping[str, Any]:
        """What is done to which unit, what was there before, and what is asked of it."""
        units = [[one.facts for one in wave] for wave in self.waves]
        more = {"probes": self.probes, "origins": list(self.origins)}
        return {"units": units, **{name: value for name, value in more.items() if value}}

    @property
    def probes(self) -> dict[str, str]:
        """Name of each unit that is asked whether it serves, to its probe with the port in it."""
        services = {one.name: find_probe(one, self.rule) for one in self.changes}
        return {
            name: str(ProbeRule(port=its.port, probe=its.probe)) for name, its in services.items() if its is not None
        }

    @property
    def refusal(self) -> Refusal | None:
        """Why it may not be done now; None where it may."""
        return self.refused

    @property
    def impossible(self) -> str:
        """What cannot be done where it is refused."""
        return f"these units of {self.cluster} cannot be changed"

    @property
    def aim(self) -> str:
        """What the plan does, in one sentence."""
        late = f", and {len(self.lagging)} of them not there" if self.lagging else ""
        if self.is_empty:
            are = "unit is" if self.unchanged == 1 else "units are"
            do = "send" if self.lagging else "do"
            return f"Nothing to {do}: {self.unchanged} {are} in fleet of {self.cluster} as wanted{late}."
        counts = Counter(one.action for one in self.changes)
        told = ", ".join(f"{counts[one]} to {one}" for one in UnitAction if one in counts)
        return f"This changes units of {self.cluster}: {told}; {self.unchanged} unchanged{late}."

    @property
    def course(self) -> tuple[str, ...]:
        """What is done, and what is to be known before, a paragraph each."""
        parts, probes = [], self.probes
        for number, wave in enumerate(self.waves, start=1):
            title = (
                "all at once:"
                if len(self.waves) == 1
                else f"wave {number} of {len(self.waves)}, once that before runs:"
            )
            parts.append(list_under(title, [_tell_change(one, probes) for one in wave]))
        if self.origins:
            parts.append(list_under("the unit files are those of:", self.origins))
        if self.cautions:
            parts.append(list_under("careful:", self.cautions))
        if self.left_alone:
            parts.append(f"left alone: {len(self.left_alone)} units of fleet of which nothing is spoken")
        return tuple(parts)

    def draw(self) -> str:
        """Return a table of what is done."""
        probes = self.probes
        rows = [
            (
                *(str(number), escape(one.name), str(one.action), escape(_tell_states(one))),
                *([escape(probes.get(one.name, ""))] if probes else []),
            )
            for number, wave in enumerate(self.waves, start=1)
            for one in wave
        ]
        columns = ("wave", "unit", "what", "state", *(["probe"] if probes else []))
        return table_html(columns, rows, label=f"changes of units of {self.cluster}")


def order_changes(
    changes: Sequence[UnitChange], *, at_once: int = 0, lagging: Sequence[LaggingUnit] = ()
) -> tuple[tuple[tuple[UnitChange, ...], ...], UnitOrder]:
    """Put changes into waves: what starts after what it waits for, what goes before what it stands on.

    Parameters
    ----------
    at_once
        The most instances of one template that run and are replaced at one time; 0 for any number.
    lagging
        Units that nothing is sent for, and that what waits for them comes after.

    Returns
    -------
    tuple
        The waves, and the order that the units have among themselves.
    """
    by_name = {one.name: one for one in changes}
    beside = {one.name: one.change.text for one in lagging}
    order = order_units({**beside, **{name: one.text for name, one in by_name.items()}})
    going = {one.name for one in changes if one.goes}
    ups = [tuple(by_name[name] for name in wave if name in by_name.keys() - going) for wave in order.waves]
    downs = [tuple(by_name[name] for name in wave if name in going) for wave in reversed(order.waves)]
    if at_once:
        ups = [part for wave in ups for part in _roll(wave, at_once)]
    return tuple(wave for wave in (*downs, *ups) if wave), order


def _roll(wave: Sequence[UnitChange], at_once: int) -> Iterator[tuple[UnitChange, ...]]:
    """Divide a wave so that of each template only some of what runs is replaced at a time, and the others serve on."""
    turns: dict[int, list[UnitChange]] = {0: []}
    taken: Counter[str] = Counter()
    for one in wave:
        template = template_of(one.name)
        turn = 0
        if one.takes_turn:
            turn = taken[template] // at_once
            taken[template] += 1
        turns.setdefault(turn, []).append(one)
    yield from (tuple(turns[turn]) for turn in sorted(turns))


def find_refusal(changes: Sequence[UnitChange], reading: UnitReading, *, files: UnitFiles | None) -> Refusal | None:
    """Return why changes may not be made: files that fleet would refuse, or units that it stumbles over."""
    if files is not None and not files.are_sound:
        fatal = [f"{one.unit}:{one.line}: {one.seen}; legal: {one.legal}" for one in files.findings if one.is_fatal]
        return refuse_if(fatal, hint="fleetkit units lint tells of all findings; mend the files, and plan again")
    # A poisoned instance stands in no list, so that it is none of those that become what their template is.
    meant = {one.name for one in changes} | set(files.units if files else ())
    poisoned = [
        f"{one.name}: {one.reason}"
        for one in reading.statuses
        if one.verdict is UnitVerdict.POISONED and meant & {one.name, template_of(one.name)}
    ]
    return refuse_if(poisoned, hint="fleetkit units status NAME says how such a unit is freed")


def find_cautions(
    changes: Sequence[UnitChange], reading: UnitReading, *, order: UnitOrder, files: UnitFiles | None
) -> tuple[str, ...]:
    """Return what is to be known before changes are made."""
    cautions = []
    made = sum(one.action is UnitAction.CREATE for one in changes)
    if len(reading.units) + made > MOST_UNITS:
        cautions.append(f"fleet is good for {MOST_UNITS} units, and will have {len(reading.units) + made}")
    if len(reading.machines) > MOST_MACHINES:
        cautions.append(f"fleet is good for {MOST_MACHINES} machines, and has {len(reading.machines)}")
    if order.circle:
        cautions.append(f"these wait for each other, and are started together: {', '.join(order.circle)}")
    cautions += [f"{name}: no machine would take it: {why}" for name, why in _list_homeless(changes, reading)]
    careful = [] if files is None else [one for one in files.findings if not one.is_fatal]
    if careful:
        cautions.append(
            f"fleet takes these files, and systemd does not do as it looks: {len(careful)} findings "
            "(fleetkit units lint)"
        )
    return tuple(cautions)


def _list_homeless(changes: Sequence[UnitChange], reading: UnitReading) -> list[tuple[str, str]]:
    """Return units that nobody would take as things stand; those that follow another one of the plan are left out."""
    coming = {one.name for one in changes}
    placed = list_placed((one for one in reading.units if one.name not in coming), machines=reading.machines)
    found = []
    for one in changes:
        if one.desired in (None, DesiredState.INACTIVE):
            continue
        options = PlacementOptions.of(one.text, name=one.name)
        if not coming & set(options.machine_of):
            why = explain_no_machine(one.name, options, machines=reading.machines, placed=placed)
            found += [(one.name, why)] if why else []
    return found


def _tell_change(change: UnitChange, probes: Mapping[str, str]) -> str:
    probe = probes.get(change.name)
    return f"{change.name}: {_WORDS[change.action]}{f'; there once {probe} is answered' if probe else ''}"


def _tell_states(change: UnitChange) -> str:
    was = "" if change.before is None else change.before.desired_state or DesiredState.INACTIVE
    becomes = change.desired or ""
    return becomes if was == becomes else f"{was or 'unknown'} → {becomes or 'gone'}"
