"""Approval: a plan that was shown, and the name of the cluster as somebody typed it for that plan."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from fleetkit.core import ApprovalMissingError
from fleetkit.workflows._shown import Shown

__all__ = ["Approved", "Plannable", "approve"]


class Plannable(Protocol):
    """What can be approved: a plan that knows its cluster, its fingerprint and why it may not be applied."""

    @property
    def cluster(self) -> str:
        """Name of the cluster."""

    @property
    def sha256(self) -> str:
        """Fingerprint of what was shown."""

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to do."""

    def check(self) -> None:
        """Raise `PreconditionError` when a guard refuses the plan."""


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
    """

    plan: P
    sha256: str

    def __str__(self) -> str:
        if self.plan.is_empty:
            return "nothing to approve: the plan is empty"
        return f"approved for {self.plan.cluster}: plan {self.sha256[:12]}"


def approve(plan: P, name: str) -> Approved[P]:
    """Approve ``plan`` by naming its cluster; an empty plan needs no name.

    Raises
    ------
    PreconditionError
        When a guard refuses the plan, whoever approves it.
    ApprovalMissingError
        When ``name`` is not the cluster's.
    """
    plan.check()
    if not plan.is_empty and name != plan.cluster:
        seen = "no approval was given" if not name else f"the approval names {name!r}"
        raise ApprovalMissingError(
            f"the plan for {plan.cluster} is not approved",
            seen=seen,
            hint=f"look at the plan, then approve it with the cluster's name: --approve {plan.cluster}",
        )
    return Approved(plan=plan, sha256=plan.sha256)
