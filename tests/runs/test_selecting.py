"""Which records are meant, which worked last, and which may go."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from support.runs_records import STARTED, make_record

from fleetkit.core import BusyError, SettingsError
from fleetkit.runs import FolderStore, Outcome, RunSelection, StoredRun, find_last_done, parse_outcome, select_prunable
from fleetkit.runs._writing import RecordWriter


def stored(day: int, outcome: Outcome = Outcome.DONE, *, notebook: str = "10-try", cluster: str = "demo") -> StoredRun:
    started = STARTED.replace(day=day)
    record = make_record(
        id=f"{started:%Y%m%dT%H%M%SZ}-{notebook}", cluster=cluster, notebook=notebook, started=started, outcome=outcome
    )
    return StoredRun(folder=Path(cluster) / record.id, record=record)


def days(records) -> list[int]:
    return [one.record.started.day for one in records]


@pytest.mark.parametrize(
    ("wanted", "chosen"),
    [
        ({}, [5, 4, 3, 2]),
        ({"notebook": "20"}, [4]),
        ({"notebook": "look"}, [4]),
        ({"notebook": "10-try"}, [5, 3, 2]),
        ({"notebook": "1"}, []),
        ({"outcomes": frozenset({Outcome.FAILED})}, [3]),
        ({"outcomes": frozenset({Outcome.FAILED, Outcome.FINDINGS})}, [4, 3]),
        ({"since": STARTED.replace(day=3)}, [5, 4, 3]),
        ({"until": STARTED.replace(day=3)}, [2]),
        ({"since": STARTED.replace(day=3), "until": STARTED.replace(day=5)}, [4, 3]),
        ({"limit": 2}, [5, 4]),
        ({"notebook": "10", "limit": 1}, [5]),
    ],
)
def test_records_are_chosen_by_notebook_outcome_time_and_number(wanted, chosen):
    records = [stored(5), stored(4, Outcome.FINDINGS, notebook="20-look"), stored(3, Outcome.FAILED), stored(2)]
    assert days(RunSelection(**wanted).choose(records)) == chosen


def test_an_outcome_that_is_none_lists_those_that_are():
    with pytest.raises(SettingsError, match="done, findings, refused"):
        parse_outcome("fine")


def test_the_last_that_worked_is_an_earlier_one_of_the_same_notebook_and_cluster():
    failed = stored(7, Outcome.FAILED)
    others = [stored(8), stored(6, notebook="20-look"), stored(5, cluster="other"), stored(4, Outcome.FINDINGS)]
    found = find_last_done([*others[:1], failed, *others[1:], stored(3), stored(2)], like=failed)
    assert found is not None
    assert days([found]) == [3]
    assert find_last_done([failed, *others[1:]], like=failed) is None
    assert find_last_done([stored(3)], like=stored(3)) is None, "a run is no measure of itself"


def test_of_each_notebook_and_cluster_the_newest_stay():
    records = [stored(9), stored(8, cluster="other"), stored(7, notebook="20-look"), stored(6), stored(5), stored(4)]
    assert days(select_prunable(records, keep=1)) == [6, 5, 4]
    assert days(select_prunable(records, keep=2)) == [5, 4]
    assert days(select_prunable(records, keep=1, before=STARTED.replace(day=5))) == [4]
    assert select_prunable(records, keep=4) == ()


def test_what_is_under_way_and_what_worked_last_stay_however_few_are_kept():
    records = [
        stored(9, Outcome.RUNNING),
        stored(8, Outcome.FAILED),
        stored(7),
        stored(6),
        stored(5, Outcome.ABANDONED),
    ]
    assert days(select_prunable(records, keep=0)) == [8, 6, 5]


def test_a_run_that_went_on_since_it_was_listed_is_not_removed(tmp_path):
    folder = tmp_path / "demo" / "20260301T040506Z-10-try"
    folder.mkdir(parents=True)
    writer = RecordWriter(folder)
    writer.write_run(make_record(outcome=Outcome.RUNNING, ended=None, exit=None))
    store = FolderStore(tmp_path)
    (listed,) = store.list_runs().ok.values()
    with pytest.raises(BusyError, match="under way"):
        store.remove_run(listed)
    writer.close()
    assert folder.is_dir()
    store.remove_run(listed)
    assert not folder.exists()


def test_time_is_counted_from_the_moment_given():
    assert RunSelection(since=STARTED + dt.timedelta(seconds=1)).choose([stored(1)]) == ()
