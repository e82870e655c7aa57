"""The runs of a schedule among all that lie there: found by their names, and none read beyond what is asked for."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.runs_records import write_record
from support.scheduled import make_entry

from fleetkit.runs import Scheduling, read_run
from fleetkit.schedule import list_scheduled_runs

ABOUT = {"cluster": "none", "notebook": "10-look"}


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Give the names of the records that are read."""
    names: list[str] = []

    def note(folder: Path):
        names.append(folder.name)
        return read_run(folder)

    monkeypatch.setattr("fleetkit.schedule.running.read_run", note)
    return names


def test_the_newest_are_found_without_reading_those_before_them_nor_those_of_other_notebooks(
    tmp_path: Path, read: list[str]
) -> None:
    for day in range(1, 20):
        write_record(tmp_path / "runs", day=day, schedule=Scheduling(name="look"), **ABOUT)
    for day in range(20, 29):
        write_record(tmp_path / "runs", day=day, cluster="none", notebook="20-other")
    found = list_scheduled_runs(make_entry(tmp_path), folder=tmp_path, limit=2)
    assert [one.record.started.day for one in found] == [19, 18]
    assert read == [one.folder.name for one in found]
    assert len(list_scheduled_runs(make_entry(tmp_path), folder=tmp_path)) == 19


def test_runs_by_hand_of_other_schedules_of_longer_names_and_broken_records_are_none_of_it(tmp_path: Path) -> None:
    write_record(tmp_path / "runs", day=1, **ABOUT)
    write_record(tmp_path / "runs", day=2, schedule=Scheduling(name="other"), **ABOUT)
    longer = {"cluster": "none", "notebook": "10-look-again"}
    write_record(tmp_path / "runs", day=3, schedule=Scheduling(name="look"), **longer)
    broken = write_record(tmp_path / "runs", day=4, schedule=Scheduling(name="look"), **ABOUT)
    (broken / "run.json").write_text("{")
    assert list_scheduled_runs(make_entry(tmp_path), folder=tmp_path) == []
