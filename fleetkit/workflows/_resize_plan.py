"""The plan of a change of the number of etcd's members: who joins or leaves, step by step, and what refuses it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from fleetkit.views import PlanView, table_html
from fleetkit.workflows._basis import Operation
from fleetkit.workflows._change_plan import ChangePlan, Refusal
from fleetkit.workflows._resize_look import ResizePart, ResizeStep
from fleetkit.workflows._shown import list_under

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
class ResizePlan(ChangePlan):
    """What a change of the number of members would do.

    Attributes
    ----------
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
    """

    goal: tuple[str, ...]
    voters: tuple[str, ...]
    parts: tuple[ResizePart, ...]
    view: PlanView = field(default_factory=lambda: PlanView(rows=(), outputs=()))
    refusal: Refusal | None = None

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
    def facts(self) -> Mapping[str, Any]:
        """What is done to whom, and what Terraform changes."""
        parts = [[one.member, one.joins, one.member_id, list(one.steps)] for one in self.parts]
        return {"goal": self.goal, "voters": self.voters, "parts": parts, "changes": sorted(self.changes)}

    @property
    def impossible(self) -> str:
        """What cannot be done where it is refused."""
        return f"the number of etcd's members of {self.cluster} cannot be changed now"

    @property
    def aim(self) -> str:
        """What the plan does, in one sentence."""
        if self.is_empty:
            return f"Nothing to do: etcd of {self.cluster} has the {len(self.goal)} members of its cluster file."
        return (
            f"This brings etcd of {self.cluster} from {len(self.voters)} to {len(self.goal)} voting members, "
            "one at a time."
        )

    @property
    def course(self) -> tuple[str, ...]:
        """What is done, and what it means meanwhile, a paragraph each."""
        if self.refusal is not None:
            return ()
        told = [
            list_under(f"{one.member} {'joins' if one.joins else 'leaves'}:", [_say(one, step) for step in one.steps])
            for one in self.parts
        ]
        if self.parts:
            told.append("at the end load balancers, names and the settings of all machines follow")
        if 2 in range(len(self.goal), len(self.voters) + 1) or 2 in range(len(self.voters), len(self.goal)):
            told.append("while two members vote both have to live: none of them may fail meanwhile")
        return tuple(told)

    def draw(self) -> str:
        """Return a table of the steps."""
        rows = [(one.member, step.value, _say(one, step)) for one in self.parts for step in one.steps]
        return table_html(("member", "step", "what is done"), rows, label=f"steps to {len(self.goal)} members")


def _say(part: ResizePart, step: ResizeStep) -> str:
    return _MACHINE[part.joins] if step is ResizeStep.MACHINE else _WORDS[step]
