"""The plan of a change of the number of etcd's members: who joins or leaves, step by step, and what refuses it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from html import escape

from fleetkit.config import Approval
from fleetkit.core import PreconditionError, QuorumAtRiskError
from fleetkit.views import PlanView, table_html
from fleetkit.workflows._basis import Basis, Operation
from fleetkit.workflows._replace_look import Refusal
from fleetkit.workflows._resize_look import ResizePart, ResizeStep
from fleetkit.workflows._shown import Shown, list_under

__all__ = ["ResizePlan"]

_WORDS = {
    ResizeStep.SETTINGS: "its certificates and settings into the bucket: it joins the cluster that is there",
    ResizeStep.LEARNER: "added as a learner, which has no vote",
    ResizeStep.LEADERSHIP: "where it leads, the leadership goes to one that stays",
    ResizeStep.REMOVAL: "etcd forgets it; its data are gone for good",
    ResizeStep.PROMOTION: "it starts, catches up, and is made a voter",
}
_MACHINE = {True: "Terraform makes its machine", False: "Terraform destroys its machine"}


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class ResizePlan(Shown):
    """What a change of the number of members would do.

    Attributes
    ----------
    cluster
        Name of the cluster.
    goal
        Names of the masters in the cluster file.
    voters
        Names of those that vote now.
    parts
        What is left to do, one member after the other.
    view
        What Terraform would change, all members together.
    refusal
        Why it may not be done now; None where it may.
    rules
        Who may approve it, and what that takes.
    """

    cluster: str
    goal: tuple[str, ...]
    voters: tuple[str, ...]
    parts: tuple[ResizePart, ...]
    view: PlanView = field(default_factory=lambda: PlanView(rows=(), outputs=()))
    refusal: Refusal | None = None
    rules: Approval = field(default_factory=Approval)
    basis: Basis | None = None

    @property
    def operation(self) -> Operation:
        """What it is for."""
        return Operation.RESIZE

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to do."""
        return not self.parts and self.refusal is None

    @property
    def changes(self) -> frozenset[tuple[str, str]]:
        """Address and action of all that Terraform would change."""
        return frozenset((row.address, str(row.action)) for row in self.view.rows)

    @property
    def sha256(self) -> str:
        """Fingerprint of what is done to whom, and of what Terraform changes."""
        parts = [[one.member, one.joins, one.member_id, list(one.steps)] for one in self.parts]
        said = {"cluster": self.cluster, "goal": self.goal, "voters": self.voters, "parts": parts}
        return hashlib.sha256(
            json.dumps({**said, "changes": sorted(self.changes)}, sort_keys=True).encode()
        ).hexdigest()

    @property
    def opening(self) -> str:
        """What the plan does, in one sentence."""
        if self.refusal is not None:
            return f"The number of etcd's members of {self.cluster} cannot be changed now."
        if self.is_empty:
            return f"Nothing to do: etcd of {self.cluster} has the {len(self.goal)} members of its cluster file."
        return (
            f"This brings etcd of {self.cluster} from {len(self.voters)} to {len(self.goal)} voting members, "
            "one at a time."
        )

    @property
    def beyond_terraform(self) -> tuple[str, ...]:
        """What is done, and what it means meanwhile, a paragraph each."""
        if self.refusal is not None:
            return (list_under("refused, because:", self.refusal.reasons),)
        told = [
            list_under(f"{one.member} {'joins' if one.joins else 'leaves'}:", [_say(one, step) for step in one.steps])
            for one in self.parts
        ]
        if self.parts:
            told.append("at the end load balancers, names and the settings of all machines follow")
        if 2 in range(len(self.goal), len(self.voters) + 1) or 2 in range(len(self.voters), len(self.goal)):
            told.append("while two members vote both have to live: none of them may fail meanwhile")
        return tuple(told)

    @property
    def text(self) -> str:
        """The plan in plain lines."""
        return "\n\n".join([self.opening, *self.beyond_terraform, *([self.view.text] if self.view.rows else [])])

    def draw(self) -> str:
        """Return a table of the steps."""
        rows = [(one.member, step.value, _say(one, step)) for one in self.parts for step in one.steps]
        return table_html(("member", "step", "what is done"), rows, label=f"steps to {len(self.goal)} members")

    def check(self) -> None:
        """Refuse what would make things worse.

        Raises
        ------
        QuorumAtRiskError
            When a member is ill, or no quorum answers.
        PreconditionError
            When something else has to be mended first.
        """
        if self.refusal is not None:
            kind = QuorumAtRiskError if self.refusal.at_risk else PreconditionError
            raise kind(
                f"the number of etcd's members of {self.cluster} cannot be changed now",
                seen="; ".join(self.refusal.reasons),
                hint=self.refusal.hint,
            )

    def __str__(self) -> str:
        return self.text

    def _repr_html_(self) -> str:
        changes = self.view._repr_html_() if self.view.rows else ""
        beyond = "".join(f"<pre>{escape(part)}</pre>" for part in self.beyond_terraform)
        return f"<p><strong>{escape(self.opening)}</strong></p>{beyond}{changes}"


def _say(part: ResizePart, step: ResizeStep) -> str:
    return _MACHINE[part.joins] if step is ResizeStep.MACHINE else _WORDS[step]
