"""The plan of a delivery of secrets: which file of which pool changes, and which machines fetch. Never a value."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fleetkit.workflows._basis import Operation
from fleetkit.workflows._change_plan import ChangePlan, Refusal, refuse_if
from fleetkit.workflows._rotation_machines import FleetMachine
from fleetkit.workflows._shown import list_under

__all__ = ["PlannedSecret", "SecretChange", "SecretsPlan"]


class SecretChange(enum.StrEnum):
    """What becomes of a file."""

    NEW = "new"
    CHANGED = "changed"
    SAME = "same"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedSecret:
    """A file of one pool's machines, and what becomes of it.

    Attributes
    ----------
    role
        The pool.
    destination
        Its path on a machine.
    sources
        The references that lead to what is in it; none where it is removed.
    """

    role: str
    destination: str
    sources: tuple[str, ...]
    change: SecretChange

    @property
    def text(self) -> str:
        """One line for people."""
        led = f", from {', '.join(self.sources)}" if self.sources else ""
        return f"{self.destination} of {self.role}: {self.change}{led}"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class SecretsPlan(ChangePlan):
    """What a delivery of secrets would do.

    Attributes
    ----------
    secrets
        All files, those that stay as they are among them.
    machines
        Those that fetch; one that does not run fetches when it boots.
    everybody
        Whether machines fetch though nothing changed.
    refused
        Why it may not be done now, a line each; empty where it may.
    """

    secrets: tuple[PlannedSecret, ...]
    machines: tuple[FleetMachine, ...]
    everybody: bool = False
    refused: tuple[str, ...] = ()

    @property
    def operation(self) -> Operation:
        """What it is for."""
        return Operation.SECRETS

    @property
    def changes(self) -> tuple[PlannedSecret, ...]:
        """The files that do not stay as they are."""
        return tuple(one for one in self.secrets if one.change is not SecretChange.SAME)

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to do."""
        return not self.changes and not self.machines and not self.refused

    @property
    def facts(self) -> Mapping[str, Any]:
        """Which file changes for whom, and where it comes from; what is in it is none of a plan's facts."""
        return {
            "secrets": [[one.role, one.destination, list(one.sources), str(one.change)] for one in self.changes],
            "machines": [[one.name, one.address] for one in self.machines],
        }

    @property
    def impossible(self) -> str:
        """What cannot be done where it is refused."""
        return f"no secrets can be delivered to {self.cluster} now"

    @property
    def refusal(self) -> Refusal | None:
        """Why it may not be done now; None where it may."""
        return refuse_if(self.refused, hint=f"fleetkit deploy {self.cluster} makes what is missing")

    @property
    def aim(self) -> str:
        """What the plan does, in one sentence."""
        if self.is_empty:
            return (
                f"Nothing to deliver: {len(self.secrets)} files with secrets of {self.cluster} are as they should be."
            )
        return f"This brings {len(self.changes)} files with secrets to where the machines of {self.cluster} fetch them."

    @property
    def course(self) -> tuple[str, ...]:
        """What is done, a paragraph each."""
        parts = []
        if self.changes:
            parts.append(list_under("put into the bucket, or removed from there:", [one.text for one in self.changes]))
        running = [one.place for one in self.machines if one.is_running]
        resting = [one.place for one in self.machines if not one.is_running]
        if running:
            parts.append(list_under("these machines fetch, in this order:", running))
        if resting:
            parts.append(list_under("these do not run, and fetch when they boot:", resting))
        return tuple(parts)
