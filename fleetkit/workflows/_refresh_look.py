"""How a pool stands that is to be refreshed: who is of an older launch template, what moves, what speaks against it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace

from fleetkit import aws
from fleetkit.core import PreconditionError
from fleetkit.fleet import DesiredState, FleetLimits, Machine
from fleetkit.workflows._drain_plan import DrainPlan
from fleetkit.workflows._refresh_plan import RefreshPlan
from fleetkit.workflows._rotation_machines import FleetMachine, list_machines
from fleetkit.workflows._unit_changes import UnitAction, UnitChange, read_desired
from fleetkit.workflows._unit_gate import judge_change
from fleetkit.workflows._unit_reading import UnitReading
from fleetkit.workflows._workspace import Workspace
from fleetkit.workflows.draining import draft_drain, list_changes
from fleetkit.workflows.reading_units import open_fleet

__all__ = ["find_lacking", "find_unwell", "make_plan"]


def make_plan(workspace: Workspace, pool: str, *, strand: bool, limits: FleetLimits | None) -> RefreshPlan:
    """Look at a pool and at fleet, and plan what `fleetkit.workflows.plan_refresh` plans."""
    group = aws.find_scaling_group(workspace.session, workspace.cluster.name, role=pool)
    if not group.template.isdigit():
        raise PreconditionError(
            f"the pool {pool} of {workspace.cluster.name} names no one version of its launch template",
            seen=group.template or "none",
            hint=f"fleetkit deploy {workspace.cluster.name} has Terraform name one",
        )
    machines = {one.name: one for one in list_machines(workspace)}
    with open_fleet(workspace, limits=limits) as fleet:
        reading = fleet.doubt(fleet.reading)
    outdated = [one for one in group.outdated if one.instance_id in machines]
    joined = {one.primary_ip for one in reading.machines}
    absent = [machines[one.instance_id] for one in outdated if machines[one.instance_id].address not in joined]
    # What has left fleet already, as an earlier attempt leaves it, ends first: its successor then takes units, too.
    by_then = replace(reading, machines=(*reading.machines, *(_successor(workspace, pool, one) for one in absent)))
    drains = [draft_drain(workspace, machines[one.instance_id], by_then, strand=strand) for one in outdated]
    return RefreshPlan(
        cluster=workspace.cluster.name,
        rules=workspace.cluster.approval,
        pool=pool,
        template=group.template,
        desired=group.desired,
        strand=strand,
        drains=tuple(sorted(drains, key=lambda one: (bool(one.machine_id), len(one.moving), one.machine.address))),
        versions={one.instance_id: one.template for one in outdated},
        amiss=tuple(_find_amiss(group, machines, reading, drains=drains, absent=absent)),
    )


def find_lacking(
    group: aws.ScalingGroup,
    machines: Mapping[str, FleetMachine],
    reading: UnitReading,
    *,
    leaving: Collection[str] = (),
) -> Iterator[str]:
    """Say what keeps a pool from being whole, a line each.

    Parameters
    ----------
    machines
        Instance id to machine, of the whole cluster.
    leaving
        Instance ids of those that need not be in fleet any more.
    """
    for one in group.members:
        if one.lifecycle != "InService" or not one.healthy:
            yield f"{one.instance_id} is {one.lifecycle}{'' if one.healthy else ', and not healthy'}"
    if len(group.members) != group.desired:
        yield f"the pool has {len(group.members)} machines, and {group.desired} are wanted"
    joined = {one.primary_ip for one in reading.machines}
    for one in group.members:
        machine = machines.get(one.instance_id)
        if one.instance_id not in leaving and (machine is None or machine.address not in joined):
            yield f"{machine.place if machine else one.instance_id} is not in fleet"


def find_unwell(
    changes: Sequence[UnitChange], reading: UnitReading, *, lost: bool = False
) -> Iterator[tuple[str, str]]:
    """Yield each unit that is not as it was asked for (with ``lost``: and never will be), and how it stands."""
    for one in changes:
        verdict, how = judge_change(one, reading)
        if verdict is False or (verdict is None and not lost):
            yield one.name, how


def _find_amiss(
    group: aws.ScalingGroup,
    machines: Mapping[str, FleetMachine],
    reading: UnitReading,
    *,
    drains: Sequence[DrainPlan],
    absent: Sequence[FleetMachine],
) -> Iterator[str]:
    yield from find_lacking(group, machines, reading, leaving=[one.machine.name for one in drains])
    if reading.unheard:
        yield reading.unheard
    for drain in drains:
        for name, how in find_unwell(list_changes(drain), reading, lost=True):
            yield f"{name} of {drain.machine.place} is {how} already, and would halt this"
    if absent:
        places = ", ".join(one.place for one in absent)
        wanted = [
            UnitChange(name=one.name, action=UnitAction.START, text=one.text, desired=read_desired(one), before=one)
            for one in reading.units
            if one.desired_state in (DesiredState.LOADED, DesiredState.LAUNCHED)
        ]
        for name, how in find_unwell(wanted, reading):
            yield f"{name} is {how}, and may have come from {places}, which is out of fleet"


def _successor(workspace: Workspace, pool: str, machine: FleetMachine) -> Machine:
    """Return the machine that comes in place of another, as fleet will know it."""
    return Machine(id=machine.name, primary_ip="", metadata={"etcd": pool, **workspace.cluster.fleet.metadata})
