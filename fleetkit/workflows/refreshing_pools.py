"""Bring a new launch template to a pool: its machines are replaced one by one, each emptied of fleet's units first.

AWS's own instance refresh ends machines with their units on them, which are gone until fleet has noticed. So Terraform
starts none, and the auto scaling group is asked here, for one machine at a time.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import partial

from fleetkit import aws
from fleetkit.core import FleetError, NotFoundError, NotYet, Patience, SshError, StalePlanError, wait_until
from fleetkit.fleet import FleetLimits, Machine
from fleetkit.runs import EventKind
from fleetkit.workflows._recording import record_plan
from fleetkit.workflows._refresh_plan import RefreshPlan
from fleetkit.workflows._reporting import Reporter
from fleetkit.workflows._rotation_machines import FleetMachine, list_machines
from fleetkit.workflows._shown import Shown, Verified
from fleetkit.workflows._unit_gate import UnitGate, judge_change
from fleetkit.workflows._unit_reading import UnitReading
from fleetkit.workflows._workspace import Workspace
from fleetkit.workflows.approval import Approved
from fleetkit.workflows.draining import carry_out_drain, draft_drain, list_changes
from fleetkit.workflows.reading_units import open_fleet
from fleetkit.workflows.unlocking import hold_everywhere

__all__ = ["AppliedRefresh", "RefreshPlan", "VerifiedRefresh", "apply_refresh", "plan_refresh", "verify_refresh"]

_ARRIVAL = Patience(deadline_s=900.0, interval_s=5.0)
"""How long the new machine may take until it is in service and in fleet."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class AppliedRefresh(Shown):
    """What came of it.

    Attributes
    ----------
    pool
        Its name.
    replaced
        The machines that ended, for people.
    halted_at
        The machine that was emptied and not ended, because units of it are not well; empty where all went well.
    amiss
        Name of each of these units, to how it stands.
    left
        The machines that were left as they were.
    """

    pool: str
    replaced: tuple[str, ...] = ()
    halted_at: str = ""
    amiss: dict[str, str] = field(default_factory=dict)
    left: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """What came of it, a line for each unit that is amiss."""
        lines = [f"{len(self.replaced)} machines of the pool {self.pool} were replaced."]
        if self.halted_at:
            lines.append(
                f"{self.halted_at} is out of fleet and was not ended, since units of it are not well elsewhere; "
                "fleetkit machines drain --back takes it back."
            )
        lines += [f"! {name} is {how}" for name, how in self.amiss.items()]
        return "\n".join([*lines, *(f"left as it was: {one}" for one in self.left)])

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class VerifiedRefresh(Verified):
    """How a pool stands.

    Attributes
    ----------
    pool
        Its name.
    machines
        How many machines it has.
    findings
        What is not as it should be, one sentence each.
    """

    pool: str
    machines: int
    findings: tuple[str, ...]

    @property
    def summary(self) -> str:
        """One sentence."""
        if self.findings:
            return f"{len(self.findings)} findings on the pool {self.pool}"
        return f"all {self.machines} machines of the pool {self.pool} are of its launch template, and in fleet"


