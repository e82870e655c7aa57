"""Why a unit is on no machine: fleet gives no reason, so it is reckoned from what units ask for and machines have."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from fleetkit.fleet.placement_options import PlacementOptions, matches
from fleetkit.fleet.values import Machine

__all__ = ["explain_no_machine"]


def explain_no_machine(
    name: str,
    options: PlacementOptions,
    *,
    machines: Sequence[Machine],
    placed: Mapping[str, tuple[str, PlacementOptions]],
) -> str:
    """Say why no machine takes a unit; empty where one would, so that fleet has only not come to it yet.

    Parameters
    ----------
    machines
        Those that are there.
    placed
        Name of each unit that is on a machine to the machine's id, and to what it asks for itself.
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


def _why_not(
    name: str, options: PlacementOptions, machine: Machine, placed: Mapping[str, tuple[str, PlacementOptions]]
) -> str:
    if options.machine_id and not machine.id.startswith(options.machine_id):
        return f"is not the machine {options.machine_id}"
    lacking = options.find_lacking(machine.metadata)
    if lacking:
        return f"has no {lacking}"
    here = {other: its for other, (where, its) in placed.items() if where == machine.id and other != name}
    absent = [peer for peer in options.machine_of if peer not in here]
    if absent:
        return f"does not have {absent[0]}, which it has to be with"
    for other, its in here.items():
        if any(matches(glob, other) for glob in options.conflicts):
            return f"has {other}, which it conflicts with"
        if any(matches(glob, name) for glob in its.conflicts):
            return f"has {other}, which conflicts with it"
    return ""
