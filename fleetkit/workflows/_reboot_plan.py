"""The plan of a reboot of masters: who is rebooted, in which order, and to which system."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fleetkit.views import table_html
from fleetkit.workflows._basis import Operation
from fleetkit.workflows._change_plan import ChangePlan, Refusal, refuse_if
from fleetkit.workflows._reboot_machine import MasterSystem
from fleetkit.workflows._shown import list_under

__all__ = ["RebootPlan"]


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class RebootPlan(ChangePlan):
    """What a reboot would do.

    Attributes
    ----------
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

    masters: tuple[MasterSystem, ...]
    left_out: tuple[MasterSystem, ...]
    voters: int
    refused: tuple[str, ...] = ()
    at_risk: bool = False

    @property
    def operation(self) -> Operation:
        """What it is for."""
        return Operation.REBOOT

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to do."""
        return not self.masters

    @property
    def facts(self) -> Mapping[str, Any]:
        """Who is rebooted, in which boot each is now."""
        return {"reboot": [[one.name, one.boot_id, one.waiting] for one in self.masters]}

    @property
    def impossible(self) -> str:
        """What cannot be done where it is refused."""
        return f"no master of {self.cluster} can be rebooted now"

    @property
    def refusal(self) -> Refusal | None:
        """Why it may not be done now; None where it may."""
        hint = f"mend that first: fleetkit etcd health {self.cluster}"
        return refuse_if(self.refused, at_risk=self.at_risk, hint=hint)

    @property
    def aim(self) -> str:
        """What the plan does, in one sentence."""
        if self.is_empty:
            return f"Nothing to do: no master of {self.cluster} says that an update waits for a reboot."
        return f"This reboots {len(self.masters)} masters of {self.cluster}, one by one."

    @property
    def course(self) -> tuple[str, ...]:
        """What is done, a paragraph each."""
        parts = []
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