def plan_refresh(
    workspace: Workspace,
    pool: str,
    *,
    strand: bool = False,
    limits: FleetLimits | None = None,
    report: Reporter | None = None,
) -> RefreshPlan:
    """Plan which machines of a pool are replaced, and what moves; changes nothing.

    Parameters
    ----------
    pool
        ``internal`` or ``public``.
    strand
        Whether units that no other machine takes may wait for the new one.

    Returns
    -------
    RefreshPlan
        Where the pool is not whole, or units would be stranded, its ``check`` refuses.

    Raises
    ------
    NotFoundError
        When the cluster has no such pool.
    AwsError, FleetError, SshError
        When machines or units cannot be read.
    """
    told = report or Reporter()
    told.note("reading the pool, units and machines")
    group = _find_group(workspace, pool)
    machines = {one.name: one for one in list_machines(workspace)}
    with open_fleet(workspace, limits=limits) as fleet:
        reading = fleet.reading
    outdated = [one for one in group.outdated if one.instance_id in machines]
    joined = {one.primary_ip for one in reading.machines}
    coming = tuple(
        Machine(id=one.instance_id, primary_ip="", metadata={"etcd": pool, **workspace.cluster.fleet.metadata})
        for one in outdated
        if machines[one.instance_id].address not in joined
    )
    # What has left fleet already, as an earlier attempt leaves it, ends first: its successor then takes units, too.
    by_then = replace(reading, machines=(*reading.machines, *coming))
    drains = [draft_drain(workspace, machines[one.instance_id], by_then, strand=strand) for one in outdated]
    plan = RefreshPlan(
        cluster=workspace.cluster.name,
        rules=workspace.cluster.approval,
        pool=pool,
        template=group.template,
        desired=group.desired,
        drains=tuple(sorted(drains, key=lambda one: (bool(one.machine_id), len(one.moving), one.machine.address))),
        versions={one.instance_id: one.template for one in outdated},
        amiss=tuple(_find_amiss(group, machines, reading, leaving=[one.instance_id for one in outdated])),
    )
    return record_plan(told, plan)


def apply_refresh(
    workspace: Workspace,
    approved: Approved[RefreshPlan],
    *,
    gate: UnitGate | None = None,
    arrival: Patience = _ARRIVAL,
    limits: FleetLimits | None = None,
    report: Reporter | None = None,
) -> AppliedRefresh:
    """Empty, end and replace one machine after the other; halt where a unit is not well elsewhere.

    Parameters
    ----------
    arrival
        How long each new machine may take until it is in service and in fleet.

    Raises
    ------
    StalePlanError
        When the pool is another than when the plan was made.
    PreconditionError
        When, meanwhile, units would be on no machine, or the pool is not whole.
    BusyError
        When another operation is at work on the cluster, here or wherever else its state is used.
    AwsError, FleetError, SshError, WaitTimeoutError
        When a machine does not end, or no other comes; the same again goes on from there.
    """
    told, plan = report or Reporter(), approved.plan
    plan.check()
    if plan.is_empty:
        return AppliedRefresh(pool=plan.pool)
    replaced: list[str] = []
    with hold_everywhere(workspace, operation="refresh of a pool", told=told):
        _require_unmoved(workspace, plan)
        told.record(EventKind.APPROVAL, approved.facts(workspace))
        for number, drain in enumerate(plan.drains):
            place = drain.machine.place
            told.note(f"{place}: {number + 1} of {len(plan.drains)}")
            amiss = _empty(workspace, plan, drain.machine, gate=gate or UnitGate(), limits=limits, told=told)
            if amiss:
                left = tuple(one.machine.place for one in plan.drains[number + 1 :])
                return AppliedRefresh(pool=plan.pool, replaced=tuple(replaced), halted_at=place, amiss=amiss, left=left)
            aws.replace_scaling_member(workspace.session, drain.machine.name)
            told.record(EventKind.CHANGE, {"what": "machine ended", "machine": drain.machine.name, "pool": plan.pool})
            replaced.append(place)
            look = partial(_look_whole, workspace, plan.pool, gone=drain.machine.name, limits=limits)
            wait_until(look, what=f"the machine after {place}", patience=arrival, on_wait=told.note)
    return AppliedRefresh(pool=plan.pool, replaced=tuple(replaced))


