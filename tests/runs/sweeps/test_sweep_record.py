"""The record of a sweep: what it says, where it lies, and that records of runs are not disturbed by it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from support.runs_records import write_record
from support.sweeps import make_sweep, swept

from fleetkit.core import FleetkitError, NotFoundError, SettingsError
from fleetkit.runs import Outcome, foreign_folders, list_runs
from fleetkit.runs.folders import hold_folder
from fleetkit.runs.sweeps import (
    SWEEP_FILE,
    SweepRecord,
    SweepState,
    find_sweep,
    list_sweeps,
    make_sweep_folder,
    read_sweep,
    write_sweep,
)


def _written(home: Path, **more: Any) -> Path:
    record = make_sweep(swept("a"), swept("b", SweepState.RUNNING), swept("c", SweepState.NOT_RUN), **more)
    folder = make_sweep_folder(home, record)
    write_sweep(folder, record, page="<p>page</p>")
    return folder


def test_what_was_written_is_read_again() -> None:
    told = swept("a", SweepState.FAILED, reason="AwsError: no", next_step="wait", took_s=3.5, calls=7, waited_s=0.5)
    record = make_sweep(told, swept("b", record="runs/b/1", of_sweep="earlier"), resumes="earlier", interrupted=True)
    assert SweepRecord.from_json(json.loads(json.dumps(record.to_json())), where="x") == record


def test_the_worst_stands_first_and_alike_ones_by_name() -> None:
    states = [SweepState.DONE, SweepState.FINDINGS, SweepState.UNUSABLE, SweepState.REFUSED, SweepState.FAILED]
    record = make_sweep(*(swept(f"c{place}", state) for place, state in enumerate(states)), swept("a"))
    assert [one.state.exit for one in record.worst_first] == [1, 4, 2, 3, 0, 0]
    assert [one.cluster for one in record.worst_first][-2:] == ["a", "c0"]
    assert [one.cluster for one in record.unanswered] == ["c2", "c3", "c4"]


@pytest.mark.parametrize(
    ("outcome", "code", "state"),
    [
        (Outcome.DONE, 0, SweepState.DONE),
        (Outcome.FINDINGS, 3, SweepState.FINDINGS),
        (Outcome.REFUSED, 4, SweepState.REFUSED),
        (Outcome.FAILED, 1, SweepState.FAILED),
        (Outcome.FAILED, 2, SweepState.UNUSABLE),
        (Outcome.INTERRUPTED, 130, SweepState.STOPPED),
        (Outcome.ABANDONED, 1, SweepState.FAILED),
    ],
)
def test_what_a_run_ended_with_is_what_its_cluster_is_in(outcome: Outcome, code: int, state: SweepState) -> None:
    assert SweepState.of_run(outcome, code) is state


def test_a_sweep_that_is_under_way_says_so_and_one_that_was_killed_too(tmp_path: Path) -> None:
    folder = _written(tmp_path, ended=None)
    with hold_folder(folder):
        going = read_sweep(folder)
    assert (going.interrupted, [one.state for one in going.clusters][1]) == (False, SweepState.RUNNING)
    killed = read_sweep(folder)
    assert killed.interrupted
    assert [one.state for one in killed.clusters] == [SweepState.DONE, SweepState.STOPPED, SweepState.NOT_RUN]
    assert "killed" in killed.clusters[1].reason


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"format": 9}, "format: 9, and this version reads 1"),
        ({"clusters": {}}, "clusters: dict where list belongs"),
        ({"clusters": [{}]}, r"clusters\[0\].cluster: missing"),
        ({"clusters": [3]}, "int where an object belongs"),
        ({"started": "yesterday"}, "started:"),
        ({"at_once": "4"}, "at_once: str where int belongs"),
    ],
)
def test_a_damaged_one_names_its_field(tmp_path: Path, change: dict[str, object], told: str) -> None:
    folder = _written(tmp_path)
    document = json.loads((folder / SWEEP_FILE).read_text())
    (folder / SWEEP_FILE).write_text(json.dumps({**document, **change}))
    with pytest.raises(FleetkitError, match=told):
        read_sweep(folder)


@pytest.mark.parametrize("content", [b"", b"{", b"\xff", b"[" * 100_000])
def test_one_that_is_no_json_is_an_error_with_a_next_step(tmp_path: Path, content: bytes) -> None:
    folder = _written(tmp_path)
    (folder / SWEEP_FILE).write_bytes(content)
    with pytest.raises(FleetkitError, match="sweep all clusters anew"):
        read_sweep(folder)


def test_two_that_begin_in_the_same_second_have_folders_of_their_own(tmp_path: Path) -> None:
    first, second = _written(tmp_path), _written(tmp_path)
    assert (first.name, second.name) == ("20260301T040506Z-look", "20260301T040506Z-look-2")
    assert list_sweeps(tmp_path) == (second, first)
    assert find_sweep(tmp_path, "latest") == second
    assert find_sweep(tmp_path, first.name) == first
    assert find_sweep(tmp_path, str(second)) == second
    with pytest.raises(NotFoundError, match="known: 20260301T040506Z-look-2, 20260301T040506Z-look"):
        find_sweep(tmp_path, "2026")
    with pytest.raises(NotFoundError, match="there is no sweep"):
        find_sweep(tmp_path / "elsewhere", "latest")


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "sweeps").write_text("a file")
    with pytest.raises(SettingsError, match="no sweep can be recorded"):
        make_sweep_folder(tmp_path, make_sweep())


def test_the_records_of_runs_are_listed_as_if_no_sweep_were_there(tmp_path: Path) -> None:
    record = write_record(tmp_path / "runs")
    _written(tmp_path)
    assert list(list_runs(tmp_path / "runs")) == [record]
    assert foreign_folders(tmp_path / "runs") == ()
