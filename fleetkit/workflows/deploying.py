"""Deploy: plan, then apply exactly that plan, then verify that the cluster lives."""

from __future__ import annotations

from dataclasses import dataclass

from fleetkit import aws
from fleetkit.core import ServiceError, WorkflowError
from fleetkit.runs import EventKind
from fleetkit.terraform import ApplyResult
from fleetkit.views import PlanView
from fleetkit.workflows._basis import Operation
from fleetkit.workflows._deploy_plan import DeployPlan
from fleetkit.workflows._final_backup_mark import drop_mark
from fleetkit.workflows._kept_plans import find_approved
from fleetkit.workflows._lock import hold_cluster
from fleetkit.workflows._recording import record_applied, record_plan, recorded
from fleetkit.workflows._reporting import Reporter
from fleetkit.workflows._shown import Shown
from fleetkit.workflows._strange_masters import find_strange_masters
from fleetkit.workflows._working_copy import open_working_copy
from fleetkit.workflows._workspace import Workspace
from fleetkit.workflows.approval import Approved
from fleetkit.workflows.bucket_keys import is_of_page, master_prefix
from fleetkit.workflows.recovering import plan_with_leftovers, remove_leftovers
from fleetkit.workflows.starting import find_stopped, start_machines
from fleetkit.workflows.stopping import StopRequest
from fleetkit.workflows.supplying import ensure_certificates, find_pending_deliveries, supply_bucket
from fleetkit.workflows.unlocking import refuse_locked

__all__ = ["AppliedDeploy", "DeployPlan", "apply_deploy", "plan_deploy"]


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class AppliedDeploy(Shown):
    """What a deploy did.

    Attributes
    ----------
    cluster
        Name of the cluster.
    result
        What Terraform did; None where there was nothing to do for it.
    made
        Certificates and host keys that were made.
    put
        Objects that were put into the bucket.
    removed
        What was there and nothing wanted.
    started
        Machines that had been stopped.
    waiting
        Masters that run on with the settings they had until they start anew.
    outdated
        Pools with machines that an older launch template made.
    """

    cluster: str
    result: ApplyResult | None
    made: tuple[str, ...]
    put: tuple[str, ...]
    removed: tuple[str, ...] = ()
    started: tuple[str, ...] = ()
    waiting: tuple[str, ...] = ()
    outdated: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """One line for people, or two."""
        if self.result is None and not any((self.made, self.put, self.removed, self.started)):
            return "Nothing to do: the cluster is as its file says."
        done = "no resources changed"
        if self.result is not None:
            counts = {"added": self.result.added, "changed": self.result.changed, "removed": self.result.removed}
            done = ", ".join(f"{count} {word}" for word, count in counts.items())
            done += f", {self.result.imported} adopted" if self.result.imported else ""
        done += f", {len(self.removed)} unknown things removed" if self.removed else ""
        done += f", {len(self.started)} machines started" if self.started else ""
        told = f"Applied: {done}; {len(self.made)} certificates and keys made, {len(self.put)} objects put."
        if self.waiting:
            told += (
                f"\n{', '.join(self.waiting)} run on with the settings they had until they start anew, "
                f"one after the other: fleetkit etcd reboot {self.cluster} --all"
            )
        for pool in self.outdated:
            told += (
                f"\nMachines of the pool {pool} run on as an older launch template made them, until they are replaced "
                f"one after the other: fleetkit machines refresh {self.cluster} {pool}"
            )
        return told

    def __str__(self) -> str:
        return self.text


def plan_deploy(workspace: Workspace, *, approval: str = "", report: Reporter | None = None) -> DeployPlan:
    """Plan a deploy in full, with what is to be removed and started beside Terraform's plan; changes nothing.

    Parameters
    ----------
    approval
        What will be said to approve it. Where that is for a plan that was kept, just that plan is taken up.

    Raises
    ------
    PreconditionError
        When ``approval`` is for a plan that is kept no longer, or for something else than a deploy of this cluster.
    BusyError
        When another operation is at work on the cluster.
    AwsError, TerraformError
        When the world cannot be read.
    """
    told = report or Reporter()
    with hold_cluster(workspace.paths.folder, operation="plan"):
        copy = open_working_copy(workspace, told=told)
        kept = find_approved(copy, approval, operation=Operation.DEPLOY, cluster=workspace.cluster.name)
        if kept is not None:
            told.note(f"taking up the plan {kept.basis.sha256[:12]}")
            return record_plan(told, DeployPlan.from_kept(kept, copy=copy, rules=workspace.cluster.approval))
        told.note("planning")
        deliveries = find_pending_deliveries(workspace)
        saved, removals = plan_with_leftovers(workspace, copy, told=told)
        machines = aws.list_instances(workspace.session, workspace.cluster.name)
        strangers = find_strange_masters(workspace, machines)
        doomed = [one.what.thing_id for one in removals if isinstance(one.what, aws.Thing)]
    plan = DeployPlan(
        cluster=workspace.cluster.name,
        saved=saved,
        view=PlanView.from_plan(saved.plan),
        deliveries=deliveries,
        removals=removals,
        starts=find_stopped(machines, plan=saved.plan, removed=doomed),
        strangers=strangers,
        rules=workspace.cluster.approval,
        _copy=copy,
    )
    return record_plan(told, plan)


