"""Approval: a plan that was shown, and what somebody said to just that plan.

Said may be the cluster's name, the plan's sha256, or the path of a signed approval; the cluster file says which is
the least that counts.
"""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

from fleetkit.config import Approval, ApprovalKind
from fleetkit.core import ApprovalMissingError, format_utc
from fleetkit.workflows._basis import Basis, Operation, require_unmoved
from fleetkit.workflows._shown import Shown
from fleetkit.workflows._signed_approval import SignedApproval, read_approval
from fleetkit.workflows._workspace import Workspace

__all__ = ["ApprovalWay", "Approved", "Plannable", "approve", "names_file", "names_plan"]


class ApprovalWay(enum.StrEnum):
    """How a plan was approved."""

    NAME = "name"
    SHA256 = "sha256"
    FILE = "file"


_ENOUGH = {
    ApprovalKind.NAME: frozenset(ApprovalWay),
    ApprovalKind.SHA256: frozenset({ApprovalWay.SHA256, ApprovalWay.FILE}),
    ApprovalKind.SIGNED: frozenset({ApprovalWay.FILE}),
}


class Plannable(Protocol):
    """What can be approved: a plan that knows its cluster, its fingerprint and why it may not be applied."""

    @property
    def cluster(self) -> str:
        """Name of the cluster."""

    @property
    def operation(self) -> Operation:
        """What it is for."""

    @property
    def sha256(self) -> str:
        """Fingerprint of what was shown."""

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to do."""

    @property
    def rules(self) -> Approval:
        """Who may approve it, and what that takes."""

    @property
    def basis(self) -> Basis | None:
        """What it was made on, where it was kept for an approval."""

    def check(self) -> None:
        """Raise `PreconditionError` when a guard refuses the plan."""


class _Copy(Protocol):
    def state_version(self) -> Any:
        """Return which state it is."""


P = TypeVar("P", bound=Plannable)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Approved(Shown, Generic[P]):
    """A plan together with its approval.

    Attributes
    ----------
    plan
        The plan that was shown.
    sha256
        Its fingerprint at the moment of the approval.
    way
        How it was approved.
    signed
        The signed approval, where it is one.
    """

    plan: P
    sha256: str
    way: ApprovalWay = ApprovalWay.NAME
    signed: SignedApproval | None = None

    def require_valid(self, workspace: Workspace, copy: _Copy) -> None:
        """Make sure, just before the plan is applied, that the approval still is for this.

        Raises
        ------
        ApprovalMissingError
            When a signed approval has expired, or no longer counts.
        StalePlanError
            When what the plan was made on has moved.
        """
        if self.signed is not None:
            self.signed.require_valid(self.plan.rules)
        if self.plan.basis is not None:
            require_unmoved(workspace, copy, self.plan.basis)

    def facts(self, workspace: Workspace | None) -> dict[str, Any]:
        """Return what an auditor is to find: which plan, by whom, in which way, and the signed approval itself.

        Without a workspace nobody says by whom: an etcd without a cluster file has no account.
        """
        said = {"plan_sha256": self.sha256, "way": self.way.value}
        if self.signed is None:
            return said if workspace is None else {**said, "by": {"arn": workspace.session.caller().arn}}
        owner = self.plan.rules.owner_of(self.signed.by.public_key)
        return {**said, "by": {**self.signed.by.to_json(), "name": owner}, "document": self.signed.to_json()}

    def __str__(self) -> str:
        if self.plan.is_empty:
            return "nothing to approve: the plan is empty"
        text = f"approved for {self.plan.cluster}: plan {self.sha256[:12]}"
        if self.signed is None:
            return text
        return f"{text}, by {self.signed.by.arn}, until {format_utc(self.signed.expires_at)}"


def approve(plan: P, text: str) -> Approved[P]:
    """Approve ``plan``; an empty plan needs no approval.

    Parameters
    ----------
    plan
        The plan that was shown.
    text
        The cluster's name, the plan's sha256, or the path of a signed approval.

    Raises
    ------
    PreconditionError
        When a guard refuses the plan, whoever approves it.
    ApprovalMissingError
        When ``text`` is none of these, is for another plan, or is less than the cluster file demands.
    """
    plan.check()
    if plan.is_empty:
        return Approved(plan=plan, sha256=plan.sha256)
    # An etcd without a cluster file goes by its URL, which looks like a path.
    if names_file(text) and text != plan.cluster:
        signed = read_approval(Path(text).expanduser())
        _require_fitting(plan, signed)
        signed.require_valid(plan.rules)
        return Approved(plan=plan, sha256=plan.sha256, way=ApprovalWay.FILE, signed=signed)
    ways = {plan.cluster: ApprovalWay.NAME, plan.sha256: ApprovalWay.SHA256}
    way = ways.get(text)
    if way is None or way not in _ENOUGH[plan.rules.required]:
        raise _missing(plan, text)
    return Approved(plan=plan, sha256=plan.sha256, way=way)


def names_file(text: str) -> bool:
    """Return whether an approval is given as the path of a file."""
    return text.endswith(".json") or "/" in text


def names_plan(text: str) -> bool:
    """Return whether an approval is given as a whole sha256."""
    return re.fullmatch("[0-9a-f]{64}", text) is not None


def _require_fitting(plan: Plannable, signed: SignedApproval) -> None:
    signed.require_for(cluster=plan.cluster, operation=plan.operation)
    if signed.basis.sha256 != plan.sha256:
        raise signed.refuse(f"this is another plan, {plan.sha256[:12]}")
    if signed.basis != plan.basis:
        raise signed.refuse("what it says of the plan's making is not what was kept with the plan")


def _missing(plan: Plannable, text: str) -> ApprovalMissingError:
    seen = "no approval was given"
    if text == plan.cluster:
        seen = f"it was approved by name, and the cluster file demands more (approval.required = {plan.rules.required})"
    elif text == plan.sha256:
        seen = "it was approved by its sha256, and the cluster file demands a signed approval"
    elif names_plan(text):
        seen = f"the approval is for the plan {text[:12]}, and this one is {plan.sha256[:12]}"
    elif text:
        seen = f"the approval names {text!r}"
    return ApprovalMissingError(f"the plan for {plan.cluster} is not approved", seen=seen, hint=_way_on(plan))


def _way_on(plan: Plannable) -> str:
    name = plan.cluster
    if plan.rules.required is ApprovalKind.NAME:
        return f"look at the plan, then approve it with the cluster's name: --approve {name}"
    if plan.operation not in (Operation.DEPLOY, Operation.DESTROY):
        # Nothing of it is kept: what it would do is looked up anew each time, and must come to the same.
        if plan.rules.required is ApprovalKind.SHA256:
            return f"look at the plan, then approve it with its sha256: --approve {plan.sha256}"
        return f'no file approves a plan to {plan.operation}: write approval.required = "sha256" into the cluster file'
    keep = f"fleetkit plan {name}" + (" --destroy" if plan.operation is Operation.DESTROY else "") + " --keep"
    go_on = f"fleetkit {plan.operation} {name} --approve"
    if plan.rules.required is ApprovalKind.SHA256:
        return f"{keep} keeps a plan and prints its sha256; look at it, then {go_on} SHA256"
    return f"{keep} keeps a plan; fleetkit approve latest --cluster {name} signs it; then {go_on} FILE"
