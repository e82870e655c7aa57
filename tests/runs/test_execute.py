"""A notebook that a command runs: its record is kept however it ends."""

from __future__ import annotations

import json
import os
import signal

import nbformat
import pytest
from support.runs_notebooks import (
    CANARY,
    everything_in,
    records_under,
    start_run,
    wait_for_line,
    write_notebook,
    write_recorded_notebook,
)

from fleetkit.core import MASK, NotFoundError, NotYet, Patience, SettingsError, wait_until
from fleetkit.pki import verify_signature
from fleetkit.runs import (
    EventKind,
    Outcome,
    ProofState,
    RunEventKind,
    RunLimits,
    Way,
    execute_notebook,
    find_notebook,
    read_journal,
    read_run,
    verify_run,
)

pytestmark = pytest.mark.sandbox

RECORD_FILES = ["journal.jsonl", "notebook.ipynb", "report.html", "run.json"]
FINDINGS = "from types import SimpleNamespace\nrun.finish(SimpleNamespace(outcome='findings', summary='2 findings'))"


def is_closed(stored):
    return verify_run(stored.folder, verify=verify_signature).state is ProofState.CLOSED


def run(path, folder, **options):
    return execute_notebook(find_notebook(str(path)), cluster="demo", folder=folder, **options)


def test_a_run_that_ends_well_leaves_notebook_report_and_facts(tmp_path):
    path = write_recorded_notebook(tmp_path / "10-try.ipynb", "## Look", "print('seen', count)\ncount + 1")
    events = []
    stored = run(path, tmp_path, parameters={"count": 4}, on_event=events.append, aws_caller="arn:aws:iam::1:user/ann")
    assert [stored.folder] == records_under(tmp_path)
    assert sorted(file.name for file in stored.folder.iterdir()) == RECORD_FILES
    record = stored.record
    assert (record.outcome, record.exit, record.error, record.way) == (Outcome.DONE, 0, None, Way.COMMAND)
    assert record.parameters == {"cluster": "", "count": 4, "ratio": 0.5, "flag": False}
    assert record.actor.aws == "arn:aws:iam::1:user/ann"
    assert set(record.versions) == {"fleetkit", "papermill", "ipykernel", "python"}
    notebook = nbformat.read(stored.notebook, as_version=4)
    nbformat.validate(notebook)
    look = next(cell for cell in notebook.cells if cell.source.startswith("print("))
    assert [output.get("text", output.get("data")) for output in look.outputs] == ["seen 4\n", {"text/plain": "5"}]
    assert "seen 4" in stored.report.read_text()
    assert [event.text for event in events if event.kind is RunEventKind.OUTPUT] == ["seen 4"]
    ended = [event.title for event in events if event.kind is RunEventKind.CELL_ENDED]
    assert ended == ["Parameters", "Parameters", "Set up", "Look", "Outcome"]


def test_a_failing_cell_keeps_the_record_and_names_error_hint_and_step(tmp_path):
    cell = "from fleetkit.core import EtcdError\nraise EtcdError('no leader', seen='503', hint='wait a minute')"
    path = write_recorded_notebook(tmp_path / "10-try.ipynb", "## Ask etcd", cell, "## Never", "never = 1")
    stored = run(path, tmp_path)
    assert (stored.record.outcome, stored.record.exit) == (Outcome.FAILED, 1)
    assert (stored.record.error.kind, stored.record.error.title) == ("EtcdError", "Ask etcd")
    report = stored.report.read_text()
    assert "next: wait a minute" in report
    assert "not run" in report


@pytest.mark.parametrize(
    ("cell", "outcome", "code"),
    [
        (
            "from fleetkit.core import ApprovalMissingError\nraise ApprovalMissingError('not approved')",
            Outcome.REFUSED,
            4,
        ),
        ("from fleetkit.core import ClusterFileError\nraise ClusterFileError('no file')", Outcome.FAILED, 2),
        (FINDINGS, Outcome.FINDINGS, 3),
        ("raise SystemExit(0)", Outcome.DONE, 0),
    ],
)
def test_the_notebooks_ending_becomes_the_exit_code(tmp_path, cell, outcome, code):
    path = write_recorded_notebook(tmp_path / "10-try.ipynb", finish=cell)
    stored = run(path, tmp_path)
    assert (stored.record.outcome, stored.record.exit) == (outcome, code)
    assert stored.record.summary == ("2 findings" if code == 3 else "")


