"""Approving from afar: one process keeps a plan, a second signs an approval for it, a third applies just that plan."""

from __future__ import annotations

import datetime as dt
import json
import os
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from fleetkit.core import ApprovalMissingError, SettingsError
from fleetkit.terraform import KeptPlan
from fleetkit.workflows._basis import Operation, identify, take_basis
from fleetkit.workflows._deploy_plan import DeployPlan
from fleetkit.workflows._destroy_plan import DestroyPlan
from fleetkit.workflows._kept_plans import Kept, find_kept, note_for
from fleetkit.workflows._lock import hold_cluster
from fleetkit.workflows._reporting import Reporter
from fleetkit.workflows._signed_approval import SignedApproval, sign_approval
from fleetkit.workflows._working_copy import open_working_copy
from fleetkit.workflows._workspace import Workspace
from fleetkit.workflows.signing import open_signer

__all__ = ["APPROVAL_LIFE", "LONGEST_APPROVAL", "cluster_of_plan", "give_approval", "keep_plan", "take_up_plan"]

APPROVAL_LIFE = dt.timedelta(days=1)
"""How long an approval holds where nothing else is said."""

LONGEST_APPROVAL = dt.timedelta(days=7)
"""How long it may hold at most: a kept plan is removed after a week."""

P = TypeVar("P", bound=DeployPlan | DestroyPlan)


def keep_plan(workspace: Workspace, plan: P, *, report: Reporter | None = None) -> P:
    """Keep ``plan`` in the cluster's folder, so that it can be approved and applied later and elsewhere.

    Returns
    -------
    DeployPlan or DestroyPlan
        The same plan, which now knows what it was made on.

    Raises
    ------
    AwsError, TerraformError
        When what it was made on cannot be read.
    """
    told = report or Reporter()
    told.note("reading what the plan was made on")
    basis = take_basis(workspace, plan, plan._copy, made_at=plan.saved.made_at)
    if basis.members is None:
        told.note(f"etcd's members could not be read, so no approval is bound to them: {basis.unknown}")
    plan.saved.keep(note_for(basis, plan.content()))
    return replace(plan, basis=basis)


def cluster_of_plan(path: Path) -> str:
    """Return the name of the cluster that a kept plan is for, without opening the plan.

    Raises
    ------
    StalePlanError
        When nothing was kept with it, or that was changed.
    """
    return Kept.of(KeptPlan.read(path)).basis.cluster


def take_up_plan(workspace: Workspace, which: str, *, report: Reporter | None = None) -> DeployPlan | DestroyPlan:
    """Return a plan that was kept, to be shown and approved.

    Parameters
    ----------
    which
        ``latest``, a sha256 or the beginning of one, or the path of the plan's file.

    Raises
    ------
    NotFoundError
        When there is none; lists those that are kept.
    StalePlanError
        When its file, or what was kept with it, was changed.
    ApprovalMissingError
        When it is for another cluster.
    """
    with hold_cluster(workspace.paths.folder, operation="look at a plan"):
        copy = open_working_copy(workspace, told=report)
        kept = find_kept(copy, which)
        if kept.basis.cluster != workspace.cluster.name:
            raise ApprovalMissingError(
                f"the plan {kept.basis.sha256[:12]} is not for {workspace.cluster.name}",
                seen=f"it is for {kept.basis.cluster}",
            )
        rules = workspace.cluster.approval
        if kept.basis.operation is Operation.DEPLOY:
            return DeployPlan.from_kept(kept, copy=copy, rules=rules)
        return DestroyPlan.from_kept(kept, copy=copy, rules=rules)


def give_approval(
    workspace: Workspace,
    plan: DeployPlan | DestroyPlan,
    *,
    life: dt.timedelta = APPROVAL_LIFE,
    file: Path | None = None,
) -> tuple[Path, SignedApproval]:
    """Sign an approval for a plan that was kept, with the operator's key, and write it into a file.

    Parameters
    ----------
    life
        For how long it holds.
    file
        Where to write it; in the cluster's folder where not given. An approval holds no secret.

    Raises
    ------
    PreconditionError
        When a guard refuses the plan, or an approval by this operator would not count.
    AwsError
        When the operator's key lies in KMS, and is out of reach.
    SettingsError
        When ``life`` is not more than nothing and at most a week.
    """
    if not dt.timedelta() < life <= LONGEST_APPROVAL:
        raise SettingsError(f"an approval cannot hold for {life}", hint="choose more than nothing, and at most 7 days")
    plan.check()
    if plan.basis is None:
        raise ApprovalMissingError(
            f"the plan {plan.sha256[:12]} is kept nowhere, so nobody could apply it",
            hint="keep it: fleetkit plan --keep",
        )
    signer = open_signer(workspace.settings)
    signed = sign_approval(plan.basis, by=identify(workspace, signer), signer=signer, life=life)
    signed.require_valid(plan.rules)
    target = file or workspace.paths.folder / "approvals" / f"{plan.operation}-{plan.sha256[:12]}.json"
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    fresh = target.with_name(f".{target.name}.{os.getpid()}")
    fresh.write_text(json.dumps(signed.to_json(), indent=2) + "\n", encoding="utf-8")
    fresh.replace(target)
    return target, signed
