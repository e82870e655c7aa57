"""Deploy: plan, then apply exactly that plan, then verify that the cluster lives."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fleetkit.core import QuorumAtRiskError, ServiceError, WorkflowError
from fleetkit.terraform import ApplyResult, SavedPlan, WorkingCopy
from fleetkit.views import PlanView
from fleetkit.workflows._lock import hold_cluster
from fleetkit.workflows._reporting import Reporter
from fleetkit.workflows._shown import Shown
from fleetkit.workflows._working_copy import open_working_copy
from fleetkit.workflows._workspace import Workspace
from fleetkit.workflows.approval import Approved
from fleetkit.workflows.recovering import Remove, plan_with_leftovers, remove_leftovers
from fleetkit.workflows.stopping import StopRequest
from fleetkit.workflows.supplying import ensure_certificates, find_pending_deliveries, supply_bucket
from fleetkit.workflows.unlocking import refuse_locked

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["AppliedDeploy", "DeployPlan", "apply_deploy", "plan_deploy"]


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class DeployPlan(Shown):
    """What a deploy would change.

    Attributes
    ----------
    cluster
        Name of the cluster.
    saved
        Terraform's saved plan, which is what gets applied.
    view
        The same as it is shown.
    deliveries
        What would be put into the cluster's bucket, as words.
    removals
        What an interrupted deploy left and nothing wants; removed before the plan is applied.
    """

    cluster: str
    saved: SavedPlan
    view: PlanView
    deliveries: tuple[str, ...]
    removals: tuple[Remove, ...] = ()
    _copy: WorkingCopy

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to do."""
        return self.view.is_empty and not self.deliveries and not self.removals

    @property
    def sha256(self) -> str:
        """Fingerprint over the saved plan, the deliveries and the removals."""
        parts = (self.saved.sha256, *self.deliveries, *map(str, self.removals))
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()

    @property
    def text(self) -> str:
        """The plan in plain lines; exactly ``No changes.`` when there is nothing to do."""
        return "\n\n".join([self.view.text, *self.beyond_terraform])

    @property
    def beyond_terraform(self) -> tuple[str, ...]:
        """What is done beside Terraform's plan, a paragraph each."""
        extras = [extra for extra in self._extras() if extra[2]]
        return tuple("\n".join([f"{title}:", *(f"  {sign} {one}" for one in items)]) for title, sign, items in extras)

    @property
    def frame(self) -> pd.DataFrame:
        """Changes counted by module and action."""
        return self.view.summary_frame()

    def check(self) -> None:
        """Refuse a plan that takes a master away: that is never part of a deploy.

        Raises
        ------
        QuorumAtRiskError
            When the plan destroys, replaces or stops a master, or would remove an unknown one; names each of them.
        """
        masters = [str(one) for one in self.removals if one.is_master]
        if masters:
            raise QuorumAtRiskError(
                f"{self.cluster} has masters that neither the state nor the cluster file knows",
                seen="; ".join(masters),
                hint="put them back into the cluster file to have them adopted, or terminate them by hand",
            )
        if self.view.alarms:
            raise QuorumAtRiskError(
                f"the plan for {self.cluster} would take masters away",
                seen="; ".join(self.view.alarms),
                hint="undo the change of the cluster file that causes it; a deploy only adds masters",
            )

    def _extras(self) -> tuple[tuple[str, str, tuple[object, ...]], ...]:
        return (
            ("to be put into the cluster's bucket", "+", self.deliveries),
            ("left behind by an interrupted deploy, to be removed", "-", self.removals),
        )

    def _repr_html_(self) -> str:
        from html import escape

        more = ""
        for title, _, items in self._extras():
            lines = "".join(f"<li>{escape(str(one))}</li>" for one in items)
            more += f"<p>{title[0].upper()}{title[1:]}:</p><ul>{lines}</ul>" if items else ""
        return f"{self.view._repr_html_()}{more}"

    def __str__(self) -> str:
        return self.text


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
        What an interrupted deploy had left and nothing wanted.
    """

    cluster: str
    result: ApplyResult | None
    made: tuple[str, ...]
    put: tuple[str, ...]
    removed: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """One line for people."""
        if self.result is None and not self.made and not self.put and not self.removed:
            return "Nothing to do: the cluster is as its file says."
        done = "no resources changed"
        if self.result is not None:
            counts = {"added": self.result.added, "changed": self.result.changed, "removed": self.result.removed}
            done = ", ".join(f"{count} {word}" for word, count in counts.items())
            done += f", {self.result.imported} adopted" if self.result.imported else ""
        done += f", {len(self.removed)} leftovers removed" if self.removed else ""
        return f"Applied: {done}; {len(self.made)} certificates and keys made, {len(self.put)} objects put."

    def __str__(self) -> str:
        return self.text


def plan_deploy(workspace: Workspace, *, report: Reporter | None = None) -> DeployPlan:
    """Plan a deploy in full, with what an interrupted one left behind; changes nothing in the account.

    Raises
    ------
    BusyError
        When another operation is at work on the cluster.
    AwsError, TerraformError
        When the world cannot be read.
    """
    told = report or Reporter()
    with hold_cluster(workspace.paths.folder, operation="plan"):
        told.note("planning")
        copy = open_working_copy(workspace, told=told)
        deliveries = find_pending_deliveries(workspace)
        saved, removals = plan_with_leftovers(workspace, copy, told=told)
    return DeployPlan(
        cluster=workspace.cluster.name,
        saved=saved,
        view=PlanView.from_plan(saved.plan),
        deliveries=deliveries,
        removals=removals,
        _copy=copy,
    )


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
        When a guard refuses the plan, or it is no longer the one that was approved.
    BusyError
        When another operation is at work on the cluster, here or wherever else its state is used.
    WorkflowError
        When a step fails; names it, and what was completed before it.
    """
    told, stopping = report or Reporter(), stop or StopRequest()
    plan = approved.plan
    plan.check()
    if plan.is_empty:
        plan.saved.discard()
        return AppliedDeploy(cluster=plan.cluster, result=None, made=(), put=())
    completed: list[str] = []
    with hold_cluster(workspace.paths.folder, operation="deploy"):
        plan.saved.check()
        # The lock of this computer is ours now; whoever is at work on another one holds that of the state.
        refuse_locked(workspace)
        pki = ensure_certificates(workspace)
        completed.append("certificates")
        if pki.made:
            told.note(f"{len(pki.made)} certificates and host keys made")
        try:
            put = supply_bucket(workspace, pki, on_note=told.note)
            completed.append("bucket")
            removed = remove_leftovers(workspace, plan.removals, told=told)
            completed.append("leftovers")
            stopping.check(f"the deploy of {plan.cluster}", step="terraform", completed=completed)
            result = None
            if plan.view.is_empty:
                plan.saved.discard()
            else:
                told.note("applying the plan")
                with stopping.reaching(plan._copy.cancel):
                    result = plan._copy.apply(plan.saved, stopping.watching(told.event))
                # Some attributes AWS fills in after a creation; read now, they do not stand as drift for ever.
                told.note("reading back what AWS made of it")
                plan._copy.refresh()
        except ServiceError as error:
            step = {1: "bucket", 2: "leftovers", 3: "terraform"}[len(completed)]
            raise WorkflowError(
                f"the deploy of {plan.cluster} failed at its step {step}",
                step=step,
                completed=completed,
                seen=str(error),
                hint="mend what is named above, then run the same deploy again: it goes on from here",
            ) from error
    return AppliedDeploy(cluster=plan.cluster, result=result, made=pki.made, put=put, removed=removed)