def verify_refresh(
    workspace: Workspace, plan: RefreshPlan, *, limits: FleetLimits | None = None, report: Reporter | None = None
) -> VerifiedRefresh:
    """Look whether all machines of the pool are of its launch template and in fleet, and the units that moved run.

    Raises
    ------
    AwsError, FleetError, SshError
        When the pool or fleet cannot be read.
    """
    told = report or Reporter()
    group = _find_group(workspace, plan.pool)
    machines = {one.name: one for one in list_machines(workspace)}
    with open_fleet(workspace, limits=limits) as fleet:
        reading = fleet.reading
    findings = [f"{one.instance_id} is of version {one.template} of the launch template" for one in group.outdated]
    findings += _find_amiss(group, machines, reading, leaving=())
    for drain in plan.drains:
        for one in list_changes(drain):
            verdict, how = judge_change(one, reading)
            if verdict is not True:
                findings.append(f"{one.name} is {how}")
    told.record(EventKind.VERIFIED, {"what": "refresh", "ok": not findings, "findings": findings})
    return VerifiedRefresh(pool=plan.pool, machines=len(group.members), findings=tuple(findings))


def _find_group(workspace: Workspace, pool: str) -> aws.ScalingGroup:
    groups = aws.list_scaling_groups(workspace.session, workspace.cluster.name)
    for group in groups:
        if group.role == pool:
            return group
    raise NotFoundError(
        f"{workspace.cluster.name} has no pool {pool!r}",
        known=[one.role for one in groups],
        hint=f"is it deployed? fleetkit inspect {workspace.cluster.name}",
    )


def _find_amiss(
    group: aws.ScalingGroup, machines: dict[str, FleetMachine], reading: UnitReading, *, leaving: list[str] | tuple[()]
) -> list[str]:
    """Say what keeps the pool from being whole; whoever is to go need not be in fleet any more."""
    amiss = []
    if not group.in_service == group.desired == len(group.members):
        amiss.append(f"{group.in_service} of {group.desired} machines are in service")
    joined = {one.primary_ip for one in reading.machines}
    for one in group.members:
        machine = machines.get(one.instance_id)
        if one.instance_id not in leaving and (machine is None or machine.address not in joined):
            amiss.append(f"{machine.place if machine else one.instance_id} is not in fleet")
    return amiss


def _require_unmoved(workspace: Workspace, plan: RefreshPlan) -> None:
    group = _find_group(workspace, plan.pool)
    now = {one.instance_id: one.template for one in group.outdated}
    if (now, group.template) != (dict(plan.versions), plan.template):
        raise StalePlanError(
            f"the pool {plan.pool} of {plan.cluster} is not as it was when the plan was made",
            seen=f"version {group.template} makes machines, and others have: {', '.join(now) or 'none'}",
            hint="plan again, look at the new plan, and approve that",
        )


def _empty(
    workspace: Workspace,
    plan: RefreshPlan,
    machine: FleetMachine,
    *,
    gate: UnitGate,
    limits: FleetLimits | None,
    told: Reporter,
) -> dict[str, str]:
    """Empty one machine, as it is by now: what moved before it may have come to it."""
    (before,) = (one for one in plan.drains if one.machine == machine)
    with open_fleet(workspace, limits=limits) as fleet:
        drain = draft_drain(workspace, machine, fleet.reading, strand=before.strand)
        drain.check()
        if drain.is_empty:
            return {}
        return carry_out_drain(drain, fleet, gate=gate, told=told).amiss


def _look_whole(workspace: Workspace, pool: str, *, gone: str, limits: FleetLimits | None) -> bool | NotYet[bool]:
    group = _find_group(workspace, pool)
    if any(one.instance_id == gone for one in group.members):
        return NotYet(f"{gone} is still ending")
    if group.in_service != group.desired:
        return NotYet(f"{group.in_service} of {group.desired} machines are in service")
    machines = {one.name: one for one in list_machines(workspace)}
    try:
        with open_fleet(workspace, limits=limits) as fleet:
            reading = fleet.reading
    except (FleetError, SshError) as error:
        return NotYet(str(error))
    amiss = _find_amiss(group, machines, reading, leaving=[one.instance_id for one in group.outdated])
    return NotYet("; ".join(amiss)) if amiss else True
