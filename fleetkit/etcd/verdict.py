"""The judgement over what members answered: healthy, degraded, lost, or nothing that can be said."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass

from fleetkit.core import judge_quorum
from fleetkit.etcd.trouble import Trouble

__all__ = ["ClusterHealth", "MemberHealth", "Verdict", "judge_cluster"]


class Verdict(enum.StrEnum):
    """The state of a whole cluster."""

    HEALTHY = "healthy"
    """Every member that was asked is."""
    DEGRADED = "degraded"
    """The quorum is there, and something is not well."""
    LOST = "lost"
    """Too few members serve: nothing can be written."""
    UNKNOWN = "unknown"
    """The trouble lies on our side, so that nothing can be said of the cluster."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberHealth:
    """The health of one member.

    Attributes
    ----------
    name
        The member's name where it is known, else the endpoint's.
    id
        In hex; empty where no member could tell it.
    healthy
        Whether it is.
    reason
        Why not, for a person; empty where healthy, but for a remark such as that it is a learner.
    took_ms
        Milliseconds until this was known.
    trouble
        What is the matter; None where healthy.
    is_learner
        Whether it only learns, and does not vote.
    """

    name: str
    id: str
    healthy: bool
    reason: str
    took_ms: float
    trouble: Trouble | None = None
    is_learner: bool = False

    @property
    def serves(self) -> bool:
        """Whether it takes part in the quorum, be it under an alarm."""
        return self.healthy or self.trouble is Trouble.ALARM

    @property
    def is_unreadable(self) -> bool:
        """Whether the trouble is on our side, so that the member may well be healthy."""
        return self.trouble is not None and self.trouble.is_ours


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterHealth:
    """The health of a cluster.

    Attributes
    ----------
    verdict
        The whole in one word.
    tolerates
        How many more of the members that serve may fail with the quorum kept.
    voters, required
        Number of voting members, and how many of them make a quorum.
    members
        Each member that was asked, in the order asked.
    """

    verdict: Verdict
    tolerates: int
    voters: int
    required: int
    members: tuple[MemberHealth, ...]


def judge_cluster(asked: Sequence[MemberHealth], *, voters: int | None = None) -> ClusterHealth:
    """Judge a cluster by what its members answered.

    Parameters
    ----------
    asked
        The members that were asked.
    voters
        Number of voting members as the member list has it; None where it could not be read.
        Voters that were not asked count as failed for ``tolerates``, because nobody looked.
    """
    voting = [member for member in asked if not member.is_learner]
    known = max(voters or 0, len(voting), 1)
    serving = sum(member.serves for member in voting)
    quorum = judge_quorum(voters=known, healthy=serving)
    # Each member that serves has just read through the quorum, so one of them proves that there is one,
    # also where not all voters were asked.
    may_serve = serving + sum(member.is_unreadable for member in voting) + (known - len(voting))
    if serving:
        verdict = Verdict.HEALTHY if all(member.healthy for member in asked) else Verdict.DEGRADED
    else:
        verdict = Verdict.UNKNOWN if may_serve >= quorum.required else Verdict.LOST
    return ClusterHealth(
        verdict=verdict,
        tolerates=quorum.tolerates,
        voters=known,
        required=quorum.required,
        members=tuple(asked),
    )
