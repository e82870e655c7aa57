"""An audit is held against those before it by the same checks; others are said to be left out, and counted in none."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.audits import Stood, make_audit, make_flawed, write_audit
from support.cluster_files import write_cluster
from support.runs_records import write_record

from fleetkit.checks import Severity, WaiverFlaw
from fleetkit.core import NotFoundError
from fleetkit.workflows import Audit, AuditTrend, choose_checks, open_workspace, read_audit_trend

SSH, UNUSED, ETCD = "ssh-open-to-world", "security-group-unused", "etcd-ports-open"
FULL: Stood = {(SSH, "master"): "failed", (UNUSED, "old"): "failed", (ETCD, "master"): "passed"}


def trend(folder: Path, audit: Audit) -> AuditTrend:
    write_cluster(folder)
    return read_audit_trend(open_workspace("demo", folder=folder), audit)


def test_findings_of_each_audit_are_counted_by_severity_the_oldest_first(tmp_path: Path) -> None:
    write_audit(tmp_path / "runs", make_audit(FULL, make_flawed("no-such", flaw=WaiverFlaw.STRANGE), day=1))
    write_audit(tmp_path / "runs", make_audit({**FULL, (SSH, "master"): "passed"}, day=2))
    found = trend(tmp_path, make_audit({**FULL, (ETCD, "master"): "failed"}, day=3))
    assert [one.at for one in found.points] == [f"2026-03-0{day}T04:05:07Z" for day in (1, 2, 3)]
    counts = [{str(name): count for name, count in one.counts.items() if count} for one in found.points]
    assert counts == [{"high": 1, "low": 2}, {"low": 1}, {"critical": 1, "high": 1, "low": 1}]
    assert found.change.summary == "since the audit of 2026-03-02T04:05:07Z: 2 new, 1 as before"
    assert [row[:4] for row in found.changes.rows] == [
        ("new", "failed", "critical", ETCD),
        ("new", "failed", "high", SSH),
    ]
    assert "Findings of each audit, by severity" in found._repr_html_()


def test_audits_by_other_checks_are_left_out_and_of_wider_ones_what_is_asked_for_is_counted(tmp_path: Path) -> None:
    write_audit(tmp_path / "runs", make_audit(FULL, day=1))
    write_audit(tmp_path / "runs", make_audit({(UNUSED, "old"): "failed"}, day=2))
    found = trend(tmp_path, make_audit({(SSH, "master"): "passed"}, day=3))
    assert [one.counts[Severity.HIGH] for one in found.points] == [1, 0]
    assert [one.counts[Severity.LOW] for one in found.points] == [0, 0]
    assert [one.resource for one in found.change.mended] == ["master"]
    assert "1 earlier audit was not by all of these checks, and not compared with" in str(found)


def test_its_own_record_is_none_of_the_earlier_ones(tmp_path: Path) -> None:
    audit = make_audit(FULL, day=1)
    write_audit(tmp_path / "runs", audit)
    found = trend(tmp_path, audit)
    assert found.change.since is None
    assert len(found.points) == 1
    assert "<svg" not in found._repr_html_()


def test_what_cannot_be_read_is_named(tmp_path: Path) -> None:
    (write_record(tmp_path / "runs", day=1) / "journal.jsonl").write_text("{}\n")
    found = trend(tmp_path, make_audit(FULL, day=2))
    assert len(found.unread) == 1
    assert found.unread[0] in str(found)


def test_checks_are_chosen_one_by_one_or_in_one_text() -> None:
    for names in ([UNUSED, SSH], f"{UNUSED}, {SSH}"):
        assert [one.id for one in choose_checks(names)] == [SSH, UNUSED]
    assert choose_checks("") == choose_checks(())
    for odd in ([""], "colour", f"{SSH},colour"):
        with pytest.raises(NotFoundError, match="there is no check"):
            choose_checks(odd)
