"""Each of etcd's thirteen alerts fires, stays quiet, and says where it cannot tell; all over data, the newest last."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest
from support.etcd_metrics import histogram, member, scrape

from fleetkit.etcd import ALERT_RULES, Alert, AlertState, MemberMetrics, RequestCount, Scrape, judge_alerts

FIRING, PENDING, QUIET, TOO_SHORT, UNMEASURED = (
    AlertState.FIRING,
    AlertState.PENDING,
    AlertState.QUIET,
    AlertState.TOO_SHORT,
    AlertState.UNMEASURED,
)
MINUTE = 60.0


def watched(minutes: int, first: Callable[[int], MemberMetrics] = lambda _: member(), **of_all: Any) -> list[Scrape]:
    """Return a scrape each minute; ``first`` makes the first member's metrics of the minutes since the beginning."""
    return [scrape((minutes - since) * MINUTE, first=first(since), **of_all) for since in range(minutes + 1)]


def seconds(first: Callable[[int], MemberMetrics], **of_all: Any) -> list[Scrape]:
    """Return two scrapes five seconds apart."""
    return [scrape(5, first=first(0), **of_all), scrape(0, first=first(1), **of_all)]


def find(scrapes: Sequence[Scrape], name: str, severity: str = "") -> Alert:
    (found,) = [one for one in judge_alerts(scrapes) if one.name == name and one.severity.startswith(severity)]
    return found


def asked(failed: int) -> Callable[[int], MemberMetrics]:
    """Make a hundred requests a minute, of which so many fail."""
    return lambda since: member(requests={"KV/Put": RequestCount(100 * since, failed * since)})


def took(bucket: str, name: str) -> Callable[[int], MemberMetrics]:
    """Make ten observations a minute in a bucket of a histogram of a member."""
    return lambda since: member(**{name: histogram(**{bucket: 10 * since})})


def by_peer(bucket: str) -> Callable[[int], MemberMetrics]:
    return lambda since: member(round_trip_seconds={"b2": histogram(**{bucket: 2 * since})})


def by_method(bucket: str) -> Callable[[int], MemberMetrics]:
    return lambda since: member(request_seconds={"KV/Put": histogram(**{bucket: 10 * since})})


def grows(megabytes_a_minute: int) -> Callable[[int], MemberMetrics]:
    return lambda since: member(db_size=(300 + megabytes_a_minute * since) * 1024**2)


def unsent(since: int) -> MemberMetrics:
    return member(send_failures={"b2": 5 * since})


def full(_: int) -> MemberMetrics:
    return member(db_size=1.96 * 1024**3)


def hollow(_: int) -> MemberMetrics:
    return member(db_size=500 * 1024**2)


def leaderless(_: int) -> MemberMetrics:
    return member(has_leader=False)


def elections(count: int) -> Callable[[int], MemberMetrics]:
    return lambda since: member(leader_changes=1 + count * since)


def proposals(count: int) -> Callable[[int], MemberMetrics]:
    return lambda since: member(proposals_failed=count * since)


