"""An audit as rows, a table and a picture: the worst first, nothing of a name taken for markup, counts in words too."""

from __future__ import annotations

import datetime as dt

import pytest

from fleetkit.checks import (
    CheckResult,
    ClusterFact,
    Facts,
    SubnetFact,
    WaiverFact,
    WaiverFinding,
    WaiverFlaw,
    find_check,
    load_checks,
    run_checks,
)
from fleetkit.views import (
    AUDIT_COLUMNS,
    CHECK_COLUMNS,
    audit_frame,
    audit_html,
    audit_rows,
    audit_table,
    check_rows,
    draw_audit,
    render_checks_table,
)

CLUSTER = ClusterFact(name="demo", region="us-west-2", now=dt.datetime(2026, 11, 28, tzinfo=dt.UTC), masters={})
WAIVER = WaiverFact(
    check="subnet-gives-public-address", resource="b", reason="for a day", who="ada", until=dt.date(2026, 12, 1)
)


@pytest.fixture
def results() -> tuple[CheckResult, ...]:
    """Return results of all four states, in the order of the catalogue."""
    subnets = tuple(
        SubnetFact(subnet_id=f"subnet-{name}", name=name, zone="a", gives_public_address=name != "c")
        for name in ("<i>a", "b", "c")
    )
    facts = Facts(CLUSTER, read={"subnets": subnets}, unread={"flow_logs": "AWS refused it"})
    checks = [find_check(name) for name in ("vpc-flow-logs", "subnet-gives-public-address")]
    return run_checks(checks, facts, waivers=[WAIVER])


def test_what_is_to_be_looked_at_first_stands_first(results: tuple[CheckResult, ...]) -> None:
    rows = audit_table(results)
    assert [(row[0], row[3]) for row in rows] == [("failed", "<i>a"), ("unknown", "demo"), ("waived", "b")]
    assert rows[2][4].endswith("; waived until 2026-12-01 by ada: for a day")
    assert [row[0] for row in audit_table(results, passed=True)] == ["failed", "unknown", "waived", "passed"]
    assert list(audit_frame(results).columns) == list(AUDIT_COLUMNS)


def test_a_flawed_waiver_is_told_with_what_to_do(results: tuple[CheckResult, ...]) -> None:
    flawed = WaiverFinding(waiver=WAIVER, flaw=WaiverFlaw.EXPIRED, reason="it ended")
    assert audit_table(results, [flawed])[-1] == (
        "expired", "low", "subnet-gives-public-address", "b", "waiver: it ended",
    )  # fmt: skip


def test_plain_values_hold_evidence_and_waiver(results: tuple[CheckResult, ...]) -> None:
    rows = {one["resource"]: one for one in audit_rows(results)}
    assert rows["b"]["waiver"] == {"resource": "b", "reason": "for a day", "who": "ada", "until": "2026-12-01"}
    assert (rows["b"]["state"], rows["b"]["verdict"]) == ("waived", "failed")
    assert rows["c"]["evidence"] == {"zone": "a", "gives_public_address": False}
    assert rows["c"]["waiver"] is None


def test_names_are_no_markup_and_colours_are_words_too(results: tuple[CheckResult, ...]) -> None:
    shown = audit_html(results, summary="a <b> summary", cost="3 calls")
    assert "<i>a" not in shown
    assert "&lt;i&gt;a" in shown
    assert "a &lt;b&gt; summary" in shown
    assert "✗ failed" in shown


def test_where_nothing_is_amiss_that_is_said() -> None:
    assert "Nothing is amiss." in audit_html([], summary="none", cost="0 calls")


def test_the_picture_counts_what_failed_or_is_unknown(results: tuple[CheckResult, ...]) -> None:
    picture = draw_audit(results)
    assert "2 failed or unknown, by area and severity" in picture
    assert picture.count("<svg") == 1


def test_the_catalogue_is_told_whole() -> None:
    rows = check_rows(load_checks())
    assert {len(row) for row in rows} == {len(CHECK_COLUMNS)}
    table = render_checks_table(load_checks())
    assert all(f"`{one.id}`" in table for one in load_checks())
