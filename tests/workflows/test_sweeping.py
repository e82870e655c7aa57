"""A sweep that is run: each cluster in a process and with a record of its own, and none stops another."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from pathlib import Path
from typing import Any

import pytest
from support.sweeps import break_cluster, finding, write_clusters, write_look

from fleetkit.core import FleetkitError
from fleetkit.runs import EventKind, Outcome, find_run, list_runs
from fleetkit.runs.sweeps import SweepState, find_sweep, read_sweep
from fleetkit.workflows import ClusterSweep, Reporter, SweepEvent, SweepLimits, prepare_sweep, run_sweep

pytestmark = [pytest.mark.sandbox, pytest.mark.timeout(600)]

_WAIT = "import time\nPath(f'{cluster}.began').touch()\nwhile not Path('go').exists(): time.sleep(0.02)"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / ".ipython"))
    write_look(tmp_path)
    return tmp_path


def _sweep(home: Path, *, at_once: int = 4, timeout_s: float = 300, report: Any = None, on_event: Any = None) -> Any:
    limits = SweepLimits(at_once=at_once, timeout_s=timeout_s)
    return run_sweep(prepare_sweep("look.ipynb", folder=home, limits=limits), report=report, on_event=on_event)


def _states(swept: ClusterSweep) -> dict[str, SweepState]:
    return {one.cluster: one.state for one in swept.record.clusters}


def test_each_ends_in_its_own_way_and_none_stops_another(home: Path) -> None:
    write_clusters(
        home,
        crash="import os, signal\nos.kill(os.getpid(), signal.SIGKILL)",
        denied="from fleetkit.core import AwsError\nraise AwsError('AWS refused the VPCs', hint='let them do it')",
        good="",
        guarded="from fleetkit.core import PreconditionError\nraise PreconditionError('too risky')",
        odd="from fleetkit.core import SettingsError\nraise SettingsError('no such check')",
        sick=finding("two members lag"),
        unread=finding("1 unknown", outcome="failed"),
    )
    break_cluster(home, "broken")
    notes: list[str] = []
    facts: list[tuple[EventKind, dict[str, Any]]] = []
    report = Reporter(note=notes.append, record=lambda kind, data: facts.append((kind, dict(data))))
    swept = _sweep(home, report=report)
    assert _states(swept) == {
        "broken": SweepState.UNUSABLE,
        "crash": SweepState.FAILED,
        "denied": SweepState.FAILED,
        "good": SweepState.DONE,
        "guarded": SweepState.REFUSED,
        "odd": SweepState.UNUSABLE,
        "sick": SweepState.FINDINGS,
        "unread": SweepState.FAILED,
    }
    known = {one.cluster: one for one in swept.record.clusters}
    assert known["denied"].reason == "AwsError in “Work”: AWS refused the VPCs"
    assert known["denied"].next_step == "let them do it"
    assert known["sick"].summary == "two members lag"
    assert "its report tells what could not be" in known["unread"].next_step
    assert (known["sick"].calls, known["sick"].waited_s, known["broken"].calls) == (0, 0.0, None)
    assert "KernelDied" in known["crash"].reason
    assert (swept.outcome, swept.record.interrupted) == ("failed", False)
    # Each of those that were run has its own record, which the sweep names, and its journal is signed.
    assert len(list_runs(home / "runs").ok) == 7
    for one in known.values():
        assert bool(one.record) is (one.cluster != "broken")
        assert not one.record or (home / one.record / "report.html").is_file()
    assert read_sweep(swept.folder).to_json() == swept.record.to_json()
    page = swept.page.read_text()
    assert page.index(">crash<") < page.index(">guarded<") < page.index(">broken") < page.index(">good<")
    assert "<svg" in page
    assert len(notes) == 7
    assert [(kind, data["about"]) for kind, data in facts] == [(EventKind.FACT, "sweep")]
    assert sorted(path.name for path in swept.folder.iterdir()) == ["sweep.html", "sweep.json"]


def test_a_run_that_takes_too_long_is_ended_and_told_as_that(home: Path) -> None:
    write_clusters(home, slow="import time\ntime.sleep(600)")
    (one,) = _sweep(home, timeout_s=5).record.clusters
    assert one.state is SweepState.FAILED
    assert "TimeLimit" in one.reason


def test_no_more_than_that_many_are_under_way_and_the_page_tells_of_them_meanwhile(home: Path) -> None:
    write_clusters(home, **dict.fromkeys(["aaa", "bbb", "ccc", "ddd"], _WAIT))
    seen: list[int] = []
    working: set[str] = set()

    def hear(event: SweepEvent) -> None:
        folder = find_sweep(home, "latest")
        under_way = [one.cluster for one in read_sweep(folder).clusters if one.state is SweepState.RUNNING]
        seen.append(len(under_way))
        if event.cluster is not None and "Work" in event.step:
            working.add(event.cluster.cluster)
        if len(working) == 2 and not (home / "go").exists():
            assert "2 running" in (folder / "sweep.html").read_text()
            (home / "go").touch()

    swept = _sweep(home, at_once=2, on_event=hear)
    assert set(_states(swept).values()) == {SweepState.DONE}
    assert max(seen) == 2
    assert working == set(_states(swept))


def test_a_stop_ends_the_runs_under_way_and_begins_no_other_and_they_can_be_run_again(home: Path) -> None:
    write_clusters(home, aaa="", bbb=_WAIT, ccc=_WAIT, ddd="")
    told: list[bool] = []

    def hear(event: SweepEvent) -> None:
        told.append(event.stopping)
        one = event.cluster
        if one is not None and one.cluster == "bbb" and "Work" in event.step:
            # As the terminal does: to this process alone, while it is at anything.
            threading.Timer(0.1, lambda: os.kill(os.getpid(), signal.SIGINT)).start()

    swept = _sweep(home, at_once=1, on_event=hear)
    assert _states(swept) == {
        "aaa": SweepState.DONE,
        "bbb": SweepState.STOPPED,
        "ccc": SweepState.NOT_RUN,
        "ddd": SweepState.NOT_RUN,
    }
    assert swept.record.interrupted
    assert told.count(True) == 1
    assert read_sweep(swept.folder).interrupted
    assert find_run(home / "runs", Path(swept.record.clusters[1].record).name).record.outcome is Outcome.INTERRUPTED
    (home / "go").touch()
    again = run_sweep(prepare_sweep(folder=home, failed_of="latest"))
    assert set(_states(again).values()) == {SweepState.DONE}
    assert [one.of_sweep for one in again.record.clusters] == [swept.record.id, "", "", ""]
    assert len(list_runs(home / "runs", cluster="aaa")) == 1


def test_a_record_that_cannot_be_written_ends_what_is_under_way_and_is_told(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_clusters(home, aaa=_WAIT)

    def hear(event: SweepEvent) -> None:
        if "Work" in event.step:
            raise FleetkitError("the disk is full")

    with pytest.raises(FleetkitError, match="the disk is full"):
        _sweep(home, on_event=hear)
    (stored,) = list_runs(home / "runs").ok.values()
    assert stored.record.outcome is Outcome.INTERRUPTED


def test_a_process_that_dies_at_once_is_told_with_its_last_words(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_clusters(home, aaa="")
    monkeypatch.setattr("fleetkit.workflows._swept_run._PROGRAM", ("-c", "import sys; sys.exit('out of luck')"))
    swept = _sweep(home)
    (one,) = swept.record.clusters
    assert (one.state, one.record) == (SweepState.FAILED, "")
    assert one.reason.endswith("ended without a word (exit code 1); it said last: out of luck")


def test_a_process_that_is_dead_before_it_is_told_what_to_run_is_told_alike(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Dead(subprocess.Popen):  # type: ignore[type-arg]
        def __init__(self, *words: Any, **how: Any) -> None:
            super().__init__(*words, **how)
            self.wait()

    write_clusters(home, aaa="")
    monkeypatch.setattr("fleetkit.workflows._swept_run._PROGRAM", ("-c", "import sys; sys.exit('out of luck')"))
    monkeypatch.setattr(subprocess, "Popen", Dead)
    (one,) = _sweep(home).record.clusters
    assert one.reason.endswith("ended without a word (exit code 1); it said last: out of luck")


def test_a_tally_that_cannot_be_removed_keeps_no_sweep_from_its_end(home: Path) -> None:
    write_clusters(home, aaa="", bbb="")

    def hear(event: SweepEvent) -> None:
        if event.cluster is not None:
            tally = find_sweep(home, "latest") / "calls" / f"{event.cluster.cluster}.json"
            tally.mkdir(parents=True, exist_ok=True)

    assert set(_states(_sweep(home, at_once=1, on_event=hear)).values()) == {SweepState.DONE}


def test_a_setting_that_is_wrong_is_told_for_each_cluster_with_what_to_do(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_clusters(home, aaa="")
    (home / "file").touch()
    monkeypatch.setenv("FLEETKIT_HOME", str(home / "file" / "home"))
    (one,) = _sweep(home).record.clusters
    assert one.state is SweepState.UNUSABLE
    assert str(home / "file") in one.reason
    assert one.next_step


def test_a_cluster_file_from_elsewhere_is_handed_on_as_it_was_named(home: Path) -> None:
    write_clusters(home, aaa=finding("found by its file"))
    (home / "elsewhere").mkdir()
    (home / "clusters" / "aaa.toml").rename(home / "elsewhere" / "aaa.toml")
    swept = run_sweep(prepare_sweep("look.ipynb", clusters=["elsewhere/*.toml"], folder=home))
    (one,) = swept.record.clusters
    assert one.summary == "found by its file"
    stored = find_run(home / "runs", "latest").record
    assert (stored.cluster, stored.parameters["cluster"]) == ("aaa", "elsewhere/aaa.toml")