CASES: list[tuple[str, str, list[Scrape], AlertState, float | None]] = [
    ("etcdMembersDown", "", watched(20, down=("etcd2",)), FIRING, 1),
    ("etcdMembersDown", "", watched(21, unsent), FIRING, 1),
    ("etcdMembersDown", "", watched(2), QUIET, 0),
    ("etcdMembersDown", "", [scrape(0)], TOO_SHORT, 0),
    ("etcdMembersDown", "", watched(19, down=("etcd2",)), TOO_SHORT, 1),
    ("etcdMembersDown", "", [*watched(30)[:-10], *watched(9, down=("etcd2",))], PENDING, 1),
    ("etcdMembersDown", "", watched(20, unasked=("etcd2",)), TOO_SHORT, 0),
    ("etcdInsufficientMembers", "", watched(3, down=("etcd2", "etcd3")), FIRING, 1),
    ("etcdInsufficientMembers", "", watched(3, down=("etcd3",)), QUIET, 2),
    ("etcdInsufficientMembers", "", watched(2, down=("etcd2", "etcd3")), TOO_SHORT, 1),
    ("etcdInsufficientMembers", "", watched(3, unasked=("etcd2", "etcd3")), TOO_SHORT, 1),
    ("etcdInsufficientMembers", "", watched(3, down=("etcd1", "etcd2", "etcd3")), FIRING, 0),
    ("etcdNoLeader", "", watched(1, leaderless), FIRING, 0),
    ("etcdNoLeader", "", watched(1), QUIET, 1),
    ("etcdNoLeader", "", seconds(leaderless), TOO_SHORT, 0),
    ("etcdNoLeader", "", watched(1, down=("etcd1", "etcd2", "etcd3")), UNMEASURED, None),
    ("etcdHighNumberOfLeaderChanges", "", watched(20, elections(1)), FIRING, 15),
    ("etcdHighNumberOfLeaderChanges", "", watched(20), QUIET, 0),
    ("etcdHighNumberOfLeaderChanges", "", seconds(elections(3)), TOO_SHORT, 3),
    ("etcdHighNumberOfLeaderChanges", "", seconds(elections(4)), TOO_SHORT, 4),
    ("etcdHighNumberOfFailedGRPCRequests", "warning", watched(15, asked(2)), FIRING, 2),
    ("etcdHighNumberOfFailedGRPCRequests", "critical", watched(15, asked(2)), QUIET, 2),
    ("etcdHighNumberOfFailedGRPCRequests", "critical", watched(10, asked(6)), FIRING, 6),
    ("etcdHighNumberOfFailedGRPCRequests", "warning", watched(5, asked(6)), TOO_SHORT, 6),
    ("etcdHighNumberOfFailedGRPCRequests", "warning", watched(5), QUIET, None),
    ("etcdHighNumberOfFailedGRPCRequests", "warning", [scrape(0, first=asked(9)(1))], TOO_SHORT, None),
    ("etcdGRPCRequestsSlow", "", watched(15, by_method("at_0_25")), FIRING, 0.2485),
    ("etcdGRPCRequestsSlow", "", watched(15, by_method("at_0_001")), QUIET, 0.00099),
    ("etcdGRPCRequestsSlow", "", seconds(by_method("at_0_25")), TOO_SHORT, 0.2485),
    ("etcdGRPCRequestsSlow", "", watched(15), UNMEASURED, None),
    ("etcdMemberCommunicationSlow", "", watched(15, by_peer("at_0_25")), FIRING, 0.2485),
    ("etcdMemberCommunicationSlow", "", watched(15, by_peer("at_0_1")), QUIET, 0.001 + 0.099 * 0.99),
    ("etcdMemberCommunicationSlow", "", seconds(by_peer("at_0_25")), TOO_SHORT, 0.2485),
    ("etcdMemberCommunicationSlow", "", seconds(lambda _: member()), TOO_SHORT, None),
    ("etcdHighNumberOfFailedProposals", "", watched(16, proposals(360)), FIRING, 6),
    ("etcdHighNumberOfFailedProposals", "", watched(16, proposals(240)), QUIET, 4),
    ("etcdHighNumberOfFailedProposals", "", [scrape(0, first=proposals(900)(1))], TOO_SHORT, None),
    ("etcdHighFsyncDurations", "warning", watched(15, took("at_1", "fsync_seconds")), FIRING, 0.995),
    ("etcdHighFsyncDurations", "critical", watched(15, took("at_1", "fsync_seconds")), QUIET, 0.995),
    ("etcdHighFsyncDurations", "critical", watched(15, took("at_2", "fsync_seconds")), FIRING, 1.99),
    ("etcdHighFsyncDurations", "warning", seconds(took("at_2", "fsync_seconds")), TOO_SHORT, 1.99),
    ("etcdHighCommitDurations", "", watched(15, took("at_0_5", "commit_seconds")), FIRING, 0.4975),
    ("etcdHighCommitDurations", "", watched(15, took("at_0_25", "commit_seconds")), QUIET, 0.2485),
    ("etcdHighCommitDurations", "", [scrape(0)], TOO_SHORT, None),
    ("etcdDatabaseQuotaLowSpace", "", watched(10, full), FIRING, 98),
    ("etcdDatabaseQuotaLowSpace", "", [scrape(0)], QUIET, 100 * 300 / 2048),
    ("etcdDatabaseQuotaLowSpace", "", seconds(full), TOO_SHORT, 98),
    ("etcdExcessiveDatabaseGrowth", "", watched(250, grows(4)), FIRING, (300 + 4 * 490) * 1024**2),
    ("etcdExcessiveDatabaseGrowth", "", watched(250, grows(3)), QUIET, (300 + 3 * 490) * 1024**2),
    ("etcdExcessiveDatabaseGrowth", "", seconds(grows(40)), TOO_SHORT, (340 + 40 / 5 * 4 * 3600) * 1024**2),
    ("etcdDatabaseHighFragmentationRatio", "", watched(10, hollow), FIRING, 0.4),
    ("etcdDatabaseHighFragmentationRatio", "", watched(10), QUIET, 2 / 3),
    ("etcdDatabaseHighFragmentationRatio", "", seconds(hollow), TOO_SHORT, 0.4),
]


