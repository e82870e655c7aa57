"""What earlier runs tell: how their changes went, from the approval to the last one."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

from support.runs_records import write_events, write_record

from fleetkit.runs import EventKind
from fleetkit.workflows import read_paces

APPROVAL = (EventKind.APPROVAL, {"way": "name"})
SUMMARY = (EventKind.CHANGE, {"terraform": {"added": 2}})


def changed(address: str) -> tuple[EventKind, dict[str, Any]]:
    return EventKind.CHANGE, {"address": address, "action": "create", "id": "x"}


def test_each_run_that_changed_something_has_its_pace_the_newest_first(tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    write_events(write_record(runs, day=1), APPROVAL, changed("a"), changed("b"), changed("c"), SUMMARY)
    write_events(write_record(runs, day=2), APPROVAL, SUMMARY)
    write_events(write_record(runs, day=3), APPROVAL, changed("a"))
    # A deploy that was cancelled and begun again in the same run: the last one counts.
    write_events(write_record(runs, day=4), APPROVAL, changed("a"), APPROVAL, changed("b"), changed("c"))
    (write_record(runs, day=5) / "journal.jsonl").write_text("{}\n")
    place: Any = SimpleNamespace(cluster=SimpleNamespace(name="demo"), paths=SimpleNamespace(runs=runs / "demo"))
    assert [one.changes for one in read_paces(place)] == [2, 1, 3]
    assert len(read_paces(place, most=1)) == 1