def test_a_kernel_that_dies_is_told_with_its_step(tmp_path):
    path = write_notebook(
        tmp_path / "10-try.ipynb", "## Die", "import os\nprint('last words')\nos._exit(9)", "never = 1"
    )
    stored = run(path, tmp_path)
    assert (stored.record.outcome, stored.record.exit, stored.record.error.kind) == (Outcome.FAILED, 1, "KernelDied")
    assert stored.record.error.title == "Die"
    assert is_closed(stored)
    notebook = nbformat.read(stored.notebook, as_version=4)
    assert [cell.metadata.get("fleetkit", {}).get("status") for cell in notebook.cells][-2:] == ["failed", None]


def test_a_time_limit_stops_the_cell_and_fails_the_run(tmp_path):
    path = write_notebook(
        tmp_path / "10-try.ipynb", "## Wait", "import threading\nthreading.Event().wait()", "never = 1"
    )
    stored = run(path, tmp_path, limits=RunLimits(run_s=8.0))
    assert (stored.record.outcome, stored.record.exit, stored.record.error.kind) == (Outcome.FAILED, 1, "TimeLimit")
    assert stored.record.error.title == "Wait"
    assert is_closed(stored)


def test_a_cell_that_will_not_be_interrupted_is_killed_after_its_grace(tmp_path):
    cell = "import signal, threading\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\nthreading.Event().wait()"
    path = write_notebook(tmp_path / "10-try.ipynb", "## Hang", cell)
    stored = run(path, tmp_path, limits=RunLimits(run_s=6.0, grace_s=0.5))
    assert stored.record.error.kind == "TimeLimit"
    assert "KernelDied" in stored.record.error.message
    assert is_closed(stored)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_cell_well_and_the_kernel_with_it(tmp_path, number):
    cell = (
        "import os, threading\nprint('pid', os.getpid())\n"
        "try:\n    print('ready')\n    threading.Event().wait()\nfinally:\n    print('tidied up')"
    )
    path = write_notebook(tmp_path / "10-try.ipynb", "## Wait", cell, "never = 1")
    process = start_run(path, folder=tmp_path)
    wait_for_line(process, "ready")
    process.send_signal(number)
    printed, _ = process.communicate(timeout=60)
    assert process.returncode == 130, printed
    stored = read_run(records_under(tmp_path)[0])
    assert (stored.record.outcome, stored.record.exit) == (Outcome.INTERRUPTED, 130)
    assert is_closed(stored)
    report = stored.report.read_text()
    assert "tidied up" in report
    assert "never = 1" in nbformat.read(stored.notebook, as_version=4).cells[-1].source
    pid = int(report.split("pid ")[1].split()[0])
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_a_runner_that_was_killed_leaves_a_record_that_can_be_read(tmp_path):
    cell = "import os, threading\nprint('kernel', os.getpid(), 'ready')\nthreading.Event().wait()"
    path = write_recorded_notebook(tmp_path / "10-try.ipynb", "## Wait", cell)
    process = start_run(path, folder=tmp_path)
    wait_for_line(process, "ready")
    folder = records_under(tmp_path)[0]
    assert read_run(folder).record.outcome is Outcome.RUNNING
    written = ["done", "done", "running", None]
    wait_until(
        lambda: statuses_in(folder) == written or NotYet(f"{statuses_in(folder)}"),
        what="the clock to have the record written in the middle of the cell",
        patience=Patience(deadline_s=60, interval_s=0.1),
    )
    process.kill()
    process.communicate(timeout=30)
    stored = read_run(folder)
    assert (stored.record.outcome, stored.record.exit) == (Outcome.ABANDONED, 1)
    assert statuses_in(folder) == written
    assert "ready" in stored.report.read_text()


def statuses_in(folder):
    cells = nbformat.read(folder / "notebook.ipynb", as_version=4).cells
    return [cell.metadata.get("fleetkit", {}).get("status") for cell in cells if cell.cell_type == "code"]


