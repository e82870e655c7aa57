"""Taking alarms of etcd back, held to what the cluster file demands of an approval like all work on etcd."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from fleetkit.etcd import Alarm, AlarmKind, StoreHashes
from fleetkit.workflows._basis import Operation
from fleetkit.workflows._change_plan import ChangePlan, Refusal, refuse_if
from fleetkit.workflows._reporting import Reporter
from fleetkit.workflows._workspace import Workspace
from fleetkit.workflows.unlocking import hold_everywhere

__all__ = ["DisarmPlan", "hold_for_disarming"]


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class DisarmPlan(ChangePlan):
    """Which alarms are taken back.

    Attributes
    ----------
    alarms
        The alarms that are raised.
    hashes
        Whether the members hold the same; None where it was not asked.
    """

    alarms: tuple[Alarm, ...]
    hashes: StoreHashes | None = None

    @property
    def operation(self) -> Operation:
        """What it is for."""
        return Operation.DISARM

    @property
    def is_empty(self) -> bool:
        """Whether none is raised."""
        return not self.alarms

    @property
    def facts(self) -> Mapping[str, Any]:
        """Which alarms of whom."""
        return {"disarm": sorted([str(one.alarm), one.member_id] for one in self.alarms)}

    @property
    def impossible(self) -> str:
        """What cannot be done where it is refused."""
        return f"the alarm CORRUPT of {self.cluster} cannot be taken back now"

    @property
    def refusal(self) -> Refusal | None:
        """Why it may not be done now: NOSPACE comes back by itself while a member is full, and CORRUPT does not."""
        if not any(one.alarm is AlarmKind.CORRUPT for one in self.alarms):
            return None
        agree = self.hashes is not None and self.hashes.agree
        reason = "whether the members hold the same was not asked" if self.hashes is None else self.hashes.text
        hint = f"replace the member that differs (fleetkit etcd hash {self.cluster} names it), and disarm then"
        return refuse_if([] if agree else [reason], hint=hint)

    @property
    def aim(self) -> str:
        """What the plan does, in one sentence."""
        told = ", ".join(f"{one.alarm} of {one.member_id or 'no member in particular'}" for one in self.alarms)
        return f"This takes back alarms of {self.cluster}: {told}." if told else "No alarm is raised."

    @property
    def course(self) -> tuple[str, ...]:
        """What it means, a paragraph each."""
        return ("nothing is mended by that: a member that is still full raises NOSPACE again with the next write",)


@contextlib.contextmanager
def hold_for_disarming(workspace: Workspace | None) -> Iterator[None]:
    """Be alone at work on a cluster; of an etcd without a cluster file nobody keeps a lock.

    Raises
    ------
    BusyError
        When another operation is at work on the cluster, here or wherever else its state is used.
    """
    if workspace is None:
        yield
    else:
        with hold_everywhere(workspace, operation="disarming of alarms", told=Reporter()):
            yield
