"""A run of a schedule: alone, limited, tried again where that can help, and never worse for a kill."""

from __future__ import annotations

import fcntl
import json
import os
import signal

import psutil
import pytest
from support.runs_notebooks import start_python, wait_for_line
from support.scheduled import make_entry, write_look, write_schedule

from fleetkit.core import BusyError, NotYet, Patience, wait_until
from fleetkit.runs import Outcome, list_runs
from fleetkit.schedule import Attendants, hold_schedule, list_scheduled_runs, run_entry

pytestmark = pytest.mark.sandbox

FAIL_ONCE = """\
from fleetkit.core import AwsError
from pathlib import Path
once = not Path("once").exists()
Path("once").touch()
if once: raise AwsError("throttled", transient=True)"""
FOR_EVER = "import time\nprint('begun', flush=True)\ntime.sleep(600)"


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "schedules").mkdir()
    return tmp_path


def run(folder, *cells: str, **changes):
    write_look(folder, *cells)
    return run_entry(make_entry(folder, **changes), folder=folder, attendants=Attendants())


def records(folder) -> list[dict]:
    """Return what run.json says of each record, the oldest first."""
    return [json.loads((one / "run.json").read_text()) for one in sorted((folder / "runs" / "none").iterdir())]


def test_a_run_leaves_a_record_that_names_its_schedule_and_what_was_missed(folder):
    stored = run(folder, "print(1)")
    assert stored.record.outcome is Outcome.DONE
    (record,) = records(folder)
    assert (record["schedule"]["name"], record["schedule"]["attempt"]) == ("look", 1)
    assert record["schedule"]["missed"] > 0
    assert record["schedule"]["note"] in stored.report.read_text()
    assert '"schedule":{"name":"look"' in (stored.folder / "journal.jsonl").read_text()


def test_a_failure_that_may_pass_is_tried_again_and_each_attempt_is_recorded(folder):
    said: list[str] = []
    write_look(folder, FAIL_ONCE)
    stored = run_entry(make_entry(folder), folder=folder, attendants=Attendants(say=said.append))
    assert stored.record.outcome is Outcome.DONE
    first, second = records(folder)
    assert (first["outcome"], first["error"]["transient"]) == ("failed", True)
    assert (second["schedule"]["attempt"], second["schedule"]["due"]) == (2, first["schedule"]["due"])
    assert said[-1].startswith("the failure may pass: attempt 2 begins in")


def test_a_step_that_failed_because_of_what_may_pass_counts_as_that(folder):
    cell = (
        "from fleetkit.core import *\ntry: raise SshError('away', transient=True)\n"
        "except SshError as error: raise WorkflowError('step', step='look') from error"
    )
    run(folder, cell, retries=1)
    assert [one["error"]["transient"] for one in records(folder)] == [True, True]


@pytest.mark.parametrize(
    "cell",
    [
        "1 / 0",
        "from fleetkit.core import AwsError\nraise AwsError('denied')",
        "from fleetkit.core import ApprovalMissingError\nraise ApprovalMissingError('no')",
        "run._sink.record(__import__('fleetkit.runs').runs.EventKind.CHANGE, {'what': 'x'})\n"
        "from fleetkit.core import AwsError\nraise AwsError('throttled', transient=True)",
        "run._sink.record(__import__('fleetkit.runs').runs.EventKind.APPROVAL, {'way': 'name'})\n"
        "from fleetkit.core import AwsError\nraise AwsError('throttled', transient=True)",
        "import os; os._exit(9)",
    ],
    ids=["defect", "refused by AWS", "refused by a guard", "changed something", "approved", "kernel died"],
)
def test_nothing_else_is_tried_again(folder, cell):
    stored = run(folder, cell)
    assert stored.record.outcome is not Outcome.DONE
    assert len(records(folder)) == 1


def test_retries_end_and_the_wait_is_doubled(folder):
    waits: list[float] = []

    class Waiting:
        def monotonic(self) -> float:
            return sum(waits)

        def sleep(self, seconds: float) -> None:
            waits.append(seconds)

    write_look(folder, "from fleetkit.core import AwsError\nraise AwsError('throttled', transient=True)")
    entry = make_entry(folder, backoff_s=10, retries=3)
    stored = run_entry(entry, folder=folder, attendants=Attendants(clock=Waiting()))
    assert (stored.record.schedule.attempt, waits) == (3, [10, 20]), "a wait of 40 s does not fit into the minute"


