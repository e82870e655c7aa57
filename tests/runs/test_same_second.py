"""Whole runs of one notebook that begin in the same second: a record each, and each of them whole."""

from __future__ import annotations

import pytest
from support.runs_notebooks import BEGIN, records_under, start_python, write_notebook

from fleetkit.pki import verify_signature
from fleetkit.runs import Outcome, ProofState, read_run, verify_run

pytestmark = pytest.mark.sandbox

STILL = (
    "import datetime as dt\nfrom fleetkit.runs import begin, execute\n"
    "execute.utc_now = begin.utc_now = lambda: dt.datetime(2026, 3, 1, 4, 5, 6, tzinfo=dt.UTC)\n"
)
"""Only luck starts two processes in one second, so the clock that names a record stands still."""

MEET = (
    "import os\nfrom pathlib import Path\nPath(f'here-{os.getpid()}').touch()\n"
    "import time\nwhile len(list(Path.cwd().glob('here-*'))) < 2: time.sleep(0.01)\nprint('number', count)"
)
"""Each waits until both are in the middle of it."""

RUN = (
    "from pathlib import Path\nfrom fleetkit.runs import execute_notebook, find_notebook\n"
    "found = find_notebook('10-try.ipynb')\n"
    "execute_notebook(found, cluster='demo', folder=Path.cwd(), parameters={'count': %d})"
)


def by_command(folder, number):
    return start_python(["-c", STILL + RUN % number], folder=folder)


def by_papermill(folder, number):
    arguments = ["-m", "papermill", "10-try.ipynb", f"out-{number}.ipynb", "-p", "count", str(number)]
    return start_python(arguments, folder=folder)


@pytest.mark.parametrize(
    "start", [by_command, pytest.param(by_papermill, marks=pytest.mark.slow)], ids=["command", "papermill"]
)
def test_two_runs_that_begin_in_the_same_second_keep_a_record_each_and_both_prove_themselves(tmp_path, start):
    write_notebook(tmp_path / "10-try.ipynb", STILL, BEGIN.format(name="10-try"), "## Meet", MEET, "run.finish()")
    both = [start(tmp_path, number) for number in (1, 2)]
    for process in both:
        said, _ = process.communicate(timeout=100)
        assert process.returncode == 0, said
    folders = records_under(tmp_path)
    assert [folder.name for folder in folders] == ["20260301T040506Z-10-try", "20260301T040506Z-10-try-2"]
    for folder in folders:
        record = read_run(folder).record
        assert (record.id, record.outcome) == (folder.name, Outcome.DONE)
        assert f"number {record.parameters['count']}" in (folder / "report.html").read_text()
        proof = verify_run(folder, verify=verify_signature)
        assert (proof.state, proof.flaws) == (ProofState.CLOSED, ())
    assert {read_run(folder).record.parameters["count"] for folder in folders} == {1, 2}
