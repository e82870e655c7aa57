"""Why a unit is on no machine: fleet gives no reason, so it is reckoned from what units ask for and machines have."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from fleetkit.fleet.placement_options import PlacementOptions, matches
from fleetkit.fleet.values import Machine, Unit

__all__ = ["Placed", "explain_no_machine", "list_placed"]

Placed = Mapping[str, tuple[str, PlacementOptions]]
"""Name of each unit to the id of its machine, empty for one that is global, and to what it asks for itself."""


def list_placed(units: Iterable[Unit], *, machines: Iterable[Machine]) -> Placed:
    """Return the units that stand in the way of others: those on machines that are there, and global ones.

    fleet counts a global unit wherever its metadata is found, whatever is asked for of it.
    """
    living = {one.id for one in machines}
    options = {one.name: (one.machine_id, PlacementOptions.of(one.text, name=one.name)) for one in units}
    return {
        name: ("" if its.is_global else where, its)
        for name, (where, its) in options.items()
        if its.is_global or where in living
    }


def explain_no_machine(
    name: str,
    options: PlacementOptions,
    *,
    machines: Sequence[Machine],
    placed: Placed,
) -> str:
    """Say why no machine takes a unit; empty where one would, so that fleet has only not come to it yet.

    Parameters
    ----------
    machines
        Those that are there.
    placed
        What stands in its way, of `list_placed`.
    """
    if not machines:
        return "there is no machine"
    why: dict[str, list[str]] = {}
    for machine in machines:
        reason = _why_not(name, options, machine, placed)
        if not reason:
            return ""
        why.setdefault(reason, []).append(machine.primary_ip or machine.id[:8])
    return "; ".join(f"{reason} ({', '.join(found)})" for reason, found in why.items())


def _why_not(name: str, options: PlacementOptions, machine: Machine, placed: Placed) -> str:
    if options.machine_id and not machine.id.startswith(options.machine_id):
        return f"is not the machine {options.machine_id}"
    lacking = options.find_lacking(machine.metadata)
    if lacking:
        return f"has no {lacking}"
    here = {
        other: its
        for other, (where, its) in placed.items()
        if other != name and (where == machine.id or _is_everywhere(its, beside=options, machine=machine))
    }
    absent = [peer for peer in options.machine_of if peer not in here]
    if absent:
        return f"does not have {absent[0]}, which it has to be with"
    for other, its in here.items():
        if any(matches(glob, other) for glob in options.conflicts):
            return f"has {other}, which it conflicts with"
        if any(matches(glob, name) for glob in its.conflicts):
            return f"has {other}, which conflicts with it"
    return ""


def _is_everywhere(its: PlacementOptions, *, beside: PlacementOptions, machine: Machine) -> bool:
    """Whether a unit is global and counts on a machine; a global one is held against those alone that are placed."""
    return its.is_global and not beside.is_global and not its.find_lacking(machine.metadata)
