"""The journal that a run leaves: the same events by command and by hand, and none lost to a kill."""

from __future__ import annotations

import os
import signal

import pytest
from support.runs_journals import check_chain
from support.runs_notebooks import (
    CANARY,
    everything_in,
    records_under,
    start_python,
    start_run,
    wait_for_line,
    write_recorded_notebook,
)

from fleetkit.pki import ensure_signing_key
from fleetkit.runs import EventKind, execute_notebook, find_notebook, read_run

pytestmark = pytest.mark.sandbox

FACT = "run.record(runs.EventKind.FACT, {'about': 'members', 'members': []})"
PLAN = "run.record(runs.EventKind.PLAN, {'operation': 'deploy', 'sha256': 'ab' * 32})"


def told(folder):
    """Return the kind of each event and the step that it tells of, or stands in."""
    return [(event.kind, event.data.get("step", "")) for event in check_chain(folder)]


def by_command(path, folder):
    return execute_notebook(find_notebook(str(path)), cluster="demo", folder=folder).folder


def by_papermill(path, folder):
    process = start_python(["-m", "papermill", str(path), str(folder / "out.ipynb")], folder=folder)
    process.communicate(timeout=90)
    return records_under(folder)[-1]


@pytest.mark.parametrize("drive", [by_command, by_papermill])
def test_what_a_step_records_stands_between_its_beginning_and_its_end(tmp_path, drive):
    path = write_recorded_notebook(tmp_path / "10-try.ipynb", "## Look", FACT, "## Plan", PLAN)
    folder = drive(path, tmp_path)
    expected = [
        (EventKind.STEP_STARTED, "Look"),
        (EventKind.FACT, ""),
        (EventKind.STEP_ENDED, "Look"),
        (EventKind.STEP_STARTED, "Plan"),
        (EventKind.PLAN, ""),
        (EventKind.STEP_ENDED, "Plan"),
        (EventKind.STEP_STARTED, "Outcome"),
        (EventKind.STEP_ENDED, "Outcome"),
        (EventKind.FINISHED, ""),
    ]
    assert told(folder)[-len(expected) :] == expected
    first, *_, last = check_chain(folder)
    assert first.kind is EventKind.RUN_STARTED
    assert (first.data["run"], first.data["parameters"]["count"]) == (folder.name, 3)
    assert first.data["notebook_sha256"] == find_notebook(str(path)).sha256()
    assert (last.data["outcome"], last.data["plans"]) == ("done", ["ab" * 32])
    numbers = [event.data["cell"] for event in check_chain(folder) if event.kind is EventKind.STEP_ENDED]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    closing = read_run(folder).record.closing
    assert (closing.lines, closing.plans) == (last.seq + 1, ("ab" * 32,))


@pytest.mark.parametrize("drive", [by_command, pytest.param(by_papermill, marks=pytest.mark.slow)])
def test_a_cell_that_fails_is_told_of_with_its_error(tmp_path, drive):
    path = write_recorded_notebook(tmp_path / "10-try.ipynb", "## Break", "1 / 0")
    events = check_chain(drive(path, tmp_path))
    ended = [event.data["status"] for event in events if event.kind is EventKind.STEP_ENDED]
    assert (ended[-1], set(ended[:-1])) == ("failed", {"done"})
    failed = next(event for event in events if event.kind is EventKind.FAILED)
    assert (failed.data["kind"], failed.data["title"]) == ("ZeroDivisionError", "Break")
    assert (events[-1].kind, events[-1].data["outcome"]) == (EventKind.FINISHED, "failed")


def test_a_run_that_is_killed_keeps_every_event_before_the_kill(tmp_path):
    cell = f"{FACT}\nimport os\nprint('kernel', os.getpid(), flush=True)\nimport threading\nthreading.Event().wait()"
    path = write_recorded_notebook(tmp_path / "10-try.ipynb", "## Wait", cell)
    process = start_run(path, folder=tmp_path)
    wait_for_line(process, "kernel")
    process.kill()
    process.communicate(timeout=30)
    folder = records_under(tmp_path)[0]
    assert told(folder)[-2:] == [(EventKind.STEP_STARTED, "Wait"), (EventKind.FACT, "")]
    assert read_run(folder).record.closing is None


def test_a_kernel_that_is_killed_loses_no_event_and_the_run_closes(tmp_path):
    cell = f"{FACT}\nimport os, signal\nos.kill(os.getpid(), signal.SIGKILL)"
    path = write_recorded_notebook(tmp_path / "10-try.ipynb", "## Die", cell)
    folder = by_command(path, tmp_path)
    kinds = [kind for kind, _ in told(folder)]
    assert kinds[-5:] == [
        EventKind.STEP_STARTED,
        EventKind.FACT,
        EventKind.STEP_ENDED,
        EventKind.FAILED,
        EventKind.FINISHED,
    ]


def test_a_run_that_is_interrupted_says_so_in_its_journal(tmp_path):
    cell = "print('ready', flush=True)\nimport threading\nthreading.Event().wait()"
    path = write_recorded_notebook(tmp_path / "10-try.ipynb", "## Wait", cell)
    process = start_run(path, folder=tmp_path)
    wait_for_line(process, "ready")
    os.kill(process.pid, signal.SIGINT)
    process.communicate(timeout=60)
    events = check_chain(records_under(tmp_path)[0])
    assert (events[-1].kind, events[-1].data["outcome"]) == (EventKind.FINISHED, "interrupted")


def test_a_signed_run_ends_with_a_signature(tmp_path):
    path = write_recorded_notebook(tmp_path / "10-try.ipynb", "## Look", FACT)
    signer = ensure_signing_key(tmp_path / "home")
    stored = execute_notebook(find_notebook(str(path)), cluster="demo", folder=tmp_path, signer=signer)
    *_, finished, signature = check_chain(stored.folder)
    assert (finished.kind, signature.kind) == (EventKind.FINISHED, EventKind.SIGNATURE)
    assert signature.data["public_key"] == signer.public_key


@pytest.mark.parametrize("drive", [by_command, pytest.param(by_papermill, marks=pytest.mark.slow)])
def test_no_secret_reaches_the_journal(tmp_path, drive):
    cell = (
        "secret = 'canary-' + '5f2c9e17ab'\nrun.protect([secret])\n"
        "run.record(runs.EventKind.FACT, {'about': secret, secret: [secret]})"
    )
    path = write_recorded_notebook(tmp_path / "10-try.ipynb", "## Use it", cell)
    folder = drive(path, tmp_path)
    assert EventKind.FACT in [kind for kind, _ in told(folder)]
    assert CANARY not in everything_in(folder)
