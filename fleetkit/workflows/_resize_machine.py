"""Terraform's part of a change of the number of masters: one instance at a time, and what hangs on them at the end."""

from __future__ import annotations

from collections.abc import Collection

from fleetkit import aws
from fleetkit.core import FleetkitError, PreconditionError, StalePlanError
from fleetkit.terraform import ApplyResult, ResourceChange, SavedPlan, WorkingCopy
from fleetkit.workflows._recording import recorded
from fleetkit.workflows._replace_machine import instance_address
from fleetkit.workflows._reporting import Reporter
from fleetkit.workflows._workspace import Workspace
from fleetkit.workflows.recovering import plan_with_leftovers

__all__ = ["MasterMachines"]

_FOLLOWS = (
    ("load_balancers", "aws_lb_target_group_attachment"),
    ("dns", "aws_route53_record"),
)
"""What follows the number of masters: targets behind the load balancers, and names in the private zone."""


class MasterMachines:
    """Makes and destroys the instances of masters by plans that are confined to them.

    Parameters
    ----------
    members
        Names of the members that join or leave.
    """

    def __init__(self, workspace: Workspace, copy: WorkingCopy, *, members: Collection[str], told: Reporter) -> None:
        self._workspace, self._copy, self._told = workspace, copy, told
        self._instances = tuple(instance_address(name) for name in members)

    def plan(self) -> SavedPlan:
        """Plan all that would change, to show it; what else is pending is left to a deploy.

        Raises
        ------
        AwsError, TerraformError
            When the world cannot be read.
        PreconditionError
            When it cannot be confined to these members.
        """
        saved, _ = plan_with_leftovers(self._workspace, self._copy, told=self._told)
        own = [one.address for one in saved.plan.changes if self._is_own(one)]
        if len(own) == len(saved.plan.changes):
            return saved
        self._told.note(f"{len(saved.plan.changes) - len(own)} other changes are pending; they are left to a deploy")
        saved.discard()
        return self._plan_only(own or self._instances, whom="the masters that come or go")

    def apply_instance(self, name: str, *, old: str, approved: Collection[tuple[str, str]]) -> ApplyResult:
        """Make the instance of one member, or destroy it.

        Parameters
        ----------
        old
            Id of the instance that is destroyed, whose termination protection is lifted; empty where one is made.
        approved
            Address and action of all that was approved.

        Raises
        ------
        AwsError, TerraformError
            When it fails.
        StalePlanError
            When it would change what was not approved.
        """
        if not old:
            saved = self._ready([instance_address(name)], approved, whom=f"the machine of {name}")
            self._told.note(f"making the machine of {name}")
            return self._apply(saved)
        self._told.note(f"lifting the termination protection of {old}")
        was_protected = self._is_protected(old)
        aws.lift_termination_protection(self._workspace.session, [old])
        try:
            # A plan to destroy what the configuration has no more knows of it what the state says, read anew or not;
            # and the provider puts back the protection that a plan knows before it terminates.
            self._copy.refresh()
            saved = self._ready([instance_address(name)], approved, whom=f"the machine of {name}")
        except FleetkitError:
            if was_protected:
                aws.protect_from_termination(self._workspace.session, [old])
            raise
        self._told.note(f"destroying the machine of {name}")
        return self._apply(saved)

    def apply_rest(self, *, approved: Collection[tuple[str, str]]) -> ApplyResult | None:
        """Bring the load balancers' targets and the names to the masters that are there now; None where they are.

        Raises
        ------
        AwsError, TerraformError
            When it fails.
        StalePlanError
            When it would change what was not approved.
        """
        saved = self.plan()
        if saved.plan.is_empty:
            saved.discard()
            return None
        self._require_approved(saved, approved)
        self._told.note("bringing load balancers and names after")
        return self._apply(saved)

    def _ready(self, targets: Collection[str], approved: Collection[tuple[str, str]], *, whom: str) -> SavedPlan:
        saved = self._plan_only(targets, whom=whom)
        self._require_approved(saved, approved)
        return saved

    def _is_protected(self, instance_id: str) -> bool:
        """Whether the state knows an instance as protected; the cluster file may have none be."""
        known = [one for one in self._copy.state() if one.resource_id == instance_id]
        return any(one.attributes.get("disable_api_termination") for one in known)

    def _plan_only(self, targets: Collection[str], *, whom: str) -> SavedPlan:
        saved, _ = plan_with_leftovers(self._workspace, self._copy, told=self._told, targets=list(targets))
        others = [one.address for one in saved.plan.changes if not self._is_own(one)]
        if others:
            saved.discard()
            name = self._workspace.cluster.name
            raise PreconditionError(
                f"{whom} of {name} cannot be changed alone",
                seen=", ".join(others),
                hint="undo the changes of the cluster file that cause these, and resize again",
            )
        return saved

    def _require_approved(self, saved: SavedPlan, approved: Collection[tuple[str, str]]) -> None:
        moved = sorted(one.address for one in saved.plan.changes if (one.address, str(one.action)) not in approved)
        if moved:
            saved.discard()
            raise StalePlanError(
                f"what would change of the masters of {self._workspace.cluster.name} is no longer what was approved",
                seen=", ".join(moved),
                hint="plan again, look at the new plan, and approve that",
            )

    def _apply(self, saved: SavedPlan) -> ApplyResult:
        result = self._copy.apply(saved, recorded(self._told))
        self._told.note("reading back what AWS made of it")
        self._copy.refresh()
        return result

    def _is_own(self, change: ResourceChange) -> bool:
        if change.address in self._instances:
            return True
        return any(change.is_in(module) and change.type == kind for module, kind in _FOLLOWS)
