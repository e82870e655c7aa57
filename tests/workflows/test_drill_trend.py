"""Past drills are found in records and beside backups, each once, and the last one is held against those before."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from support.runs_records import write_events, write_record

from fleetkit.core import parse_utc
from fleetkit.etcd import BackupName
from fleetkit.runs import EventKind
from fleetkit.workflows import BackupPlace, BackupProof, open_backup_place, read_drill_trend

NAMES = [BackupName(taken=parse_utc(f"2026-11-2{day}T07:00:00Z"), revision=day, cluster="demo") for day in range(5)]


def fact(name: BackupName, drilled: str, **changed: Any) -> tuple[EventKind, dict[str, Any]]:
    """Return what a drill leaves in its record."""
    told = {"drilled": drilled, "findings": [], "rpo_s": 600.0, "rto_s": 2.0, "sha256": "ab", **changed}
    return EventKind.FACT, {"about": "drill", "backup": str(name), **told}


@pytest.fixture
def place(tmp_path: Path) -> BackupPlace:
    return open_backup_place("demo", folder=tmp_path)


def keep(place: BackupPlace, tmp_path: Path, name: BackupName, proof: BackupProof | None = None) -> None:
    (tmp_path / "file").write_bytes(b"x")
    place.keep_file(name, tmp_path / "file")
    if proof is not None:
        place.write_proof(name, proof)


def proof(drilled: str, *findings: str, rto_s: float = 2.0) -> BackupProof:
    return BackupProof(drilled=parse_utc(drilled), sha256="ab", findings=findings, rpo_s=600.0, rto_s=rto_s)


def test_each_drill_is_told_once_the_oldest_first_and_one_that_was_pruned_is_remembered(
    place: BackupPlace, tmp_path: Path
) -> None:
    runs = tmp_path / "runs"
    write_events(write_record(runs, day=1), fact(NAMES[0], "2026-11-20T08:00:00Z"))
    write_events(write_record(runs, day=2), fact(NAMES[1], "2026-11-21T08:00:00Z", rto_s=4.0))
    keep(place, tmp_path, NAMES[1], proof("2026-11-21T08:00:00Z", rto_s=4.0))
    keep(place, tmp_path, NAMES[2], proof("2026-11-22T08:00:00Z", "40 keys, not 41", rto_s=9.0))
    keep(place, tmp_path, NAMES[3])
    trend = read_drill_trend(place, runs=runs)
    assert [(one.backup, one.proof.rto_s) for one in trend.drills] == [
        (str(NAMES[0]), 2.0),
        (str(NAMES[1]), 4.0),
        (str(NAMES[2]), 9.0),
    ]
    assert trend.summary == (
        "3 drills of demo, 1 found something that differs; RTO 9 s, before 3 s as a rule and 4 s at most; "
        "RPO 10 min 00 s, before 10 min 00 s as a rule and 10 min 00 s at most"
    )
    assert trend.drills[-1].row[-1] == "40 keys, not 41"
    assert read_drill_trend(place, runs=runs, most=1).drills == trend.drills[1:]


def test_both_measures_are_drawn_over_time_beside_a_table(place: BackupPlace, tmp_path: Path) -> None:
    keep(place, tmp_path, NAMES[0], proof("2026-11-20T08:00:00Z", "values <differ>"))
    shown = read_drill_trend(place, runs=tmp_path / "runs")._repr_html_()
    assert shown.count("<svg") == 2
    assert "RTO of each drill, s" in shown
    assert "RPO of each drill, s" in shown
    assert "values &lt;differ&gt;" in shown


def test_where_none_was_drilled_all_are_said_to_be_unproven(place: BackupPlace, tmp_path: Path) -> None:
    keep(place, tmp_path, NAMES[0])
    trend = read_drill_trend(place, runs=tmp_path / "runs")
    assert str(trend) == "no backup of demo was ever drilled: all are unproven"
    assert "<svg" not in trend._repr_html_()


def test_what_cannot_be_read_is_named_and_keeps_nothing_else_from_being_read(
    place: BackupPlace, tmp_path: Path
) -> None:
    runs = tmp_path / "runs"
    write_events(write_record(runs, day=1), fact(NAMES[0], "2026-11-20T08:00:00Z"))
    write_events(write_record(runs, day=2), fact(NAMES[1], "some day"))
    (write_record(runs, day=3) / "journal.jsonl").write_text("{}\n")
    trend = read_drill_trend(place, runs=runs)
    assert [one.backup for one in trend.drills] == [str(NAMES[0])]
    assert len(trend.unread) == 2
    assert "is no proof of a backup" in "\n".join(trend.unread)