@pytest.mark.parametrize(("name", "severity", "scrapes", "state", "value"), CASES)
def test_an_alert_says_what_is_true(
    name: str, severity: str, scrapes: list[Scrape], state: AlertState, value: float | None
) -> None:
    found = find(scrapes, name, severity)
    assert found.state is state, found.reason
    assert found.value == (None if value is None else pytest.approx(value))


def test_the_cases_cover_each_rule_in_each_of_the_three_states() -> None:
    names = {rule.name for rule in ALERT_RULES}
    assert len(names) == 13
    for state in (FIRING, QUIET, TOO_SHORT):
        assert {name for name, _, _, found, _ in CASES if found is state} == names


def test_the_thresholds_and_times_are_those_of_etcds_mixin() -> None:
    told = {(one.name, one.severity.value): (one.threshold, one.hold_s) for one in ALERT_RULES}
    assert told["etcdHighFsyncDurations", "critical"] == (1, 600)
    assert told["etcdHighNumberOfFailedGRPCRequests", "critical"] == (5, 300)
    assert told["etcdMemberCommunicationSlow", "warning"] == (0.15, 600)
    assert told["etcdDatabaseHighFragmentationRatio", "warning"] == (0.5, 600)
    assert len(told) == 15


def test_who_is_named() -> None:
    assert find(watched(20, down=("etcd2",)), "etcdMembersDown").who == ("etcd2",)
    assert find(watched(21, unsent), "etcdMembersDown").who == ("etcd2",)
    assert find(watched(1, leaderless), "etcdNoLeader").who == ("etcd1",)
    assert find(watched(15, by_peer("at_0_25")), "etcdMemberCommunicationSlow").who == ("etcd1 etcd2",)
    assert find(watched(15, asked(2)), "etcdHighNumberOfFailedGRPCRequests", "warning").who == ("etcd1 KV/Put",)
    assert find(watched(2), "etcdNoLeader").who == ()


def test_a_member_that_is_down_is_not_named_again_by_its_id() -> None:
    def unsent_to_unknown(since: int) -> MemberMetrics:
        return member(send_failures={"f00": 5 * since})

    assert find(watched(3, unsent_to_unknown, down=("etcd2",)), "etcdMembersDown").who == ("etcd2",)
    assert find(watched(3, unsent_to_unknown), "etcdMembersDown").who == ("f00",)


def test_whether_a_condition_holds_is_told_apart_from_how_long_it_has() -> None:
    assert find(seconds(leaderless), "etcdNoLeader").holds
    assert find(watched(1, leaderless), "etcdNoLeader").holds
    assert not find(seconds(lambda _: member()), "etcdNoLeader").holds
    assert not find(seconds(grows(40)), "etcdExcessiveDatabaseGrowth").holds


def test_a_counter_that_began_anew_is_no_fall_and_counts_what_came_since() -> None:
    def restarted(since: int) -> MemberMetrics:
        return member(leader_changes=9 if since < 10 else since - 9)

    assert find(watched(15, restarted), "etcdHighNumberOfLeaderChanges").value == 6


def test_a_restart_of_the_member_that_had_counted_most_is_no_storm_of_elections() -> None:
    def restarted(since: int) -> MemberMetrics:
        return member(leader_changes=900 if since < 10 else 1)

    assert find(watched(20, restarted), "etcdHighNumberOfLeaderChanges").state is QUIET


def test_a_gap_in_the_looks_is_not_taken_for_time_in_which_the_condition_held() -> None:
    dark = [scrape(age, first=leaderless(0)) for age in (3600, 3595, 5, 0)]
    assert find(dark, "etcdNoLeader").state is TOO_SHORT
    near = [scrape(age, first=leaderless(0)) for age in (295, 290, 5, 0)]
    assert find(near, "etcdNoLeader").state is FIRING


def test_hourly_runs_are_enough_for_the_growth_of_four_hours_but_not_with_one_of_them_missing() -> None:
    hourly = [scrape(age + late, first=grows(4)(240 - age // 60)) for age in range(0, 14401, 3600) for late in (5, 0)]
    assert find(hourly, "etcdExcessiveDatabaseGrowth").reason.startswith("holds")
    sparse = [one for one in hourly if not 3000 < (hourly[0].at - one.at).total_seconds() < 8000]
    assert "seen over" in find(sparse, "etcdExcessiveDatabaseGrowth").reason


def test_the_order_in_which_scrapes_are_handed_in_does_not_matter() -> None:
    scrapes = watched(20, elections(1))
    assert judge_alerts(reversed(scrapes)) == judge_alerts(scrapes)


def test_without_a_scrape_there_is_nothing_to_judge() -> None:
    with pytest.raises(ValueError, match="without a scrape"):
        judge_alerts([])
