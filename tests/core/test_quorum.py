"""Quorum arithmetic agrees with etcd's fault-tolerance table and never promises too much."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleetkit.core import FAULT_TOLERANCE_TABLE, QuorumState, judge_quorum, quorum_size, tolerated_failures


@pytest.mark.parametrize(
    ("voters", "size", "tolerated"), [(1, 1, 0), (2, 2, 0), (3, 2, 1), (4, 3, 1), (5, 3, 2), (7, 4, 3), (9, 5, 4)]
)
def test_the_table_is_etcds(voters: int, size: int, tolerated: int) -> None:
    assert (quorum_size(voters), tolerated_failures(voters)) == (size, tolerated)
    assert all(
        (voters, quorum_size(voters), tolerated_failures(voters)) == row
        for row in FAULT_TOLERANCE_TABLE
        for voters in row[:1]
    )


@given(st.integers(1, 50), st.integers(0, 50))
def test_what_is_tolerated_may_fail_and_no_more(voters: int, healthy: int) -> None:
    if healthy > voters:
        with pytest.raises(ValueError, match="healthy members"):
            judge_quorum(voters=voters, healthy=healthy)
        return
    quorum = judge_quorum(voters=voters, healthy=healthy)
    if quorum.state is QuorumState.LOST:
        assert healthy < quorum.required
        assert quorum.tolerates == 0
    else:
        assert judge_quorum(voters=voters, healthy=healthy - quorum.tolerates).state is not QuorumState.LOST
        assert healthy - quorum.tolerates == quorum.required


def test_a_cluster_without_members_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one"):
        quorum_size(0)
