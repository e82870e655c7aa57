"""Quorum arithmetic of a Raft cluster: how many members must agree, and how many may fail.

The numbers are those of etcd's fault-tolerance table (etcd documentation, "FAQ: failure tolerance").
"""

from __future__ import annotations

import enum
from dataclasses import dataclass

__all__ = ["FAULT_TOLERANCE_TABLE", "Quorum", "QuorumState", "judge_quorum", "quorum_size", "tolerated_failures"]


class QuorumState(enum.StrEnum):
    """Whether a cluster can still agree on a write."""

    HEALTHY = "healthy"
    DEGRADED = "degraded"
    LOST = "lost"


@dataclass(frozen=True, slots=True, kw_only=True)
class Quorum:
    """A judgement over the voting members of a cluster.

    Attributes
    ----------
    state
        ``healthy`` when all voters are, ``degraded`` when a majority is, else ``lost``.
    voters, healthy
        Number of voting members, and how many of them are healthy.
    required
        Number of voters that must be healthy for a quorum.
    tolerates
        How many more healthy voters may fail before the quorum is lost; 0 when it already is.
    """

    state: QuorumState
    voters: int
    healthy: int
    required: int
    tolerates: int


def quorum_size(voters: int) -> int:
    """Return how many of ``voters`` members make a quorum.

    Raises
    ------
    ValueError
        When ``voters`` is less than 1.
    """
    if voters < 1:
        raise ValueError(f"a cluster has at least one voting member, not {voters}")
    return voters // 2 + 1


def tolerated_failures(voters: int) -> int:
    """Return how many of ``voters`` healthy members may fail with the quorum kept."""
    return voters - quorum_size(voters)


def judge_quorum(*, voters: int, healthy: int) -> Quorum:
    """Judge a cluster of which ``healthy`` of ``voters`` voting members are healthy.

    Raises
    ------
    ValueError
        When ``healthy`` is negative or exceeds ``voters``.
    """
    required = quorum_size(voters)
    if not 0 <= healthy <= voters:
        raise ValueError(f"healthy members must be between 0 and {voters}, not {healthy}")
    if healthy == voters:
        state = QuorumState.HEALTHY
    elif healthy >= required:
        state = QuorumState.DEGRADED
    else:
        state = QuorumState.LOST
    return Quorum(
        state=state,
        voters=voters,
        healthy=healthy,
        required=required,
        tolerates=max(0, healthy - required),
    )


FAULT_TOLERANCE_TABLE: tuple[tuple[int, int, int], ...] = tuple(
    (voters, quorum_size(voters), tolerated_failures(voters)) for voters in (1, 3, 5, 7, 9)
)
"""Rows of (cluster size, quorum, tolerated failures), for showing to people."""
