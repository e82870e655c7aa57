"""Settings and disks against etcd's guidance: near members, far ones, full databases, slow disks."""

from __future__ import annotations

from typing import Any

import pytest
from support.etcd_metrics import histogram, member, scrape

from fleetkit.etcd import Advice, Fit, MemberMetrics, RaftSettings, Tuning, judge_tuning

FITS, CHANGE, UNKNOWN = Fit.FITS, Fit.CHANGE, Fit.UNKNOWN
GIB = 1024**3


def tune(first: MemberMetrics, **settings: int) -> Tuning:
    return judge_tuning(scrape(0, first=first), RaftSettings(**settings))


def find(tuning: Tuning, setting: str, who: str = "") -> Advice:
    (found,) = [one for one in tuning.advice if one.setting == setting and one.who == who]
    return found


def apart(milliseconds: float) -> MemberMetrics:
    return member(round_trip_average_s={"b2": milliseconds / 1000, "c3": 0.0001})


@pytest.mark.parametrize(
    ("rtt_ms", "current", "suggested", "fit"),
    [
        (0.4, 100, 100, FITS),
        (60, 100, 100, FITS),
        (180, 100, 100, FITS),
        (210, 100, 210, CHANGE),
        (204, 300, 300, FITS),
        (0.4, 500, 100, CHANGE),
        (200, 400, 200, CHANGE),
        (60, None, 100, UNKNOWN),
        (204, None, 210, UNKNOWN),
    ],
)
def test_the_heartbeat_follows_the_longest_round_trip(
    rtt_ms: float, current: int | None, suggested: int, fit: Fit
) -> None:
    given = {} if current is None else {"heartbeat_ms": current}
    found = find(tune(apart(rtt_ms), **given), "heartbeat-interval")
    assert (found.current, found.suggested, found.fit) == (current, suggested, fit)
    assert f"{rtt_ms:.4g} ms" in found.why


@pytest.mark.parametrize(
    ("rtt_ms", "beat", "current", "suggested", "fit"),
    [
        (0.4, 100, 1000, 1000, FITS),
        (0.4, 100, 400, 1000, CHANGE),
        (150, 150, 1000, 1500, CHANGE),
        (150, 150, 1500, 1500, FITS),
        (150, None, None, 1500, UNKNOWN),
        (6000, 6000, 50_000, 50_000, CHANGE),
    ],
)
def test_the_election_takes_ten_round_trips_and_no_more_than_etcd_bears(
    rtt_ms: float, beat: int | None, current: int | None, suggested: int, fit: Fit
) -> None:
    given = {} if beat is None or current is None else {"heartbeat_ms": beat, "election_ms": current}
    found = find(tune(apart(rtt_ms), **given), "election-timeout")
    assert (found.current, found.suggested, found.fit) == (current, suggested, fit)


def test_without_a_round_trip_nothing_is_suggested() -> None:
    tuning = tune(member(), heartbeat_ms=100, election_ms=1000)
    for setting in ("heartbeat-interval", "election-timeout"):
        found = find(tuning, setting)
        assert (found.suggested, found.fit) == (None, UNKNOWN)
    assert tuning.fits


@pytest.mark.parametrize(
    ("changed", "suggested", "fit", "why"),
    [
        ({}, 2 * GIB, FITS, "15 % of it is taken"),
        ({"db_size": 1.8 * GIB, "db_size_in_use": 1.7 * GIB}, 4 * GIB, CHANGE, "writes end"),
        ({"db_size": 1.8 * GIB, "db_size_in_use": 0.5 * GIB}, 2 * GIB, CHANGE, "defragment"),
        ({"quota": 8.0 * GIB, "db_size": 7 * GIB, "db_size_in_use": 6 * GIB}, 8 * GIB, CHANGE, "keep less"),
        ({"quota": 5.0 * GIB, "db_size": 4.5 * GIB, "db_size_in_use": 4 * GIB}, 8 * GIB, CHANGE, "writes end"),
        ({"quota": 16.0 * GIB}, 8 * GIB, CHANGE, "8 GiB at most"),
    ],
)
def test_the_quota_leaves_room_and_is_not_larger_than_etcd_advises(
    changed: dict[str, Any], suggested: int, fit: Fit, why: str
) -> None:
    found = find(tune(member(**changed)), "quota-backend-bytes", "etcd1")
    assert (found.suggested, found.fit) == (suggested, fit)
    assert why in found.why


def test_fewer_entries_wait_for_a_snapshot_where_memory_is_short_by_them() -> None:
    assert find(tune(member(), snapshot_count=100_000), "snapshot-count").fit is FITS
    fat = member(resident_memory=3 * GIB)
    found = find(tune(fat, snapshot_count=100_000), "snapshot-count")
    assert (found.suggested, found.fit) == (10_000, CHANGE)
    assert found.why.startswith("etcd1 holds 2.7 GiB")
    assert find(tune(fat, snapshot_count=5000), "snapshot-count").fit is FITS


@pytest.mark.parametrize(
    ("fsync", "commit", "fit", "why"),
    [
        ({"at_0_001": 1000}, {"at_0_001": 1000}, FITS, "within 10 ms"),
        ({"at_0_001": 980, "at_0_1": 20}, {"at_0_001": 1000}, CHANGE, "syncing the log takes 50.5 ms"),
        ({"at_0_001": 1000}, {"at_0_001": 980, "at_0_1": 20}, CHANGE, "committing takes 50.5 ms"),
        ({"at_0_001": 995, "at_0_1": 5}, {"at_0_001": 1000}, FITS, "within 10 ms"),
        ({"at_0_1": 99}, {"at_0_001": 1000}, UNKNOWN, "99 syncs and 1000 commits were observed"),
    ],
)
def test_a_disk_is_judged_by_its_slowest_hundredth(
    fsync: dict[str, float], commit: dict[str, float], fit: Fit, why: str
) -> None:
    first = member(fsync_seconds=histogram(**fsync), commit_seconds=histogram(**commit))
    disk = tune(first).disks[0]
    assert (disk.member, disk.fit) == ("etcd1", fit)
    assert why in disk.why


def test_round_trips_are_told_by_the_members_names() -> None:
    trips = tune(apart(3)).round_trips
    assert [(one.member, one.peer, one.average_s) for one in trips] == [
        ("etcd1", "etcd2", 0.003),
        ("etcd1", "etcd3", 0.0001),
    ]
