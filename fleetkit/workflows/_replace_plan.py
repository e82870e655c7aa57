"""The plan of a replacement: which member and which machine go, what is left to do, and why it may not be done."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from html import escape

from fleetkit.config import Approval
from fleetkit.core import PreconditionError, QuorumAtRiskError
from fleetkit.views import PlanView, table_html
from fleetkit.workflows._basis import Basis, Operation
from fleetkit.workflows._replace_look import Refusal, ReplaceStep
from fleetkit.workflows._replace_machine import MachinePlan
from fleetkit.workflows._shown import Shown, list_under

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
class ReplacePlan(Shown):
    """What a replacement would do.

    Attributes
    ----------
    cluster, member
        Name of the cluster, and of the member that is replaced.
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
    refusal
        Why it may not be done now; None where it may.
    rules
        Who may approve it, and what that takes.
    """

    cluster: str
    member: str
    member_id: str
    voters: int
    steps: tuple[ReplaceStep, ...]
    begun_at: str = ""
    machine: MachinePlan | None = None
    view: PlanView = field(default_factory=lambda: PlanView(rows=(), outputs=()))
    refusal: Refusal | None = None
    rules: Approval = field(default_factory=Approval)
    basis: Basis | None = None

    @property
    def operation(self) -> Operation:
        """What it is for."""
        return Operation.REPLACE

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to do."""
        return not self.steps and self.refusal is None

    @property
    def sha256(self) -> str:
        """Fingerprint of what is done to whom, and of what Terraform changes."""
        said = {"cluster": self.cluster, "member": self.member, "member_id": self.member_id, "steps": self.steps}
        machine = "" if self.machine is None else self.machine.old
        changes = [[row.address, row.action] for row in self.view.rows]
        return hashlib.sha256(
            json.dumps({**said, "machine": machine, "changes": changes}, sort_keys=True).encode()
        ).hexdigest()

    @property
    def opening(self) -> str:
        """What the plan does, in one sentence."""
        if self.refusal is not None:
            return f"{self.member} of {self.cluster} cannot be replaced now."
        if self.is_empty:
            return f"Nothing left to do: {self.member} of {self.cluster} has been replaced, and votes."
        if self.begun_at:
            return f"This goes on with the replacement of {self.member} of {self.cluster}, begun at {self.begun_at}."
        return f"This replaces the member {self.member} of {self.cluster}, and the machine that it stands on."

    @property
    def beyond_terraform(self) -> tuple[str, ...]:
        """What is done, and what it means meanwhile, a paragraph each."""
        if self.refusal is not None:
            return (list_under("refused, because:", self.refusal.reasons),)
        parts = [list_under("in this order:", [_WORDS[one] for one in self.steps])] if self.steps else []
        if self.steps and self.voters <= 3:
            parts.append("until it votes, the two others both have to live: no other of them may fail meanwhile")
        return tuple(parts)

    @property
    def text(self) -> str:
        """The plan in plain lines."""
        return "\n\n".join([self.opening, *self.beyond_terraform, *([self.view.text] if self.view.rows else [])])

    def draw(self) -> str:
        """Return a table of the steps."""
        rows = [(str(number), one.value, _WORDS[one]) for number, one in enumerate(self.steps, start=1)]
        return table_html(("step", "name", "what is done"), rows, label=f"steps of the replacement of {self.member}")

    def check(self) -> None:
        """Refuse what would make things worse.

        Raises
        ------
        QuorumAtRiskError
            When the quorum would be lost, or hang on a member that is ill.
        PreconditionError
            When something else has to be mended first.
        """
        if self.refusal is not None:
            kind = QuorumAtRiskError if self.refusal.at_risk else PreconditionError
            raise kind(
                f"{self.member} of {self.cluster} cannot be replaced now",
                seen="; ".join(self.refusal.reasons),
                hint=self.refusal.hint,
            )

    def __str__(self) -> str:
        return self.text

    def _repr_html_(self) -> str:
        changes = self.view._repr_html_() if self.view.rows else ""
        beyond = "".join(f"<pre>{escape(part)}</pre>" for part in self.beyond_terraform)
        return f"<p><strong>{escape(self.opening)}</strong></p>{beyond}{changes}"
