"""The plan of emptying a machine of fleet's units, or of taking it back into fleet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from fleetkit.fleet import DesiredState, Machine, PlacementOptions, Unit, explain_no_machine, list_placed
from fleetkit.views import table_html
from fleetkit.workflows._basis import Operation
from fleetkit.workflows._change_plan import ChangePlan, Refusal, refuse_if
from fleetkit.workflows._rotation_machines import FleetMachine
from fleetkit.workflows._shown import list_under
from fleetkit.workflows._unit_reading import UnitReading

__all__ = ["DrainPlan", "find_stranded", "identify_units", "list_moving"]


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class DrainPlan(ChangePlan):
    """What emptying a machine, or taking it back, would do.

    Attributes
    ----------
    machine
        Which one.
    machine_id
        Its id in fleet; empty where fleet does not list it.
    back
        Whether it is taken back.
    moving
        Units that run on it, or are loaded there, and go to another machine.
    stranded
        Name of each of them that no other machine takes, to why.
    strand
        Whether these are left without a machine.
    others
        How many other machines there are.
    is_lone_master
        Whether it is the only master: with its fleet stopped nobody is left to be asked.
    """

    machine: FleetMachine
    machine_id: str
    back: bool
    moving: tuple[Unit, ...] = ()
    stranded: Mapping[str, str]
    strand: bool = False
    others: int
    is_lone_master: bool = False

    @property
    def operation(self) -> Operation:
        """What it is for."""
        return Operation.DRAIN

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to do."""
        return bool(self.machine_id) is self.back

    @property
    def facts(self) -> Mapping[str, Any]:
        """Which machine, which units, and which of them are left without a machine."""
        return {
            "machine": self.machine.address,
            "id": self.machine_id,
            "back": self.back,
            "units": sorted(list(one) for one in identify_units(self.moving)),
            "stranded": sorted(self.stranded),
            "strand": self.strand,
        }

    @property
    def impossible(self) -> str:
        """What cannot be done where it is refused."""
        return f"the machine {self.machine.place} of {self.cluster} cannot be emptied now"

    @property
    def refusal(self) -> Refusal | None:
        """Why it may not be done now; None where it may."""
        if self.is_empty or self.back:
            return None
        if not self.others:
            return refuse_if(["it is the only machine in fleet"], hint="bring another machine first")
        if self.is_lone_master:
            reason = "it is the only master, and fleet is asked through masters: nobody could take it back"
            return refuse_if([reason], hint="grow etcd first (fleetkit etcd resize)")
        reasons = (
            [] if self.strand else [f"{name} would be on no machine: {why}" for name, why in self.stranded.items()]
        )
        hint = "take those from their machine first (fleetkit units unload), or have them stranded with --strand"
        return refuse_if(reasons, hint=hint)

    @property
    def aim(self) -> str:
        """What the plan does, in one sentence."""
        place = self.machine.place
        if self.is_empty:
            return f"Nothing to do: {place} is {'in' if self.back else 'not in'} fleet of {self.cluster}."
        if self.back:
            return f"This starts fleet on {place} again, which joins {self.cluster} and takes units."
        return f"This empties {place} of {self.cluster}: {len(self.moving)} units go to other machines."

    @property
    def course(self) -> tuple[str, ...]:
        """What is done, and what it means meanwhile, a paragraph each."""
        if self.is_empty:
            return ()
        if self.back:
            return (
                "fleet moves no unit back by itself: what is placed from now on comes here first, and "
                "fleetkit machines rebalance moves what is there",
            )
        parts = [list_under("these go:", [one.name for one in self.moving])] if self.moving else []
        parts.append(
            "its fleet is stopped: it stops and unloads its units, global ones too, and leaves; the others take them "
            "over, so each of them is gone for some seconds"
        )
        if self.stranded:
            parts.append(list_under("on no machine then:", [f"{name}: {why}" for name, why in self.stranded.items()]))
        parts.append("it stays so until it is taken back (--back), or boots")
        return tuple(parts)

    def draw(self) -> str:
        """Return a table of the units that go."""
        rows = [
            (escape(one.name), escape(one.desired_state), escape(self.stranded.get(one.name, "another machine")))
            for one in self.moving
        ]
        return table_html(("unit", "state", "goes to"), rows, label=f"units of {self.machine.place}")


def identify_units(units: Sequence[Unit]) -> set[tuple[str, str, str]]:
    """Return what makes units these and no others: name, hash and desired state of each."""
    return {(one.name, one.text.unit_hash, one.desired_state) for one in units}


def list_moving(reading: UnitReading, machine_id: str) -> tuple[Unit, ...]:
    """Return the units that were placed on a machine and are wanted; global ones are everywhere anyway.

    One that was poisoned and freed has no desired state, which fleet takes for inactive.
    """
    return tuple(
        one
        for one in reading.units
        if one.machine_id == machine_id and one.desired_state not in (DesiredState.INACTIVE, "")
    )


def find_stranded(moving: Sequence[Unit], reading: UnitReading, *, machine_id: str) -> dict[str, str]:
    """Return name of each unit that no other machine would take to why.

    Units that have to be together move together, so that each of them is looked at as if it were by itself.
    """
    others: list[Machine] = [one for one in reading.machines if one.id != machine_id]
    placed = list_placed(reading.units, machines=others)
    names = {one.name for one in moving}
    found = {}
    for one in moving:
        options = PlacementOptions.of(one.text, name=one.name)
        if names & set(options.machine_of):
            continue
        why = explain_no_machine(one.name, options, machines=others, placed=placed)
        if why:
            found[one.name] = why
    return found
