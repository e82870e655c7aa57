"""What has become of each unit, in one word that is true and a reason: launched is not running, and gone is not there.

fleet tells what was asked for, what its engine made of it, and what each machine last said. A machine that died says
nothing more, and its last words stand for half a minute; a unit that fits nowhere looks like one that nobody started.
"""

from __future__ import annotations

import enum
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from fleetkit.fleet.placement import Placed, explain_no_machine, list_placed
from fleetkit.fleet.placement_options import PlacementOptions
from fleetkit.fleet.unit_text import UnitText
from fleetkit.fleet.values import DesiredState, Machine, Unit, UnitState

__all__ = ["RUNNING_STATES", "UnitStatus", "UnitVerdict", "judge_units"]

RUNNING_STATES = ("active", "reloading")
"""systemd's active states of a unit that runs."""


class UnitVerdict(enum.StrEnum):
    """What has become of a unit; the worse comes first."""

    FAILED = "failed"
    """It was launched, and systemd gave it up."""
    UNSCHEDULABLE = "unschedulable"
    """No machine takes it."""
    STALE = "stale"
    """Its machine is gone, or silent, and what is told of it is what that machine said last."""
    POISONED = "poisoned"
    """fleet stumbles over it: what was asked for is no state, and it can be neither read nor changed nor destroyed."""
    ORPHANED = "orphaned"
    """A machine has it, and fleet does not know it any more."""
    DRIFTED = "drifted"
    """What the machine has, or fleet, is another than the file."""
    WAITING = "waiting"
    """It was asked for, and is not there yet."""
    ENDED = "ended"
    """It was launched, and has come to its end."""
    LOADED = "loaded"
    """A machine has it and does not run it, as was asked for."""
    INACTIVE = "inactive"
    """It is on no machine, as was asked for."""
    RUNNING = "running"
    """systemd runs it."""

    @property
    def is_amiss(self) -> bool:
        """Whether somebody has to look after it: it is not as it was asked for, and not on its way there."""
        return not self.is_milder_than(UnitVerdict.DRIFTED)

    def is_milder_than(self, other: UnitVerdict) -> bool:
        """Whether the other one comes before this one among the worse."""
        return _ORDER.index(self) > _ORDER.index(other)


