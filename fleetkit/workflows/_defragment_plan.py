"""The plan of a defragmentation: whose backend is rewritten, in which order, and who is left out and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fleetkit.core import format_bytes
from fleetkit.etcd import MemberStatus, find_traps
from fleetkit.views import table_html
from fleetkit.workflows._basis import Operation
from fleetkit.workflows._change_plan import ChangePlan, Refusal, refuse_if
from fleetkit.workflows._shown import list_under

__all__ = ["WORTH_BYTES", "WORTH_SHARE", "DefragmentPlan", "MemberSpace"]

_MIB = 1024**2

WORTH_SHARE = 0.45
"""The share of free pages from which a rewrite pays: etcd's own alert warns at a half, and is not to be waited for."""

WORTH_BYTES = 100 * _MIB
"""The free bytes from which it pays: a member is silent while it rewrites, and of a quota of 2 GiB less is no gain."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberSpace:
    """A member, and the space that its backend takes.

    Attributes
    ----------
    name, member_id
        Who it is; the id in hex.
    is_leader, is_learner
        Its role.
    version
        etcd's version.
    db_size, db_size_in_use
        Bytes of the file, and of those the bytes in use.
    """

    name: str
    member_id: str
    is_leader: bool
    is_learner: bool
    version: str
    db_size: int
    db_size_in_use: int

    @classmethod
    def from_status(cls, name: str, status: MemberStatus) -> MemberSpace:
        """Take what a member says of itself."""
        return cls(
            name=name,
            member_id=status.member_id,
            is_leader=status.is_leader,
            is_learner=status.is_learner,
            version=status.version,
            db_size=status.db_size,
            db_size_in_use=status.db_size_in_use,
        )

    @property
    def free(self) -> int:
        """Bytes that a rewrite would give back."""
        return max(0, self.db_size - self.db_size_in_use)

    @property
    def share(self) -> float:
        """Which share of the file they are."""
        return self.free / self.db_size if self.db_size else 0.0

    @property
    def pays(self) -> bool:
        """Whether a rewrite pays."""
        return self.share >= WORTH_SHARE and self.free >= WORTH_BYTES

    @property
    def text(self) -> str:
        """Who it is and what would be gained, in one line."""
        role = "leader" if self.is_leader else "learner" if self.is_learner else "follower"
        return (
            f"{self.name} ({role}): {format_bytes(self.db_size)}, "
            f"{format_bytes(self.free)} ({self.share:.0%}) of it free"
        )


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class DefragmentPlan(ChangePlan):
    """What a defragmentation would do.

    Attributes
    ----------
    members
        Those that rewrite their backends, in this order: followers, and the leader last.
    left_out
        Those for which it does not pay.
    compaction
        Whether the history of all keys is dropped first.
    voters
        Number of voting members.
    refused
        Why it may not be done now, a line each; empty where it may.
    at_risk
        Whether that is because the quorum would hang on every single member.
    """

    members: tuple[MemberSpace, ...]
    left_out: tuple[MemberSpace, ...]
    compaction: bool
    voters: int
    refused: tuple[str, ...] = ()
    at_risk: bool = False

    @property
    def operation(self) -> Operation:
        """What it is for."""
        return Operation.DEFRAGMENT

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to do."""
        return not self.members and not self.compaction

    @property
    def facts(self) -> Mapping[str, Any]:
        """What is done to whom; sizes grow all the time, and are none of it."""
        return {"compaction": self.compaction, "members": [[one.name, one.member_id] for one in self.members]}

    @property
    def impossible(self) -> str:
        """What cannot be done where it is refused."""
        return f"etcd of {self.cluster} cannot be defragmented now"

    @property
    def refusal(self) -> Refusal | None:
        """Why it may not be done now; None where it may."""
        hint = f"mend that first: fleetkit etcd health {self.cluster}"
        return refuse_if(self.refused, at_risk=self.at_risk, hint=hint)

    @property
    def aim(self) -> str:
        """What the plan does, in one sentence."""
        if self.is_empty:
            return f"Nothing to defragment: no member of {self.cluster} has enough free pages for it to pay."
        first = "drops the history of all keys, then " if self.compaction else ""
        return f"This {first}rewrites the backends of {len(self.members)} members of {self.cluster}, one by one."

    @property
    def course(self) -> tuple[str, ...]:
        """What is done, and what is not, a paragraph each."""
        parts = [list_under("in this order:", [one.text for one in self.members])] if self.members else []
        parts += [list_under(_left_out_title(), [one.text for one in self.left_out])] if self.left_out else []
        if self.members and self.voters == 1:
            parts.append("it is the only member: etcd serves nobody while it rewrites")
        versions = dict.fromkeys(one.version for one in self.members)
        traps = [trap for version in versions for trap in find_traps(version, defragmenting=True)]
        if traps:
            parts.append(list_under(f"careful, and back up first (fleetkit etcd backup {self.cluster}):", traps))
        return tuple(parts)

    def draw(self) -> str:
        """Return a table of what the members take and would give back."""
        rows = [
            (one.name, format_bytes(one.db_size), format_bytes(one.free), f"{one.share:.0%}")
            for one in (*self.members, *self.left_out)
        ]
        return table_html(("member", "size", "free", "share"), rows, label="space that the members take")


def _left_out_title() -> str:
    return f"left out, for it does not pay below {WORTH_SHARE:.0%} and {WORTH_BYTES // _MIB} MiB of free pages:"
