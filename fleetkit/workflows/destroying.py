"""Destroy: show what will go, remove it, sweep up what is left, and prove that nothing remains."""

from __future__ import annotations

import hashlib
import shutil
from dataclasses import dataclass, field
from html import escape

from fleetkit import aws
from fleetkit.aws import Inventory, Thing
from fleetkit.config import StateKind
from fleetkit.core import NotYet, Patience, ServiceError, StalePlanError, WorkflowError, format_utc, utc_now, wait_until
from fleetkit.terraform import ApplyResult, SavedPlan, WorkingCopy
from fleetkit.views import PlanView
from fleetkit.workflows._lock import hold_cluster
from fleetkit.workflows._reporting import Reporter
from fleetkit.workflows._working_copy import open_working_copy
from fleetkit.workflows._workspace import Workspace
from fleetkit.workflows.approval import Approved

__all__ = [
    "DestroyPlan",
    "Emptiness",
    "Sweep",
    "apply_destroy",
    "forget_cluster",
    "plan_destroy",
    "sweep_leftovers",
    "verify_emptiness",
]

_SWEEP_PATIENCE = Patience(deadline_s=900, interval_s=5)
_HELD_PATIENCE = Patience(deadline_s=60, interval_s=5)
"""Where something of somebody else's holds the VPC, waiting longer would not make it go."""
_HELD_TYPES = frozenset({"aws_internet_gateway", "aws_security_group", "aws_subnet", "aws_vpc"})
"""What AWS keeps while a stranger is in it; Terraform would try for twenty minutes, so it is left to the sweep."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DestroyPlan:
    """What a destroy would remove.

    Attributes
    ----------
    cluster
        Name of the cluster.
    saved
        Terraform's saved plan of the removal.
    view
        The same as it is shown.
    beyond
        What bears the cluster's tag and the state does not know; the sweep removes it.
    foreign
        What lies in the cluster's VPC without its tag; it is never removed, and stands in the VPC's way.
    bucket
        Name of the cluster's bucket when it is there, else empty.
    """

    cluster: str
    saved: SavedPlan
    view: PlanView
    beyond: tuple[Thing, ...]
    foreign: tuple[Thing, ...]
    bucket: str
    _copy: WorkingCopy = field(repr=False)
    _targets: tuple[str, ...] = field(default=(), repr=False)

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing left to remove."""
        return not self.view.rows and not self.beyond and not self.bucket

    @property
    def sha256(self) -> str:
        """Fingerprint of the saved plan and of what is removed beyond it."""
        parts = (self.saved.sha256, self.bucket, *map(str, self.beyond))
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()

    @property
    def text(self) -> str:
        """The plan in plain lines."""
        if self.is_empty:
            return f"Nothing to destroy: {self.cluster} has nothing on AWS."
        parts = [f"This destroys {self.cluster}, with all that its etcd holds."]
        parts += [self.view.text] if self.view.rows else []
        parts += [f"and the bucket {self.bucket}, with what machines fetch and the access logs"] if self.bucket else []
        for title, things in (
            ("and these, which bear the cluster's tag and Terraform's state does not know:", self.beyond),
            ("not ours, and left alone, though they lie in the cluster's VPC:", self.foreign),
        ):
            parts += ["\n".join([title, *(f"  - {thing}" for thing in things)])] if things else []
        return "\n\n".join(parts)

    def check(self) -> None:
        """Nothing refuses a destroy but the want of an approval."""

    def __str__(self) -> str:
        return self.text

    def _repr_html_(self) -> str:
        return f"<pre>{escape(self.text)}</pre>"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sweep:
    """What a sweep removed, in the order of removal."""

    cluster: str
    removed: tuple[str, ...]

    def __str__(self) -> str:
        if not self.removed:
            return "Nothing was left over."
        return "\n".join(["Left over, and removed:", *(f"  - {one}" for one in self.removed)])


@dataclass(frozen=True, slots=True, kw_only=True)
class Emptiness:
    """The certificate of emptiness: what was looked for, what is left, and what was kept on purpose.

    Attributes
    ----------
    cluster, account_id, region
        Where was looked, and for whose things.
    at
        When, in UTC.
    left
        Things of the cluster that are still there.
    foreign
        Things in the cluster's VPC that are not the cluster's.
    kept
        What was kept on purpose, as words.
    """

    cluster: str
    account_id: str
    region: str
    at: str
    left: tuple[Thing, ...]
    foreign: tuple[Thing, ...]
    kept: tuple[str, ...]

    @property
    def outcome(self) -> str:
        """``done`` when nothing of the cluster is left, else ``failed``."""
        return "failed" if self.left else "done"

    @property
    def summary(self) -> str:
        """One sentence."""
        where = f"in account {self.account_id}, region {self.region}, at {self.at}"
        if self.left:
            return f"{len(self.left)} things of {self.cluster} are still there {where}"
        return f"nothing of {self.cluster} is left {where}"

    def __str__(self) -> str:
        lines = [f"Certificate of emptiness: {self.summary}."]
        for title, items in (
            ("still there", self.left),
            ("not ours, left alone", self.foreign),
            ("kept on purpose", self.kept),
        ):
            lines += [f"{title}:", *(f"  - {item}" for item in items)] if items else []
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        return f"<pre>{escape(str(self))}</pre>"