_ORDER = tuple(UnitVerdict)
_OF_ACTIVE = {
    **dict.fromkeys(RUNNING_STATES, UnitVerdict.RUNNING),
    "failed": UnitVerdict.FAILED,
    "inactive": UnitVerdict.ENDED,
    "deactivating": UnitVerdict.ENDED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitStatus:
    """What has become of one unit.

    Attributes
    ----------
    name
        The unit.
    verdict, reason
        In one word, and why.
    desired_state
        What was asked for; empty where fleet does not know the unit.
    states
        What each machine says, or said last.
    is_global
        Whether it runs on every machine that fits.
    """

    name: str
    verdict: UnitVerdict
    reason: str
    desired_state: str
    states: tuple[UnitState, ...] = ()
    is_global: bool = False


def judge_units(
    units: Sequence[Unit],
    states: Iterable[UnitState],
    machines: Sequence[Machine],
    *,
    files: Mapping[str, UnitText] | None = None,
    poisoned: Collection[str] = (),
) -> tuple[UnitStatus, ...]:
    """Say what has become of each unit that fleet or a machine knows, by name.

    Parameters
    ----------
    files
        What units ought to be made of, by name; what is not among them is compared with nothing.
    poisoned
        Names of those over which fleet was seen to stumble: it leaves them out of its list.
    """
    rows: dict[str, list[UnitState]] = {}
    for state in states:
        rows.setdefault(state.name, []).append(state)
    judge = _Judge(machines=machines, placed=list_placed(units, machines=machines), files=files or {})
    found = [judge.judge(one, tuple(rows.pop(one.name, ()))) for one in units]
    found += [judge.judge_poisoned(name, tuple(rows.pop(name, ()))) for name in poisoned]
    found += [judge.judge_stranger(name, tuple(left)) for name, left in rows.items()]
    return tuple(sorted(found, key=lambda one: one.name))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Judge:
    machines: Sequence[Machine]
    placed: Placed
    files: Mapping[str, UnitText]

    def judge(self, unit: Unit, rows: tuple[UnitState, ...]) -> UnitStatus:
        options = PlacementOptions.of(unit.text, name=unit.name)
        verdict, reason = self._of_global(unit, options, rows) if options.is_global else self._of_one(unit, rows)
        file = self.files.get(unit.name)
        if file is not None and file.unit_hash != unit.text.unit_hash and verdict.is_milder_than(UnitVerdict.ORPHANED):
            verdict, reason = UnitVerdict.DRIFTED, "fleet has another of that name than the file"
        return UnitStatus(
            name=unit.name,
            verdict=verdict,
            reason=reason,
            desired_state=unit.desired_state,
            states=rows,
            is_global=options.is_global,
        )

    def judge_poisoned(self, name: str, rows: tuple[UnitState, ...]) -> UnitStatus:
        """Judge a unit whose desired state is none; machines that have it go on with what they have."""
        told = [f"{self._name(one.machine_id)} says {_tell(one)}" for one in rows if self._lives(one.machine_id)]
        reason = "; ".join(["fleet answers 500 for this unit alone: what was asked for is no state", *told])
        return UnitStatus(name=name, verdict=UnitVerdict.POISONED, reason=reason, desired_state="", states=rows)

    def judge_stranger(self, name: str, rows: tuple[UnitState, ...]) -> UnitStatus:
        """Judge what only machines tell of: a unit that was destroyed leaves their last words for some seconds."""
        living = [one for one in rows if self._lives(one.machine_id)]
        verdict = UnitVerdict.ORPHANED if living else UnitVerdict.STALE
        reason = f"fleet does not know it, and {self._name((living or list(rows))[0].machine_id)} does"
        return UnitStatus(name=name, verdict=verdict, reason=reason, desired_state="", states=rows)

    def _of_one(self, unit: Unit, rows: tuple[UnitState, ...]) -> tuple[UnitVerdict, str]:
        wanted, where = unit.desired_state, unit.machine_id
        # A unit that was poisoned and then freed has no desired state: fleet takes that for inactive.
        if wanted in (DesiredState.INACTIVE, ""):
            living = [one for one in rows if self._lives(one.machine_id)]
            return (UnitVerdict.WAITING, "its machine still has it") if living else (UnitVerdict.INACTIVE, "")
        if where and not self._lives(where):
            return UnitVerdict.STALE, f"its machine {where[:8]} is not there any more"
        if not where:
            options = PlacementOptions.of(unit.text, name=unit.name)
            why = explain_no_machine(unit.name, options, machines=self.machines, placed=self.placed)
            return (UnitVerdict.UNSCHEDULABLE, why) if why else (UnitVerdict.WAITING, "fleet has not placed it yet")
        row = next((one for one in rows if one.machine_id == where), None)
        return self._of_row(unit, row, where, is_global=False)

    def _of_row(self, unit: Unit, row: UnitState | None, machine: str, *, is_global: bool) -> tuple[UnitVerdict, str]:
        if row is None:
            return UnitVerdict.WAITING, f"{self._name(machine)} says nothing of it yet"
        if row.unit_hash != unit.text.unit_hash:
            return UnitVerdict.DRIFTED, f"{self._name(machine)} has another of that name"
        told = f"{_tell(row)} on {self._name(machine)}"
        # fleet calls launched what it has started, whatever became of it; until then the row is of the time before.
        # Of a global unit its list says nothing.
        is_unstarted = unit.desired_state == DesiredState.LAUNCHED != unit.current_state and not is_global
        if is_unstarted and row.active in ("inactive", "failed", "deactivating"):
            return UnitVerdict.WAITING, f"{told}, and is not started yet"
        if row.active == "failed":
            return UnitVerdict.FAILED, told
        if unit.desired_state == DesiredState.LOADED:
            # fleet calls a unit loaded from the moment that it tells systemd to stop it.
            if row.active != "inactive":
                return UnitVerdict.WAITING, f"{told}, and is to be loaded alone"
            return UnitVerdict.LOADED, told
        return _OF_ACTIVE.get(row.active, UnitVerdict.WAITING), told

    def _of_global(self, unit: Unit, options: PlacementOptions, rows: tuple[UnitState, ...]) -> tuple[UnitVerdict, str]:
        if unit.desired_state in (DesiredState.INACTIVE, ""):
            living = sum(self._lives(one.machine_id) for one in rows)
            told = f"on {living} of {len(self.machines)} machines still"
            return (UnitVerdict.WAITING, told) if living else (UnitVerdict.INACTIVE, "")
        why = partial(explain_no_machine, unit.name, options, placed=self.placed)
        fitting = [one.id for one in self.machines if not why(machines=[one])]
        if not fitting:
            return UnitVerdict.UNSCHEDULABLE, why(machines=self.machines)
        by_machine = {one.machine_id: one for one in rows}
        found = [self._of_row(unit, by_machine.get(machine), machine, is_global=True) for machine in fitting]
        worst, reason = min(found, key=lambda one: _ORDER.index(one[0]))
        alike = sum(verdict is worst for verdict, _ in found)
        return worst, f"on {alike} of {len(fitting)} machines: {reason}"

    def _lives(self, machine_id: str) -> bool:
        return any(one.id == machine_id for one in self.machines)

    def _name(self, machine_id: str) -> str:
        found = next((one.primary_ip for one in self.machines if one.id == machine_id), "")
        return found or machine_id[:8]


def _tell(row: UnitState) -> str:
    return f"{row.load}, {row.active}, {row.sub}"
