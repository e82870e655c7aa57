"""Past audits are read out of records, the oldest first; what cannot be read is named, and hides nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from support.audits import make_audit, make_flawed, write_audit
from support.runs_records import write_events, write_record

from fleetkit.checks import Area, ResultState, Severity, WaiverFlaw
from fleetkit.core import FleetkitError, parse_utc
from fleetkit.runs import EventKind
from fleetkit.workflows import PastAudit, PastFinding, read_past_audits

OPEN, UNUSED = ("ssh-open-to-world", "master"), ("security-group-unused", "old")


def test_each_audit_is_told_with_its_findings_the_oldest_first(tmp_path: Path) -> None:
    newer = make_audit({OPEN: "passed", UNUSED: "waived"}, make_flawed("vpc-flow-logs"), day=3)
    write_audit(tmp_path, newer)
    older = write_audit(tmp_path, make_audit({OPEN: "failed", UNUSED: "unknown"}, day=2))
    write_record(tmp_path, day=4)
    past = read_past_audits(tmp_path, cluster="demo")
    assert [one.at for one in past] == [parse_utc("2026-03-02T04:05:07Z"), parse_utc("2026-03-03T04:05:07Z")]
    assert [one.outcome for one in past] == ["failed", "findings"]
    first = PastFinding(
        check="ssh-open-to-world", resource="master", severity=Severity.HIGH, area=Area.NETWORK,
        state=ResultState.FAILED, reason="it is failed",
    )  # fmt: skip
    assert past[0].findings[0] == first
    assert [one.state for one in past[0].findings] == [ResultState.FAILED, ResultState.UNKNOWN]
    assert past[0].run is not None
    assert past[0].run.folder == older
    assert past[0].counts == {"failed": 1, "unknown": 1, "waived": 0, "passed": 0}
    assert "failed high ssh-open-to-world master it is failed" in str(past[0]).splitlines()
    (flawed,) = past[1].findings
    assert (flawed.check, flawed.state, flawed.severity) == ("vpc-flow-logs", WaiverFlaw.EXPIRED, Severity.LOW)
    assert past[1].checks == {"ssh-open-to-world", "security-group-unused"}
    assert past.summary == "2 earlier audits of demo, from 2026-03-02T04:05:07Z to 2026-03-03T04:05:07Z"


def test_what_is_asked_for_is_chosen_by_time_and_number(tmp_path: Path) -> None:
    for day in (1, 2, 3, 4):
        write_audit(tmp_path, make_audit({OPEN: "passed"}, day=day))
    days = {
        (): [1, 2, 3, 4],
        ("most",): [3, 4],
        ("since", "until"): [2, 3],
    }
    chosen = {"most": 2, "since": parse_utc("2026-03-02T04:05:07Z"), "until": parse_utc("2026-03-04T04:05:07Z")}
    for names, expected in days.items():
        options: dict[str, Any] = {name: chosen[name] for name in names}
        past = read_past_audits(tmp_path, cluster="demo", **options)
        assert [one.at.day for one in past] == expected


def test_a_cluster_is_told_of_its_own_audits_alone_and_a_run_of_all_that_it_made(tmp_path: Path) -> None:
    assert str(read_past_audits(tmp_path / "none", cluster="demo")) == "no record tells of an earlier audit of demo"
    twice = [make_audit({OPEN: state}, day=1).to_json() for state in ("failed", "passed")]
    twice[1]["at"] = "2026-03-01T04:06:00Z"
    write_events(write_record(tmp_path), *((EventKind.FACT, {"about": "audit", **one}) for one in twice))
    assert [one.outcome for one in read_past_audits(tmp_path, cluster="demo")] == ["findings", "done"]
    assert [one.outcome for one in read_past_audits(tmp_path, cluster="demo", most=1)] == ["done"]
    assert len(read_past_audits(tmp_path, cluster="other")) == 0


def test_what_cannot_be_read_is_named_and_keeps_nothing_else_from_being_read(tmp_path: Path) -> None:
    write_audit(tmp_path, make_audit({OPEN: "passed"}, day=1))
    (write_record(tmp_path, day=2) / "journal.jsonl").write_text("{}\n")
    write_events(write_record(tmp_path, day=3), (EventKind.FACT, {"about": "audit", "cluster": "demo"}))
    (write_record(tmp_path, day=4) / "run.json").write_text("half")
    past = read_past_audits(tmp_path, cluster="demo")
    assert [one.at.day for one in past] == [1]
    assert len(past.unread) == 3
    assert "20260303T040506Z-10-try tells of an audit that cannot be read" in "\n".join(past.unread)
    assert past.unread[0] in str(past)
    assert "tells of an audit that cannot be read" in past._repr_html_()


@pytest.mark.parametrize(
    ("changed", "seen"),
    [
        ({"at": "some day"}, "some day"),
        ({"fail_on": "grave"}, "grave"),
        ({"results": None}, "NoneType"),
        ({"results": [{"check": "a", "area": "moon"}]}, "moon"),
        ({"waivers": [{}]}, "check"),
        ({"counts": []}, "items"),
    ],
)
def test_a_fact_that_is_no_audit_is_refused_with_what_was_seen(changed: dict[str, Any], seen: str) -> None:
    facts = {**make_audit({OPEN: "passed"}).to_json(), **changed}
    with pytest.raises(FleetkitError, match="the record x tells of an audit that cannot be read") as caught:
        PastAudit.from_facts(facts, where="the record x")
    assert seen in str(caught.value)
