"""Alerts as rows: the worst first, values in units that people read, and whole even where nothing was measured."""

from __future__ import annotations

import pytest
from support.etcd_metrics import histogram, member, scrape

from fleetkit.etcd import AlertState, judge_alerts
from fleetkit.views import ALERT_COLUMNS, alert_rows, alerts_frame, render_alerts_table

LEADERLESS = [scrape(age, first=member(has_leader=False)) for age in (60, 0)]


def cells(scrapes: list, name: str) -> dict[str, str]:
    rows = [dict(zip(ALERT_COLUMNS, row, strict=True)) for row in alert_rows(judge_alerts(scrapes))]
    return next(row for row in rows if row["alert"] == name)


def test_what_fires_stands_first_and_what_is_quiet_last() -> None:
    rows = alert_rows(judge_alerts(LEADERLESS))
    assert rows[0][0] == "etcdNoLeader"
    order = list(AlertState)
    states = [order.index(AlertState(row[2])) for row in rows]
    assert states == sorted(states)
    assert rows[-1][2] == "quiet"


def test_a_row_says_who_and_for_how_long() -> None:
    row = cells(LEADERLESS, "etcdNoLeader")
    assert (row["severity"], row["value"], row["threshold"], row["for"], row["who"]) == (
        "critical", "0 leader", "< 1 leader", "1 min 00 s", "etcd1",
    )  # fmt: skip
    assert row["reason"] == "has held for 1 min 00 s and longer; next: fleetkit etcd health says who is missing"


def test_what_is_quiet_asks_for_nothing() -> None:
    assert cells([scrape(5), scrape(0)], "etcdNoLeader")["reason"] == ""


@pytest.mark.parametrize(
    ("name", "value", "threshold"),
    [
        ("etcdHighFsyncDurations", "995 ms", "> 500 ms"),
        ("etcdDatabaseQuotaLowSpace", "14.6 %", "> 95 %"),
        ("etcdDatabaseHighFragmentationRatio", "67 % in use", "< 50 % in use"),
        ("etcdExcessiveDatabaseGrowth", "300 MiB", "> 2048 MiB"),
        ("etcdHighNumberOfFailedProposals", "0/s", "> 5/s"),
        ("etcdGRPCRequestsSlow", "", "> 150 ms"),
    ],
)
def test_values_are_told_in_units_that_people_read(name: str, value: str, threshold: str) -> None:
    scrapes = [scrape(5), scrape(0, first=member(fsync_seconds=histogram(at_1=10)))]
    row = cells(scrapes, name)
    assert (row["value"], row["threshold"]) == (value, threshold)


def test_the_table_has_a_row_for_each_alert() -> None:
    frame = alerts_frame(judge_alerts(LEADERLESS))
    assert list(frame.columns) == list(ALERT_COLUMNS)
    assert len(frame) == 15


def test_the_documentation_names_each_rule_with_its_limit() -> None:
    lines = render_alerts_table().splitlines()
    assert len(lines) == 2 + 15
    assert (
        "| `etcdHighFsyncDurations` | critical | > 1000 ms | 5 min 00 s | 10 min 00 s | "
        "fleetkit etcd tune judges the disks |"
    ) in lines