def test_a_cell_over_its_own_limit_ends_the_run_and_a_quick_one_does_not(tmp_path):
    path = write_notebook(
        tmp_path / "10-try.ipynb", "## Quick", "1", "## Wait", "import threading\nthreading.Event().wait()", "never = 1"
    )
    stored = run(path, tmp_path, limits=RunLimits(cell_s=4.0))
    assert (stored.record.outcome, stored.record.exit, stored.record.error.kind) == (Outcome.FAILED, 1, "CellTimeLimit")
    assert stored.record.error.title == "Wait"
    assert statuses_in(stored.folder)[-2:] == ["interrupted", None]
    assert is_closed(stored)


LATE = (
    "import threading, time, ipywidgets\nbar = ipywidgets.IntProgress(max=30)\n"
    "def work():\n    for step in range(30):\n        time.sleep(0.05)\n        bar.value = step + 1\n    {then}\n"
    "threading.Thread(target=work, daemon=True).start()\nbar"
)


def test_a_thread_that_still_updates_a_widget_is_waited_for(tmp_path):
    path = write_notebook(tmp_path / "10-try.ipynb", "## Work", LATE.format(then="pass"))
    events = []
    stored = run(path, tmp_path, on_event=events.append)
    assert stored.record.outcome is Outcome.DONE
    assert '"value": 30' in stored.notebook.read_text()
    assert [event.text for event in events if event.kind is RunEventKind.WAITING] == [
        "waiting for a thread that still updates a widget"
    ]


def test_a_thread_that_never_ends_is_waited_for_no_longer_than_the_limit_and_a_silent_one_hardly_at_all(tmp_path):
    forever = "while True: time.sleep(0.05); bar.value = 30 - bar.value"
    path = write_notebook(tmp_path / "10-try.ipynb", "## Work", LATE.format(then=forever))
    events = []
    stored = run(path, tmp_path, on_event=events.append, limits=RunLimits(threads_s=3.0))
    assert stored.record.outcome is Outcome.DONE
    assert "not recorded" in [event.text for event in events if event.kind is RunEventKind.WAITING][-1]
    path = write_notebook(tmp_path / "20-try.ipynb", "## Work", LATE.format(then="threading.Event().wait()"))
    stored = run(path, tmp_path, on_event=events.append, limits=RunLimits(threads_s=3600.0))
    assert '"value": 30' in stored.notebook.read_text()


def test_a_notebook_that_names_no_kernel_runs_in_pythons(tmp_path):
    path = write_notebook(tmp_path / "10-try.ipynb", "1")
    notebook = nbformat.read(path, as_version=4)
    del notebook.metadata["kernelspec"]
    nbformat.write(notebook, path)
    assert run(path, tmp_path).record.outcome is Outcome.DONE


def test_no_secret_reaches_the_record_or_the_terminal(tmp_path):
    split = f"import time\nprint('{CANARY[:6]}', end='', flush=True)\nprint('{CANARY[6:]}', flush=True)"
    widget = (
        "import ipywidgets\nout = ipywidgets.Output()\n"
        f"out.append_stdout('{CANARY[:6]}')\nout.append_stdout('{CANARY[6:]}')\nout"
    )
    path = write_recorded_notebook(tmp_path / "10-try.ipynb", "## Tell", split, widget, f"raise ValueError('{CANARY}')")
    events = []
    stored = run(path, tmp_path, secrets=[CANARY], on_event=events.append)
    assert CANARY not in everything_in(stored.folder)
    outputs = [cell.get("outputs", []) for cell in json.loads(stored.notebook.read_text())["cells"]]
    assert CANARY[6:] not in json.dumps([outputs[-2], outputs[-1]])
    assert [event.text for event in events if event.kind is RunEventKind.OUTPUT] == [MASK]
    assert stored.record.error.message == MASK


def test_output_widgets_that_are_filled_cell_by_cell_do_not_stall_a_run(tmp_path):
    fill = [f"with out:\n    print('line {number}')" for number in range(40)]
    path = write_recorded_notebook(
        tmp_path / "10-try.ipynb", "import ipywidgets\nout = ipywidgets.Output()\nout", *fill
    )
    stored = run(path, tmp_path)
    assert stored.record.outcome is Outcome.DONE
    assert "line 39" in stored.report.read_text()


