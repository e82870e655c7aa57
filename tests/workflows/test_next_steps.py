"""Whoever is told that members are ill is told what to do next, in the same words everywhere."""

from __future__ import annotations

import pytest

from fleetkit.etcd import MemberHealth, Trouble, judge_cluster
from fleetkit.workflows import list_next_steps


def steps(*troubles: Trouble | None) -> str:
    members = [
        MemberHealth(name=f"etcd{number}", id="", healthy=trouble is None, reason="", took_ms=1, trouble=trouble)
        for number, trouble in enumerate(troubles, start=1)
    ]
    return "\n".join(list_next_steps(judge_cluster(members, voters=len(members)), cluster="demo"))


@pytest.mark.parametrize(
    ("trouble", "said"),
    [
        (Trouble.DOWN, "fleetkit etcd replace demo etcd3"),
        (Trouble.SILENT, "a machine that is paused or overloaded is rebooted"),
        (Trouble.NO_QUORUM, "etcd3 does not hear the others on port 2380"),
        (Trouble.SERVER_CERTIFICATE_EXPIRED, "the certificates of etcd3 are made anew: fleetkit certificates rotate"),
        (Trouble.NAME_MISMATCH, "etcd3 serves another certificate than its own"),
        (Trouble.SERVER_UNTRUSTED, "fleetkit certificates rotate demo"),
    ],
)
def test_one_that_is_ill_is_told_with_what_mends_it_and_nothing_else(trouble: Trouble, said: str) -> None:
    told = steps(None, None, trouble)
    assert said in told
    assert len(told.splitlines()) == 1


def test_where_the_quorum_is_lost_a_restore_is_told_and_no_replacement() -> None:
    told = steps(None, None, None)
    assert told == ""
    told = steps(Trouble.DOWN, Trouble.DOWN, Trouble.NO_QUORUM)
    assert "the quorum is lost" in told
    assert "fleetkit etcd restore demo" in told
    assert "replace" not in told


def test_what_mends_an_alarm_stands_in_its_reason() -> None:
    assert steps(Trouble.ALARM, Trouble.ALARM, Trouble.ALARM) == ""