def test_the_time_limit_ends_the_run_with_all_that_it_started(folder):
    stored = run(
        folder,
        "import subprocess\nchild = subprocess.Popen(['sleep', '600'])\n"
        "open('child', 'w').write(str(child.pid))\nchild.wait()",
        timeout_s=30.0,
    )
    assert (stored.record.outcome, stored.record.error.kind) == (Outcome.FAILED, "TimeLimit")
    assert len(records(folder)) == 1, "what took too long is not tried again"
    child = int((folder / "child").read_text())

    def gone() -> bool | NotYet[bool]:
        alive = psutil.pid_exists(child) and psutil.Process(child).status() != psutil.STATUS_ZOMBIE
        return NotYet("the child is there") if alive else True

    wait_until(gone, what="the child to be gone", patience=Patience(deadline_s=20, interval_s=0.1))


def test_a_lock_that_went_with_its_schedule_is_held_by_nobody(folder, monkeypatch):
    """Whoever opened the lock's file before it was removed would hold one that nobody else looks at."""
    take = fcntl.flock

    def remove_and_take(handle, operation):
        (folder / "schedules" / ".look.lock").unlink()
        take(handle, operation)

    monkeypatch.setattr(fcntl, "flock", remove_and_take)
    with pytest.raises(BusyError, match="was taken away just now"), hold_schedule(folder, "look"):
        pytest.fail("it was held")


def test_a_second_run_at_the_same_time_is_refused_and_says_who_runs_the_first(folder):
    with hold_schedule(folder, "look"), pytest.raises(BusyError, match=f"process {os.getpid()}, since 20"):
        run(folder, "print(1)")
    assert not (folder / "runs").exists()
    assert run(folder, "print(1)").record.outcome is Outcome.DONE


def test_a_runner_that_is_killed_blocks_nothing_and_is_told_by_the_next_run(folder):
    entry = write_schedule(folder)
    write_look(folder, FOR_EVER)
    program = (
        "from pathlib import Path\nfrom fleetkit.schedule import *\nfolder = Path.cwd()\n"
        "tell = lambda event: print(event.text, flush=True)\n"
        "run_entry(read_entry(folder, 'look'), folder=folder, attendants=Attendants(on_event=tell))"
    )
    process = start_python(["-c", program], folder=folder)
    wait_for_line(process, "begun")
    with pytest.raises(BusyError, match=f"process {process.pid}"), hold_schedule(folder, "look"):
        pass
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=60)
    (killed,) = list_scheduled_runs(entry, folder=folder)
    assert killed.record.outcome is Outcome.ABANDONED
    stored = run(folder, "print(1)")
    assert stored.record.outcome is Outcome.DONE
    assert f"the run before, {killed.record.id}, was killed" in stored.record.schedule.note


def test_a_request_to_end_lets_the_cell_end_and_the_command_exits_130(folder):
    write_schedule(folder)
    write_look(folder, "open('begun', 'w').close()\n" + FOR_EVER)
    process = start_python(["-m", "fleetkit.cli", "schedule", "run", "look"], folder=folder)
    begun = folder / "begun"
    wait_until(
        lambda: begun.exists() or NotYet("no cell yet"),
        what="the cell",
        patience=Patience(deadline_s=60, interval_s=0.1),
    )
    process.send_signal(signal.SIGTERM)
    said, _ = process.communicate(timeout=60)
    assert process.returncode == 130, said
    assert [one["outcome"] for one in records(folder)] == ["interrupted"]


def test_who_is_to_be_told_is_told_once_of_the_last_attempt(folder):
    told: list[str] = []
    write_look(folder, FAIL_ONCE)
    attendants = Attendants(tell=lambda stored: told.append(stored.record.id))
    stored = run_entry(make_entry(folder), folder=folder, attendants=attendants)
    assert told == [stored.record.id]
    assert len(list_runs(folder / "runs")) == 2
