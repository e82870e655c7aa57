"""What each machine carries: the units that fleet placed on it, and those of them that its systemd runs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from fleetkit.fleet.placement_options import PlacementOptions
from fleetkit.fleet.status import RUNNING_STATES
from fleetkit.fleet.values import DesiredState, Machine, Unit, UnitState

__all__ = ["MachineLoad", "list_loads"]


@dataclass(frozen=True, slots=True, kw_only=True)
class MachineLoad:
    """One machine with its units.

    Attributes
    ----------
    machine
        The machine.
    units
        Names of the units that are placed there, global ones that fit it among them.
    running
        Names of those of them that run, launched or not.
    """

    machine: Machine
    units: tuple[str, ...]
    running: tuple[str, ...]


def list_loads(
    machines: Iterable[Machine], *, units: Sequence[Unit], states: Iterable[UnitState]
) -> tuple[MachineLoad, ...]:
    """Say of each machine which units are placed there and which of those run, in the order given."""
    active = {(one.machine_id, one.name) for one in states if one.active in RUNNING_STATES}
    everywhere = {
        one.name: options
        for one, options in ((one, PlacementOptions.of(one.text, name=one.name)) for one in units)
        if options.is_global and one.desired_state not in (DesiredState.INACTIVE, "")
    }
    loads = []
    for machine in machines:
        placed = {one.name for one in units if one.machine_id == machine.id}
        placed |= {name for name, options in everywhere.items() if not options.find_lacking(machine.metadata)}
        names = tuple(sorted(placed))
        running = tuple(name for name in names if (machine.id, name) in active)
        loads.append(MachineLoad(machine=machine, units=names, running=running))
    return tuple(loads)
