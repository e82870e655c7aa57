"""Destroy: show what will go, then remove what Terraform knows; what is left over is swept up afterwards."""

from __future__ import annotations

from dataclasses import dataclass

from fleetkit import aws
from fleetkit.core import PreconditionError, ServiceError, StalePlanError, WorkflowError, format_duration
from fleetkit.runs import EventKind
from fleetkit.terraform import ApplyResult, SavedPlan
from fleetkit.views import PlanView
from fleetkit.workflows._basis import Operation
from fleetkit.workflows._destroy_plan import DestroyPlan
from fleetkit.workflows._final_backup_mark import mark_removal
from fleetkit.workflows._kept_plans import find_approved
from fleetkit.workflows._lock import hold_cluster
from fleetkit.workflows._recording import record_applied, record_plan, recorded
from fleetkit.workflows._reporting import Reporter
from fleetkit.workflows._shown import Shown
from fleetkit.workflows._working_copy import open_working_copy
from fleetkit.workflows._workspace import Workspace
from fleetkit.workflows.approval import Approved
from fleetkit.workflows.final_backup import FinalBackup
from fleetkit.workflows.stopping import StopRequest

__all__ = ["AppliedDestroy", "DestroyPlan", "apply_destroy", "plan_destroy"]

_HELD_TYPES = frozenset({"aws_internet_gateway", "aws_security_group", "aws_subnet", "aws_vpc"})
"""What AWS keeps while a stranger is in it; Terraform would try for twenty minutes, so it is left to the sweep."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class AppliedDestroy(Shown):
    """What a destroy did.

    Attributes
    ----------
    cluster
        Name of the cluster.
    result
        What Terraform did; None where its state knew of nothing.
    """

    cluster: str
    result: ApplyResult | None

    @property
    def text(self) -> str:
        """One line for people."""
        if self.result is None:
            return f"Nothing to destroy: Terraform's state knows of nothing of {self.cluster}."
        return f"Destroyed: {self.result.removed} resources in {format_duration(self.result.took_s)}."

    def __str__(self) -> str:
        return self.text


def plan_destroy(
    workspace: Workspace, *, approval: str = "", backs_up: bool = True, report: Reporter | None = None
) -> DestroyPlan:
    """Plan the removal of everything of the cluster; changes nothing.

    Parameters
    ----------
    approval
        What will be said to approve it. Where that is for a plan that was kept, just that plan is taken up.
    backs_up
        Whether a final backup of etcd is to be made and proven before anything is removed.

    Raises
    ------
    PreconditionError
        When ``approval`` is for a plan that is kept no longer, or for something else than a destroy of this cluster,
        or for one that makes a final backup where none is to be made.
    BusyError
        When another operation is at work on the cluster.
    AwsError, TerraformError
        When the world cannot be read.
    """
    told = report or Reporter()
    session, name = workspace.session, workspace.cluster.name
    with hold_cluster(workspace.paths.folder, operation="plan of a destroy"):
        copy = open_working_copy(workspace, told=told)
        kept = find_approved(copy, approval, operation=Operation.DESTROY, cluster=name)
        if kept is not None:
            told.note(f"taking up the plan {kept.basis.sha256[:12]}")
            plan = DestroyPlan.from_kept(kept, copy=copy, rules=workspace.cluster.approval)
            if plan.backs_up and not backs_up:
                raise PreconditionError(
                    f"the plan {plan.sha256[:12]} that was approved makes a final backup of etcd",
                    hint=f"leave out --no-backup; or keep another: fleetkit plan {name} --destroy --no-backup --keep",
                )
            return record_plan(told, plan)
        told.note("looking at what there is")
        inventory = aws.take_inventory(session, name)
        state = copy.state()
        held = bool(inventory.foreign) and workspace.cluster.network.create
        targets = tuple(one.address for one in state if one.type not in _HELD_TYPES) if held else ()
        saved = copy.plan_destroy(told.event, targets=targets)
        known = {one.resource_id for one in state} | {
            str(value) for one in state for value in (one.attributes.get("arn"), one.attributes.get("name"))
        }
        bucket = workspace.bucket if aws.bucket_exists(session, workspace.bucket) else ""
    plan = DestroyPlan(
        cluster=name,
        saved=saved,
        view=PlanView.from_plan(saved.plan),
        beyond=tuple(thing for thing in inventory.ours if thing.thing_id not in known and not thing.managed),
        foreign=inventory.foreign,
        bucket=bucket,
        rules=workspace.cluster.approval,
        backs_up=backs_up,
        _copy=copy,
        _targets=targets,
    )
    return record_plan(told, plan)


def apply_destroy(
    workspace: Workspace,
    approved: Approved[DestroyPlan],
    *,
    backup: FinalBackup,
    report: Reporter | None = None,
    stop: StopRequest | None = None,
) -> AppliedDestroy:
    """Remove what Terraform's state knows.

    Parameters
    ----------
    backup
        The final backup of the cluster's etcd, or why there is none.
    stop
        Where another thread may ask to stop gracefully.

    Raises
    ------
    PreconditionError
        When the plan is no longer the one that was approved, the approval holds no longer, or the backup is of another
        cluster.
    StoppedError
        When it was asked to stop, and did.
    WorkflowError
        When Terraform fails; the next destroy goes on from there.
    """
    told, stopping = report or Reporter(), stop or StopRequest()
    plan = approved.plan
    if backup.cluster != plan.cluster:
        raise PreconditionError(f"the final backup is of {backup.cluster}", seen=f"{plan.cluster} is to be destroyed")
    if plan.is_empty:
        plan.saved.discard()
        return AppliedDestroy(cluster=plan.cluster, result=None)
    with hold_cluster(workspace.paths.folder, operation="destroy"):
        plan.saved.check()
        approved.require_valid(workspace, plan._copy)
        told.record(EventKind.APPROVAL, approved.facts(workspace))
        if not plan.view.rows:
            # What Terraform does not know is removed by the sweep.
            mark_removal(workspace.paths.folder)
            plan.saved.discard()
            return AppliedDestroy(cluster=plan.cluster, result=None)
        doing, completed = f"the destroy of {plan.cluster}", ["termination protection"]
        try:
            saved = _lift_protection(workspace, plan, told)
            stopping.check(doing, step="terraform", completed=completed)
            # Until here the cluster lives on, and its next destroy has to be able to back it up anew.
            mark_removal(workspace.paths.folder)
            told.note("destroying")
            with stopping.reaching(plan._copy.cancel, doing, step="terraform", completed=completed):
                result = plan._copy.apply(saved, stopping.watching(recorded(told)))
        except ServiceError as error:
            raise WorkflowError(
                f"{doing} failed",
                step="terraform",
                completed=completed,
                seen=str(error),
                hint="mend what is named above, then destroy again: it goes on from here",
            ) from error
    record_applied(told, result)
    return AppliedDestroy(cluster=plan.cluster, result=result)


def _lift_protection(workspace: Workspace, plan: DestroyPlan, told: Reporter) -> SavedPlan:
    """Lift the masters' termination protection, and return the plan to apply after that.

    The provider puts the protection that a plan knows back before it terminates, so the plan is made anew with the
    protection gone; it must remove exactly what was approved.
    """
    masters = aws.list_instances(workspace.session, plan.cluster, role="master")
    if not masters:
        return plan.saved
    told.note("lifting the masters' termination protection")
    aws.lift_termination_protection(workspace.session, [one.instance_id for one in masters])
    fresh = plan._copy.plan_destroy(targets=plan._targets)
    approved = {one.address for one in plan.saved.plan.changes}
    moved = {one.address for one in fresh.plan.changes} ^ approved
    if moved:
        fresh.discard()
        raise StalePlanError(
            f"what a destroy of {plan.cluster} would remove has changed since it was approved",
            seen=", ".join(sorted(moved)),
            hint="plan again, look at the new plan, and approve that",
        )
    plan.saved.discard()
    return fresh
