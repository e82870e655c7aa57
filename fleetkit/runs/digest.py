"""What a journal tells of a run, boiled down to what it ended with: its plan, its approvals, its changes, its facts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fleetkit.core import FleetkitError, NotFoundError
from fleetkit.runs.journal import EventKind, read_journal

__all__ = ["RunDigest", "read_digest"]


@dataclass(slots=True, kw_only=True)
class RunDigest:
    """What a run planned, was allowed, changed and saw; of what was seen more than once, the last.

    Attributes
    ----------
    plan
        The plan that was made last; None where none was.
    approvals
        The approvals, in their order.
    changes
        Address of each resource that was changed, to the action.
    facts
        What was observed, by what it is about: ``members``, ``quorum``, ``findings`` and the like.
    verified
        What was verified, and whether it held.
    remark
        Why the journal tells nothing, or not all; empty where it was read to its end.
    """

    plan: Mapping[str, Any] | None = None
    approvals: list[Mapping[str, Any]] = field(default_factory=list)
    changes: dict[str, str] = field(default_factory=dict)
    facts: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    verified: dict[str, bool] = field(default_factory=dict)
    remark: str = ""

    def take(self, kind: EventKind, data: Mapping[str, Any]) -> None:
        """Take in the next event."""
        if kind is EventKind.PLAN:
            self.plan = data
        elif kind is EventKind.APPROVAL:
            self.approvals.append(data)
        elif kind is EventKind.CHANGE and "address" in data:
            self.changes[str(data["address"])] = str(data.get("action", ""))
        elif kind is EventKind.FACT:
            self.facts[str(data.get("about", ""))] = {name: value for name, value in data.items() if name != "about"}
        elif kind is EventKind.VERIFIED:
            self.verified[str(data.get("what", ""))] = bool(data.get("ok"))


def read_digest(folder: Path) -> RunDigest:
    """Read the journal of the record in ``folder``, as far as it can be read.

    Whether it is to be believed is not asked here: `fleetkit runs verify` answers that.
    """
    digest, told = RunDigest(), False
    try:
        for event in read_journal(folder):
            digest.take(event.kind, event.data)
            told = True
    except NotFoundError:
        told = False
    except FleetkitError as error:
        digest.remark = f"of {folder.name} only what stands before the damage is known: {error}"
        return digest
    if not told:
        digest.remark = f"{folder.name} has no journal: what it planned and saw is not known"
    return digest