def plan_destroy(workspace: Workspace, *, report: Reporter | None = None) -> DestroyPlan:
    """Plan the removal of everything of the cluster; changes nothing.

    Raises
    ------
    BusyError
        When another operation is at work on the cluster.
    AwsError, TerraformError
        When the world cannot be read.
    """
    told = report or Reporter()
    session, name = workspace.session, workspace.cluster.name
    with hold_cluster(workspace.paths.folder, operation="plan of a destroy"):
        told.note("looking at what there is")
        copy = open_working_copy(workspace)
        inventory = aws.take_inventory(session, name)
        state = copy.state()
        held = bool(inventory.foreign) and workspace.cluster.network.create
        targets = tuple(one.address for one in state if one.type not in _HELD_TYPES) if held else ()
        saved = copy.plan_destroy(told.event, targets=targets)
        known = {one.resource_id for one in state} | {
            str(value) for one in state for value in (one.attributes.get("arn"), one.attributes.get("name"))
        }
        bucket = workspace.bucket if aws.bucket_exists(session, workspace.bucket) else ""
    return DestroyPlan(
        cluster=name,
        saved=saved,
        view=PlanView.from_plan(saved.plan),
        beyond=tuple(thing for thing in inventory.ours if thing.thing_id not in known and not thing.managed),
        foreign=inventory.foreign,
        bucket=bucket,
        _copy=copy,
        _targets=targets,
    )


def apply_destroy(
    workspace: Workspace, approved: Approved[DestroyPlan], *, report: Reporter | None = None
) -> ApplyResult | None:
    """Remove what Terraform's state knows; None when that was nothing.

    Raises
    ------
    PreconditionError
        When the plan is no longer the one that was approved.
    WorkflowError
        When Terraform fails; the next destroy goes on from there.
    """
    told = report or Reporter()
    plan = approved.plan
    if not plan.view.rows:
        plan.saved.discard()
        return None
    with hold_cluster(workspace.paths.folder, operation="destroy"):
        plan.saved.check()
        try:
            saved = _lift_protection(workspace, plan, told)
            told.note("destroying")
            return plan._copy.apply(saved, told.event)
        except ServiceError as error:
            raise WorkflowError(
                f"the destroy of {plan.cluster} failed",
                step="terraform",
                completed=["termination protection"],
                seen=str(error),
                hint="mend what is named above, then destroy again: it goes on from here",
            ) from error


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


def sweep_leftovers(workspace: Workspace, *, report: Reporter | None = None) -> Sweep:
    """Remove what bears the cluster's tag and is still there, in the order of dependency; the bucket last.

    Raises
    ------
    WaitTimeoutError
        When something will not go; names it and what stands in its way.
    """
    told = report or Reporter()
    session, name = workspace.session, workspace.cluster.name
    removed: dict[str, None] = {}
    foreign = ", ".join(map(str, aws.take_inventory(session, name).foreign))
    hint = "remove what stands in the way by hand, then destroy again"

    def look() -> NotYet[bool] | bool:
        # Each round asks for the removal of all that is there; what is in another's way fails, and goes in a later one.
        inventory = aws.take_inventory(session, name)
        obstacles = _remove_all(workspace, inventory, removed)
        left = aws.take_inventory(session, name).ours
        return NotYet("; ".join(obstacles) or ", ".join(map(str, left))) if left else True

    with hold_cluster(workspace.paths.folder, operation="sweep"):
        wait_until(
            look,
            what=f"the last things of {name} to go",
            patience=_HELD_PATIENCE if foreign else _SWEEP_PATIENCE,
            on_wait=told.note,
            hint=f"not ours, and in the VPC: {foreign}; {hint}" if foreign else hint,
        )
        if aws.bucket_exists(session, workspace.bucket):
            count = aws.delete_bucket(session, workspace.bucket)
            removed[f"bucket {workspace.bucket} with {count} versions of objects"] = None
    return Sweep(cluster=name, removed=tuple(removed))


def _remove_all(workspace: Workspace, inventory: Inventory, removed: dict[str, None]) -> list[str]:
    obstacles = []
    for thing in inventory.ours:
        try:
            if aws.remove_thing(workspace.session, thing):
                removed[str(thing)] = None
        except ServiceError as error:
            if not error.transient:
                raise
            obstacles.append(str(error))
    return obstacles


def verify_emptiness(workspace: Workspace) -> Emptiness:
    """Look once more for everything of the cluster, by tag, by name and by walking its VPC."""
    session, cluster = workspace.session, workspace.cluster
    inventory = aws.take_inventory(session, cluster.name)
    kept = [f"records under {workspace.paths.runs}", f"the cluster file {workspace.paths.file}"]
    if cluster.state.kind is StateKind.S3:
        kept.append(f"Terraform's state in s3://{cluster.state.bucket}/{cluster.state.key}")
    if not cluster.network.create:
        kept.append(f"the VPC {cluster.network.vpc_id}, which was there before the cluster")
    return Emptiness(
        cluster=cluster.name,
        account_id=session.account_id(),
        region=session.region,
        at=format_utc(utc_now()),
        left=inventory.ours,
        foreign=inventory.foreign,
        kept=tuple(kept),
    )


def forget_cluster(workspace: Workspace) -> tuple[str, ...]:
    """Remove every local trace of the cluster; records stay, and the cluster file moves among them.

    Returns
    -------
    tuple of str
        What was removed or moved, as words.
    """
    paths = workspace.paths
    with hold_cluster(paths.folder, operation="forget"):
        paths.runs.mkdir(parents=True, exist_ok=True)
        moved = paths.runs / paths.file.name
        shutil.move(paths.file, moved)
        shutil.rmtree(paths.folder)
    return (f"removed {paths.folder}", f"moved {paths.file} to {moved}")
