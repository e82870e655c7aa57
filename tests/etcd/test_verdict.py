"""The judgement over members, as a table of cases."""

from __future__ import annotations

import pytest

from fleetkit.etcd import MemberHealth, Trouble, Verdict, judge_cluster

WELL = None
LEARNER = "learner"
Case = Trouble | str | None


def member(number: int, case: Case) -> MemberHealth:
    trouble = case if isinstance(case, Trouble) else None
    return MemberHealth(
        name=f"etcd{number}",
        id=f"{number:x}",
        healthy=trouble is None,
        reason="",
        took_ms=1,
        trouble=trouble,
        is_learner=case == LEARNER,
    )


@pytest.mark.parametrize(
    ("cases", "voters", "verdict", "tolerates"),
    [
        ([WELL, WELL, WELL], 3, Verdict.HEALTHY, 1),
        ([WELL], 1, Verdict.HEALTHY, 0),
        ([WELL] * 5, 5, Verdict.HEALTHY, 2),
        ([WELL, WELL, Trouble.DOWN], 3, Verdict.DEGRADED, 0),
        ([WELL] * 4 + [Trouble.SILENT], 5, Verdict.DEGRADED, 1),
        ([Trouble.NO_QUORUM, Trouble.DOWN, Trouble.DOWN], 3, Verdict.LOST, 0),
        ([Trouble.NO_QUORUM, Trouble.SILENT, Trouble.SILENT], 3, Verdict.LOST, 0),
        ([Trouble.DOWN] * 3, 3, Verdict.LOST, 0),
        # An alarm stops writes, not the quorum.
        ([Trouble.ALARM] * 3, 3, Verdict.DEGRADED, 1),
        # Trouble of our own says nothing of the cluster ...
        ([Trouble.CLIENT_REFUSED] * 3, 3, Verdict.UNKNOWN, 0),
        ([Trouble.SERVER_UNTRUSTED] * 3, 3, Verdict.UNKNOWN, 0),
        ([Trouble.TLS_REQUIRED] * 3, 3, Verdict.UNKNOWN, 0),
        ([Trouble.UNRESOLVED, Trouble.DOWN, Trouble.UNRESOLVED], 3, Verdict.UNKNOWN, 0),
        # ... unless what is known besides suffices.
        ([Trouble.UNRESOLVED, Trouble.DOWN, Trouble.DOWN], 3, Verdict.LOST, 0),
        ([Trouble.NAME_MISMATCH, WELL, WELL], 3, Verdict.DEGRADED, 0),
        # A learner does not vote, but one that is ill is still ill health.
        ([WELL, WELL, WELL, LEARNER], 3, Verdict.HEALTHY, 1),
        # One that was asked and is well has read through the quorum, so there is one.
        ([WELL], 3, Verdict.HEALTHY, 0),
        ([WELL, Trouble.DOWN], 3, Verdict.DEGRADED, 0),
        ([Trouble.DOWN], 3, Verdict.UNKNOWN, 0),
        # Without a member list, those that were asked are taken for all.
        ([WELL, WELL, Trouble.DOWN], None, Verdict.DEGRADED, 0),
        ([Trouble.DOWN], None, Verdict.LOST, 0),
    ],
)
def test_a_cluster_is_judged(cases: list[Case], voters: int | None, verdict: Verdict, tolerates: int) -> None:
    asked = [member(number, case) for number, case in enumerate(cases, 1)]
    found = judge_cluster(asked, voters=voters)
    assert (found.verdict, found.tolerates) == (verdict, tolerates)


def test_two_members_with_a_lost_read_are_not_called_degraded() -> None:
    asked = [member(1, Trouble.NO_QUORUM), member(2, Trouble.NO_QUORUM), member(3, Trouble.SILENT)]
    assert judge_cluster(asked, voters=3).verdict is Verdict.LOST