def apply_deploy(
    workspace: Workspace,
    approved: Approved[DeployPlan],
    *,
    report: Reporter | None = None,
    stop: StopRequest | None = None,
) -> AppliedDeploy:
    """Apply exactly the plan that was approved.

    Every step may be interrupted; the next deploy plans anew and goes on from there.

    Parameters
    ----------
    stop
        Where another thread may ask to stop gracefully.

    Raises
    ------
    PreconditionError
        When a guard refuses the plan, it is no longer the one that was approved, or the approval holds no longer.
    BusyError
        When another operation is at work on the cluster, here or wherever else its state is used.
    StoppedError
        When it was asked to stop, and did.
    WorkflowError
        When a step fails; names it, and what was completed before it.
    """
    told, stopping = report or Reporter(), stop or StopRequest()
    plan = approved.plan
    plan.check()
    # A destroy that was cut off is taken back: what is written from now on is in no final backup.
    drop_mark(workspace.paths.folder)
    if plan.is_empty:
        plan.saved.discard()
        return AppliedDeploy(cluster=plan.cluster, result=None, made=(), put=())
    completed: list[str] = []
    with hold_cluster(workspace.paths.folder, operation="deploy"):
        plan.saved.check()
        # The lock of this computer is ours now; whoever is at work on another one holds that of the state.
        refuse_locked(workspace)
        approved.require_valid(workspace, plan._copy)
        told.record(EventKind.APPROVAL, approved.facts(workspace))
        pki = ensure_certificates(workspace)
        completed.append("certificates")
        if pki.made:
            told.note(f"{len(pki.made)} certificates and host keys made")
        try:
            running = _list_running(workspace)
            put = supply_bucket(workspace, pki, on_note=told.note)
            completed.append("bucket")
            removed = remove_leftovers(workspace, plan.removals, told=told)
            completed.append("leftovers")
            started = start_machines(workspace, plan.starts, told=told)
            completed.append("machines")
            doing = f"the deploy of {plan.cluster}"
            stopping.check(doing, step="terraform", completed=completed)
            result = None
            if plan.view.is_empty:
                plan.saved.discard()
            else:
                told.note("applying the plan")
                with stopping.reaching(plan._copy.cancel, doing, step="terraform", completed=completed):
                    result = plan._copy.apply(plan.saved, stopping.watching(recorded(told)))
            if result is not None or removed or started:
                # Some attributes AWS fills in after a creation; and what was amiss may have been read into the state
                # before. Read now, neither stands as drift for ever.
                told.note("reading back what AWS made of it")
                plan._copy.refresh()
        except ServiceError as error:
            step = {1: "bucket", 2: "leftovers", 3: "machines", 4: "terraform"}[len(completed)]
            raise WorkflowError(
                f"the deploy of {plan.cluster} failed at its step {step}",
                step=step,
                completed=completed,
                seen=str(error),
                hint="mend what is named above, then deploy again: the next plan holds only what is still to be done",
            ) from error
    # What pages fetch they look for whenever their units start.
    at_boot = [key for key in put if not is_of_page(key)]
    waiting = tuple(name for name in running if any(key.startswith(f"{master_prefix(name)}/") for key in at_boot))
    outdated = _find_outdated(workspace, told) if result is not None else ()
    beside = {"made": pki.made, "put": put, "removed": removed, "started": started, "waiting": waiting,
              "outdated": outdated}  # fmt: skip
    record_applied(told, result, **beside)
    return AppliedDeploy(cluster=plan.cluster, result=result, **beside)


def _find_outdated(workspace: Workspace, told: Reporter) -> tuple[str, ...]:
    """Return the pools that have older machines; a deploy that is done is done, whether or not that can be read."""
    try:
        groups = aws.list_scaling_groups(workspace.session, workspace.cluster.name)
    except ServiceError as error:
        told.note(f"which pools have machines of an older launch template could not be read: {error.without_hint}")
        return ()
    return tuple(one.role for one in groups if one.outdated)


def _list_running(workspace: Workspace) -> tuple[str, ...]:
    """Return the names of masters that run, which look for their settings when they boot."""
    found = aws.list_instances(workspace.session, workspace.cluster.name, role="master")
    running = {one.private_address for one in found if one.state == "running"}
    return tuple(name for name, master in workspace.cluster.masters.items() if master.address in running)
