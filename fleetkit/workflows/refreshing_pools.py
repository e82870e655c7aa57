"""Bring a new launch template to a pool: its machines are replaced one by one, each emptied of fleet's units first.

AWS's own instance refresh ends machines with their units on them, which are gone until fleet has noticed. So Terraform
starts none, and the auto scaling group is asked here, for one machine at a time.
"""

from __future__ import annotations

from dataclasses import dataclass

from fleetkit import aws
from fleetkit.core import Patience, StalePlanError
from fleetkit.fleet import FleetLimits
from fleetkit.runs import EventKind
from fleetkit.workflows._recording import record_plan
from fleetkit.workflows._refresh_look import find_lacking, find_unwell, make_plan
from fleetkit.workflows._refresh_plan import RefreshPlan
from fleetkit.workflows._refresh_walk import AppliedRefresh, RefreshWalk
from fleetkit.workflows._reporting import Reporter
from fleetkit.workflows._rotation_machines import list_machines
from fleetkit.workflows._shown import Verified
from fleetkit.workflows._unit_gate import UnitGate
from fleetkit.workflows._workspace import Workspace
from fleetkit.workflows.approval import Approved
from fleetkit.workflows.draining import list_changes
from fleetkit.workflows.reading_units import open_fleet
from fleetkit.workflows.unlocking import hold_everywhere

__all__ = ["AppliedRefresh", "RefreshPlan", "VerifiedRefresh", "apply_refresh", "plan_refresh", "verify_refresh"]

_ARRIVAL = Patience(deadline_s=900.0, interval_s=5.0)
"""How long the new machine may take until it is in service and in fleet."""


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
        Where the pool or a unit of it is not well, or units would be stranded, its ``check`` refuses.

    Raises
    ------
    NotFoundError
        When the cluster has no such pool.
    PreconditionError
        When the pool's group names no one version of its launch template.
    AwsError, FleetError, SshError
        When machines or units cannot be read.
    """
    told = report or Reporter()
    told.note("reading the pool, units and machines")
    return record_plan(told, make_plan(workspace, pool, strand=strand, limits=limits))


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
        When the pool, or what is on its machines, is another than when the plan was made.
    BusyError
        When another operation is at work on the cluster, here or wherever else its state is used.
    WorkflowError
        When it stopped on its way; says which machines were replaced before.
    """
    told, plan = report or Reporter(), approved.plan
    plan.check()
    if plan.is_empty:
        return AppliedRefresh(pool=plan.pool)
    with hold_everywhere(workspace, operation="refresh of a pool", told=told):
        now = make_plan(workspace, plan.pool, strand=plan.strand, limits=limits)
        if now.sha256 != plan.sha256:
            raise StalePlanError(
                f"the pool {plan.pool} of {plan.cluster} and its units are not as they were when the plan was made",
                hint="plan again, look at the new plan, and approve that",
            )
        now.check()
        told.record(EventKind.APPROVAL, approved.facts(workspace))
        walk = RefreshWalk(
            workspace=workspace, plan=plan, gate=gate or UnitGate(), arrival=arrival, limits=limits, told=told
        )
        return walk.walk()


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
    group = aws.find_scaling_group(workspace.session, workspace.cluster.name, role=plan.pool)
    machines = {one.name: one for one in list_machines(workspace)}
    with open_fleet(workspace, limits=limits) as fleet:
        reading = fleet.reading
    findings = [f"{one.instance_id} is of version {one.template} of the launch template" for one in group.outdated]
    findings += find_lacking(group, machines, reading)
    for drain in plan.drains:
        findings += [f"{name} is {how}" for name, how in find_unwell(list_changes(drain), reading)]
    told.record(EventKind.VERIFIED, {"what": "refresh", "ok": not findings, "findings": findings})
    return VerifiedRefresh(pool=plan.pool, machines=len(group.members), findings=tuple(findings))
