"""What the plans of all changes of etcd and its certificates say of themselves in the same way."""

from __future__ import annotations

import hashlib
import json
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Any

from fleetkit.config import Approval
from fleetkit.core import PreconditionError, QuorumAtRiskError
from fleetkit.views import PlanView, lines_html
from fleetkit.workflows._basis import Basis, Operation
from fleetkit.workflows._shown import Shown, list_under

__all__ = ["ChangePlan", "Refusal", "refuse_if"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Why something may not be done now.

    Attributes
    ----------
    reasons
        A line each.
    at_risk
        Whether the quorum is what is at risk.
    hint
        What mends it.
    """

    reasons: tuple[str, ...]
    at_risk: bool = False
    hint: str


def refuse_if(reasons: Sequence[str], *, hint: str, at_risk: bool = False) -> Refusal | None:
    """Return a refusal where there is a reason for one."""
    return Refusal(reasons=tuple(reasons), at_risk=at_risk, hint=hint) if reasons else None


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class ChangePlan(Shown):
    """A change as it is shown, approved and refused.

    Attributes
    ----------
    cluster
        Name of the cluster.
    rules
        Who may approve it, and what that takes.
    basis
        What it was made on.
    """

    cluster: str
    rules: Approval = field(default_factory=Approval)
    basis: Basis | None = None

    @property
    @abstractmethod
    def operation(self) -> Operation:
        """What it is for."""

    @property
    @abstractmethod
    def is_empty(self) -> bool:
        """Whether there is nothing to do."""

    @property
    @abstractmethod
    def facts(self) -> Mapping[str, Any]:
        """What makes it this plan and no other, beside its cluster, as JSON has it."""

    @property
    @abstractmethod
    def aim(self) -> str:
        """What it does where it may be done, in one sentence."""

    @property
    @abstractmethod
    def course(self) -> tuple[str, ...]:
        """What is done, and what it means meanwhile, a paragraph each."""

    @property
    @abstractmethod
    def impossible(self) -> str:
        """What cannot be done where it is refused, as an error begins: ``no master of demo can be rebooted now``."""

    @property
    def refusal(self) -> Refusal | None:
        """Why it may not be done now; None where it may."""
        return None

    @property
    def sha256(self) -> str:
        """Fingerprint of what is done to whom."""
        said = {"cluster": self.cluster, **self.facts}
        return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()

    @property
    def view(self) -> PlanView:
        """What Terraform would change: nothing, unless a plan says otherwise."""
        return PlanView(rows=(), outputs=())

    @property
    def opening(self) -> str:
        """What it does, or that it cannot be done, in one sentence."""
        if self.refusal is None:
            return self.aim
        return f"{self.impossible[:1].upper()}{self.impossible[1:]}."

    @property
    def beyond_terraform(self) -> tuple[str, ...]:
        """Why it is refused where it is, and what is done, a paragraph each."""
        refused = () if self.refusal is None else (list_under("refused, because:", self.refusal.reasons),)
        return (*refused, *self.course)

    @property
    def text(self) -> str:
        """The plan in plain lines."""
        return "\n\n".join([self.opening, *self.beyond_terraform, *([self.view.text] if self.view.rows else [])])

    def check(self) -> None:
        """Refuse what would make things worse.

        Raises
        ------
        QuorumAtRiskError
            When the quorum would be lost, or hang on every single member.
        PreconditionError
            When something else speaks against it.
        """
        if self.refusal is not None:
            kind = QuorumAtRiskError if self.refusal.at_risk else PreconditionError
            raise kind(self.impossible, seen="; ".join(self.refusal.reasons), hint=self.refusal.hint)

    def __str__(self) -> str:
        return self.text

    def _repr_html_(self) -> str:
        changes = self.view._repr_html_() if self.view.rows else ""
        beyond = "".join(map(lines_html, self.beyond_terraform))
        return f"<p><strong>{escape(self.opening)}</strong></p>{beyond}{changes}"