def test_a_secret_that_the_notebook_names_itself_is_kept_out_as_well(tmp_path):
    cell = "secret = 'canary-' + '5f2c9e17ab'\nrun.protect([secret])\nprint(secret)"
    path = write_recorded_notebook(tmp_path / "10-try.ipynb", "## Use it", cell)
    stored = run(path, tmp_path)
    assert stored.record.outcome is Outcome.DONE
    assert CANARY not in everything_in(stored.folder)
    assert MASK in everything_in(stored.folder)


def test_a_value_too_short_to_be_kept_out_fails_its_own_cell(tmp_path):
    path = write_recorded_notebook(tmp_path / "10-try.ipynb", "## Use it", "run.protect(['abc'])")
    stored = run(path, tmp_path)
    assert (stored.record.error.kind, stored.record.error.title) == ("SettingsError", "Use it")
    assert "fewer than 6" in stored.record.error.message


def test_what_programs_print_does_not_reach_the_terminal_unredacted(tmp_path):
    path = write_notebook(tmp_path / "10-try.ipynb", "## Call", f"import os\nos.system('echo {CANARY}')")
    process = start_run(path, folder=tmp_path, code=f", secrets=['{CANARY}']")
    printed, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    assert CANARY not in printed


@pytest.mark.parametrize(("parameters", "error"), [({"count": "x"}, SettingsError), ({"nope": 1}, NotFoundError)])
def test_wrong_parameters_are_refused_before_there_is_a_record(tmp_path, parameters, error):
    path = write_notebook(tmp_path / "10-try.ipynb", "open('ran', 'w').close()")
    with pytest.raises(error):
        run(path, tmp_path, parameters=parameters)
    assert [file.name for file in tmp_path.iterdir()] == ["10-try.ipynb"]


def test_a_disk_that_fills_up_lets_the_cell_end_fails_the_run_and_keeps_what_was_written(tmp_path):
    cell = (
        "import time\nfrom pathlib import Path\nprint('x' * 400_000)\n"
        "for _ in range(40): print('.', flush=True); time.sleep(0.1)\nPath('ended').touch()"
    )
    path = write_notebook(tmp_path / "10-try.ipynb", "## Fill", cell)
    # The system refuses what would pass the limit, as a full disk does.
    limit = "[__import__('resource').setrlimit(__import__('resource').RLIMIT_FSIZE, (300_000, 300_000))] and ''"
    process = start_run(path, folder=tmp_path, code=f", aws_caller={limit}")
    printed, _ = process.communicate(timeout=120)
    (folder,) = records_under(tmp_path)
    assert process.returncode == 1
    assert "it is tried again" in printed
    assert f"FleetkitError: notebook.ipynb of the record {folder} cannot be written" in printed
    assert (tmp_path / "ended").exists()
    assert sorted(file.name for file in folder.iterdir()) == RECORD_FILES
    stored = read_run(folder)
    assert stored.record.outcome is Outcome.ABANDONED
    # A slow kernel lets the timer save once more before the disk is full; that the cell ended, it cannot save.
    assert statuses_in(folder)[-1] in {None, "running"}
    assert [event.kind for event in read_journal(folder)][-2:] == [EventKind.STEP_STARTED, EventKind.STEP_ENDED]


def test_the_kernel_works_in_the_folder_of_the_clusters(tmp_path):
    path = write_notebook(tmp_path / "10-try.ipynb", "import pathlib\nstr(pathlib.Path.cwd())")
    (tmp_path / "home").mkdir()
    stored = run(path, tmp_path / "home")
    assert (
        str(tmp_path / "home")
        in json.loads(stored.notebook.read_text())["cells"][-1]["outputs"][0]["data"]["text/plain"]
    )


def test_a_missing_kernel_is_a_failed_run_with_a_record(tmp_path):
    path = write_notebook(tmp_path / "10-try.ipynb", "1")
    notebook = nbformat.read(path, as_version=4)
    notebook.metadata.kernelspec.name = "cobol"
    nbformat.write(notebook, path)
    stored = run(path, tmp_path)
    assert (stored.record.outcome, stored.record.error.kind) == (Outcome.FAILED, "KernelUnusable")
    assert "cobol" in stored.record.error.message
