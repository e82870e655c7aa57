"""The machine of a member that is replaced: Terraform's part of it, and the guard that nothing else is touched."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from fleetkit import aws
from fleetkit.core import FleetkitError, PreconditionError, QuorumAtRiskError, StalePlanError
from fleetkit.terraform import ApplyResult, Plan, ResourceChange, SavedPlan, WorkingCopy
from fleetkit.workflows._recording import recorded
from fleetkit.workflows._reporting import Reporter
from fleetkit.workflows._workspace import Workspace
from fleetkit.workflows.recovering import plan_with_leftovers

__all__ = ["MachinePlan", "find_machine", "instance_address", "plan_machine", "require_only"]

_KEY = re.compile(r'\["(?P<key>[^"\\]+)"\]$')
_FOLLOWS = "aws_lb_target_group_attachment"
"""What hangs on an instance's id, and is replaced with it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MachinePlan:
    """Terraform's plan for the machine of one member.

    Attributes
    ----------
    name
        The member.
    old
        Id of the instance that is replaced; empty where none is.
    saved
        The saved plan; nothing in it touches another master.
    """

    name: str
    old: str
    saved: SavedPlan
    _copy: WorkingCopy = field(repr=False)
    _workspace: Workspace = field(repr=False)

    def make_ready(self, told: Reporter) -> MachinePlan:
        """Lift the termination protection of the old instance, and return the plan that is applied then.

        The provider puts back the protection that a plan knows before it terminates, so the plan is made anew with
        the protection gone; it must change exactly what was approved. Where it cannot, the protection is put back.

        Raises
        ------
        AwsError, TerraformError
            When it fails.
        StalePlanError
            When what it would change is no longer what was approved.
        """
        if not self.old:
            return self
        told.note(f"lifting the termination protection of {self.old}")
        aws.lift_termination_protection(self._workspace.session, [self.old])
        try:
            ready = plan_machine(self._workspace, self._copy, self.name, old=self.old, told=told)
            self._require_same(ready.saved)
        except FleetkitError:
            if self._was_protected:
                aws.protect_from_termination(self._workspace.session, [self.old])
            raise
        self.saved.discard()
        return ready

    def apply(self, told: Reporter) -> ApplyResult:
        """Apply it, once it is ready.

        Raises
        ------
        AwsError, TerraformError
            When it fails.
        """
        told.note("replacing the machine" if self.old else "making the machine whole")
        result = self._copy.apply(self.saved, recorded(told))
        told.note("reading back what AWS made of it")
        self._copy.refresh()
        return result

    @property
    def _was_protected(self) -> bool:
        """Whether the old instance had its protection when the plan was made; the cluster file may have none."""
        own = [one for one in self.saved.plan.changes if one.address == instance_address(self.name)]
        return any((one.before or {}).get("disable_api_termination") for one in own)

    def _require_same(self, fresh: SavedPlan) -> None:
        approved = {(one.address, one.action) for one in self.saved.plan.changes}
        moved = {address for address, _ in {(one.address, one.action) for one in fresh.plan.changes} ^ approved}
        if moved:
            fresh.discard()
            raise StalePlanError(
                f"what replacing the machine of {self.name} would change is no longer what was approved",
                seen=", ".join(sorted(moved)),
                hint="plan again, look at the new plan, and approve that",
            )


def find_machine(workspace: Workspace, name: str) -> str:
    """Return the id of the instance that stands for a member; empty where there is none, or it is going.

    Raises
    ------
    AwsError
        When AWS cannot be asked.
    """
    masters = aws.list_instances(workspace.session, workspace.cluster.name, role="master")
    found = [one for one in masters if one.tags.get("fleetkit:member") == name and one.state != "shutting-down"]
    return found[0].instance_id if found else ""


def instance_address(name: str) -> str:
    """Return the resource address of a member's instance."""
    return f'module.etcd.aws_instance.member["{name}"]'


def plan_machine(workspace: Workspace, copy: WorkingCopy, name: str, *, old: str, told: Reporter) -> MachinePlan:
    """Plan the replacement of one instance, or what an interrupted one left to do; changes nothing.

    What else is pending is left out of the plan: a deploy does that.

    Parameters
    ----------
    old
        Id of the instance to replace; empty where the new one is there already, or none is.

    Raises
    ------
    AwsError, TerraformError
        When the world cannot be read.
    PreconditionError
        When it would touch another master, or cannot be confined to this one.
    """
    replace = [instance_address(name)] if old else []
    masters = tuple(workspace.cluster.masters)
    saved, _ = plan_with_leftovers(workspace, copy, told=told, replace=replace)
    others = [one for one in saved.plan.changes if not _is_of(one, name, masters=masters)]
    if others:
        own = [one.address for one in saved.plan.changes if one not in others]
        saved.discard()
        targets = own or [instance_address(name)]
        told.note(f"{len(others)} other changes are pending; they are left to a deploy")
        saved, _ = plan_with_leftovers(workspace, copy, told=told, replace=replace, targets=targets)
    try:
        require_only(saved.plan, name, cluster=workspace.cluster.name, masters=masters)
    except PreconditionError:
        saved.discard()
        raise
    return MachinePlan(name=name, old=old, saved=saved, _copy=copy, _workspace=workspace)


def require_only(plan: Plan, name: str, *, cluster: str, masters: Iterable[str]) -> None:
    """Make sure that a plan changes the machine of one member, what hangs on it, and nothing else.

    Raises
    ------
    QuorumAtRiskError
        When it would take another master away; names it.
    PreconditionError
        When it would change anything else; names it.
    """
    others = [one for one in plan.changes if not _is_of(one, name, masters=tuple(masters))]
    taken = [one for one in (*plan.destroys_or_replaces("etcd"), *plan.stops("etcd")) if one in others]
    if taken:
        raise QuorumAtRiskError(
            f"replacing the machine of {name} would take another master of {cluster} away",
            seen=", ".join(one.address for one in taken),
            hint="undo the change of the cluster file that causes it; masters are replaced one at a time",
        )
    if others:
        raise PreconditionError(
            f"the machine of {name} cannot be replaced alone",
            seen=", ".join(one.address for one in others),
            hint=f"these changes are pending: fleetkit deploy {cluster} applies them; then replace it again",
        )


def _is_of(change: ResourceChange, name: str, *, masters: tuple[str, ...]) -> bool:
    """Whether a change is that of the member's instance, or of what hangs on it."""
    if change.address == instance_address(name):
        return True
    key = _KEY.search(change.address)
    if change.type != _FOLLOWS or key is None:
        return False
    # One master's name may be the end of another's.
    owners = [one for one in masters if key["key"].endswith(f"-{one}")]
    return max(owners, key=len, default="") == name
