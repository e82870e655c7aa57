"""The plan of a replacement: which member and which machine go, what is left to do, and why it may not be done."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from fleetkit.views import PlanView, table_html
from fleetkit.workflows._basis import Operation
from fleetkit.workflows._change_plan import ChangePlan, Refusal
from fleetkit.workflows._replace_look import ReplaceStep
from fleetkit.workflows._replace_machine import MachinePlan
from fleetkit.workflows._shown import list_under

__all__ = ["ReplacePlan"]

_WORDS = {
    ReplaceStep.SETTINGS: "its settings in the bucket: it joins the cluster that is there",
    ReplaceStep.LEADERSHIP: "the leadership goes to another",
    ReplaceStep.REMOVAL: "etcd forgets the old member; its data are gone for good",
    ReplaceStep.LEARNER: "the new one is added as a learner, which has no vote",
    ReplaceStep.MACHINE: "Terraform replaces its machine; address, host key and certificates stay",
    ReplaceStep.PROMOTION: "it starts, catches up, and is made a voter",
}


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class ReplacePlan(ChangePlan):
    """What a replacement would do.

    Attributes
    ----------
    member
        Name of the member that is replaced.
    member_id
        Its id in hex as etcd lists it now; empty where it does not.
    voters
        Number of voting members now.
    steps
        What is left to do, in order.
    begun_at
        When one that is under way was begun; empty where this begins it.
    machine
        Terraform's part; None where the plan is refused, or there is nothing to do.
    view
        The same as it is shown.
    unproven
        Why it is not known whether the others hold the same; empty where it is.
    refusal
        Why it may not be done now; None where it may.
    """

    member: str
    member_id: str
    voters: int
    steps: tuple[ReplaceStep, ...]
    begun_at: str = ""
    machine: MachinePlan | None = None
    view: PlanView = field(default_factory=lambda: PlanView(rows=(), outputs=()))
    unproven: str = ""
    refusal: Refusal | None = None

    @property
    def operation(self) -> Operation:
        """What it is for."""
        return Operation.REPLACE

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to do."""
        return not self.steps and self.refusal is None

    @property
    def facts(self) -> Mapping[str, Any]:
        """What is done to whom, and what Terraform changes."""
        said = {"member": self.member, "member_id": self.member_id, "steps": self.steps}
        changes = [[row.address, row.action] for row in self.view.rows]
        return {**said, "machine": "" if self.machine is None else self.machine.old, "changes": changes}

    @property
    def impossible(self) -> str:
        """What cannot be done where it is refused."""
        return f"{self.member} of {self.cluster} cannot be replaced now"

    @property
    def aim(self) -> str:
        """What the plan does, in one sentence."""
        if self.is_empty:
            return f"Nothing left to do: {self.member} of {self.cluster} has been replaced, and votes."
        if self.begun_at:
            return f"This goes on with the replacement of {self.member} of {self.cluster}, begun at {self.begun_at}."
        return f"This replaces the member {self.member} of {self.cluster}, and the machine that it stands on."

    @property
    def course(self) -> tuple[str, ...]:
        """What is done, and what it means meanwhile, a paragraph each."""
        if self.refusal is not None:
            return ()
        parts = [list_under("in this order:", [_WORDS[one] for one in self.steps])] if self.steps else []
        if self.steps and self.voters <= 3:
            parts.append("until it votes, the two others both have to live: no other of them may fail meanwhile")
        if self.steps and self.unproven:
            parts.append(f"careful: whether the others hold the same is not known: {self.unproven}")
        return tuple(parts)

    def draw(self) -> str:
        """Return a table of the steps."""
        rows = [(str(number), one.value, _WORDS[one]) for number, one in enumerate(self.steps, start=1)]
        return table_html(("step", "name", "what is done"), rows, label=f"steps of the replacement of {self.member}")
