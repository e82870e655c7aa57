"""The plan of a reboot of masters: who is rebooted, in which order, and to which system."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field

from fleetkit.config import Approval
from fleetkit.core import PreconditionError, QuorumAtRiskError
from fleetkit.views import PlanView, table_html
from fleetkit.workflows._basis import Basis, Operation
from fleetkit.workflows._reboot_machine import MasterSystem
from fleetkit.workflows._shown import Shown, list_under

__all__ = ["RebootPlan"]


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class RebootPlan(Shown):
    """What a reboot would do.

    Attributes
    ----------
    cluster
        Name of the cluster.
    masters
        Those that are rebooted, in this order.
    left_out
        Those for which no update waits.
    voters
        Number of voting members.
    refused
        Why it may not be done now, a line each; empty where it may.
    at_risk
        Whether that is because the quorum would hang on every single member.
    """

    cluster: str
    masters: tuple[MasterSystem, ...]
    left_out: tuple[MasterSystem, ...]
    voters: int
    refused: tuple[str, ...] = ()
    at_risk: bool = False
    rules: Approval = field(default_factory=Approval)
    basis: Basis | None = None

    @property
    def operation(self) -> Operation:
        """What it is for."""
        return Operation.REBOOT

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to do."""
        return not self.masters

    @property
    def sha256(self) -> str:
        """Fingerprint of who is rebooted, in which boot each is now."""
        masters = [[one.name, one.boot_id, one.waiting] for one in self.masters]
        said = {"cluster": self.cluster, "reboot": masters}
        return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()

    @property
    def view(self) -> PlanView:
        """What Terraform would change: nothing."""
        return PlanView(rows=(), outputs=())

    @property
    def opening(self) -> str:
        """What the plan does, in one sentence."""
        if self.refused:
            return f"No master of {self.cluster} can be rebooted now."
        if self.is_empty:
            return f"Nothing to do: no master of {self.cluster} says that an update waits for a reboot."
        return f"This reboots {len(self.masters)} masters of {self.cluster}, one by one."

    @property
    def beyond_terraform(self) -> tuple[str, ...]:
        """What is done, a paragraph each."""
        parts = [list_under("refused, because:", self.refused)] if self.refused else []
        if self.masters:
            parts.append(list_under("in this order:", [one.text for one in self.masters]))
            parts.append("fleet moves the units of each to other machines while it is away")
        if self.left_out:
            parts.append(list_under("left as they are (--all takes them too):", [one.text for one in self.left_out]))
        if self.masters and self.voters == 1:
            parts.append("it is the only member: etcd serves nobody while its machine reboots")
        return tuple(parts)

    def draw(self) -> str:
        """Return a table of the systems of all masters."""
        rows = [
            (
                one.name,
                one.version,
                one.waiting or ("" if one.told else "unknown"),
                "yes" if one in self.masters else "no",
            )
            for one in (*self.masters, *self.left_out)
        ]
        return table_html(("master", "runs", "waiting", "turn"), rows, label="operating systems of the masters")

    def check(self) -> None:
        """Refuse what would make things worse.

        Raises
        ------
        QuorumAtRiskError
            When the quorum would hang on every single member while one is away.
        PreconditionError
            When a member is ill.
        """
        if self.refused:
            kind = QuorumAtRiskError if self.at_risk else PreconditionError
            raise kind(
                f"no master of {self.cluster} can be rebooted now",
                seen="; ".join(self.refused),
                hint=f"mend that first: fleetkit etcd health {self.cluster}",
            )

    def __str__(self) -> str:
        return "\n\n".join([self.opening, *self.beyond_terraform])
