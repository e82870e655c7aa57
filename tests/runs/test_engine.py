"""``papermill --engine fleetkit``: the record of ``fleetkit run``, a clean notebook, and what can leak all the same."""

from __future__ import annotations

import signal
import subprocess
import sys

import nbformat
import pytest
from support.runs_notebooks import (
    CANARY,
    everything_in,
    records_under,
    start_python,
    wait_for_line,
    write_notebook,
    write_recorded_notebook,
)

from fleetkit.core import MASK
from fleetkit.runs import Outcome, Way, execute_notebook, find_notebook, read_run

pytestmark = pytest.mark.sandbox

TELL = "secret = 'canary-' + '5f2c9e17ab'\nrun.protect([secret])\nprint(secret)"
PLAIN = f"print('{CANARY}')"
"""The source gives it away too, as a value that nobody protects does."""


def papermill(path, folder, *arguments):
    words = ["-m", "papermill", "--engine", "fleetkit", str(path), str(folder / "out.ipynb"), *arguments]
    process = start_python(words, folder=folder)
    printed, _ = process.communicate(timeout=120)
    return process.returncode, printed


def cells_of(file):
    notebook = nbformat.read(file, as_version=4)
    nbformat.validate(notebook)
    return [(cell.cell_type, cell.source.strip(), cell.get("execution_count")) for cell in notebook.cells]


def test_papermill_leaves_one_record_the_same_as_the_commands_and_a_clean_notebook(tmp_path):
    path = write_recorded_notebook(tmp_path / "10-try.ipynb", "## Tell", TELL)
    code, printed = papermill(path, tmp_path, "-p", "count", "4", "-p", "cluster", "demo", "--log-output")
    assert code == 0, printed
    (folder,) = records_under(tmp_path)
    by_papermill = read_run(folder)
    by_command = execute_notebook(
        find_notebook(str(path)), cluster="demo", folder=tmp_path, parameters={"count": 4, "cluster": "demo"}
    )
    assert cells_of(by_papermill.notebook) == cells_of(by_command.notebook) == cells_of(tmp_path / "out.ipynb")
    assert {file.name for file in folder.iterdir()} == {file.name for file in by_command.folder.iterdir()}
    assert by_papermill.record.outcome is Outcome.DONE
    assert by_papermill.record.parameters == by_command.record.parameters
    assert (by_papermill.record.way, by_command.record.way) == (Way.UNATTENDED, Way.COMMAND)
    assert CANARY not in everything_in(folder) + (tmp_path / "out.ipynb").read_text() + printed
    assert MASK in printed


@pytest.mark.parametrize(
    ("cell", "arguments", "said"),
    [
        ("raise ValueError('no ' + 'luck')", [], "no luck"),
        ("import os\nos._exit(9)", [], "the kernel died"),
        ("import threading\nthreading.Event().wait()", ["--execution-timeout", "3"], "KeyboardInterrupt"),
    ],
)
def test_a_run_that_fails_fails_papermill_and_leaves_notebook_and_record(tmp_path, cell, arguments, said):
    path = write_notebook(tmp_path / "10-try.ipynb", "## Break", cell, "never = 1")
    code, printed = papermill(path, tmp_path, "-p", "cluster", "demo", *arguments)
    assert code == 1
    assert said in printed
    assert said in (tmp_path / "out.ipynb").read_text()
    stored = read_run(records_under(tmp_path)[0])
    assert (stored.record.outcome, stored.record.error.title) == (Outcome.FAILED, "Break")


def test_papermill_that_is_told_to_end_leaves_notebook_and_record(tmp_path):
    path = write_notebook(tmp_path / "10-try.ipynb", "import threading\nprint('ready')\nthreading.Event().wait()")
    out = tmp_path / "out.ipynb"
    words = ["-m", "papermill", "--engine", "fleetkit", "--log-output", "-p", "cluster", "demo", str(path), str(out)]
    process = start_python(words, folder=tmp_path)
    wait_for_line(process, "ready")
    process.send_signal(signal.SIGTERM)
    printed, _ = process.communicate(timeout=60)
    assert process.returncode == 1, printed
    assert read_run(records_under(tmp_path)[0]).record.outcome is Outcome.INTERRUPTED
    assert "KeyboardInterrupt" in out.read_text()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["-p", "cout", "3"], "no parameter 'cout'"),
        (["-p", "count", "three"], "'count' must be a whole number"),
        (["-p", "cluster", "AKIAIOSFODNN7EXAMPLE"], "looks like a secret"),
    ],
)
def test_wrong_parameters_are_refused_before_anything_runs(tmp_path, arguments, said):
    path = write_notebook(tmp_path / "10-try.ipynb", "open('ran', 'w').close()")
    code, printed = papermill(path, tmp_path, *arguments)
    assert code == 1
    assert said in printed
    assert [file.name for file in tmp_path.iterdir()] == ["10-try.ipynb"]


def test_files_for_the_streams_are_written_without_secrets(tmp_path):
    cell = f"{TELL}\nimport sys\nprint('warned', secret, file=sys.stderr)"
    path = write_recorded_notebook(tmp_path / "10-try.ipynb", "## Tell", cell)
    files = ["--stdout-file", str(tmp_path / "said"), "--stderr-file", str(tmp_path / "warned")]
    assert papermill(path, tmp_path, *files)[0] == 0
    assert ((tmp_path / "said").read_text(), (tmp_path / "warned").read_text()) == (f"{MASK}\n", f"warned {MASK}\n")


def test_importing_papermill_finds_the_engine_and_brings_in_nothing_else(tmp_path):
    program = (
        "import papermill.engines as engines, sys\n"
        "print(engines.papermill_engines.get_engine('fleetkit').__name__, 'fleetkit.runs._engine' in sys.modules)"
    )
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert answer.stdout.split() == ["Engine", "False"]


WAYS_ROUND = {
    "a notebook that is only prepared": (["--prepare-only", "-p", "note", CANARY], "the notebook"),
    "a log of everything": (["--log-level", "DEBUG"], "the terminal"),
    "a path made of a parameter": (["-p", "note", CANARY], "a file's name"),
}
"""What papermill does by itself, before an engine is asked or beside it. `docs/secrets.md` lists the same."""


@pytest.mark.parametrize("way", WAYS_ROUND)
def test_what_papermill_does_by_itself_leaks_as_the_documentation_says(tmp_path, way):
    """When this fails, papermill keeps one secret more, and `docs/secrets.md` can say so."""
    arguments, where = WAYS_ROUND[way]
    parameters = 'cluster = ""\ncount = 3\nnote = ""'
    begin = "from fleetkit import runs\nrun = runs.begin_run(notebook='n', cluster='demo', parameters={})"
    path = write_notebook(tmp_path / "10-try.ipynb", begin, TELL, parameters=parameters)
    out = "out-{note}.ipynb" if where == "a file's name" else "out.ipynb"
    words = ["-m", "papermill", "--engine", "fleetkit", str(path), str(tmp_path / out), *arguments]
    process = start_python(words, folder=tmp_path)
    printed, _ = process.communicate(timeout=120)
    assert process.returncode == 0, printed
    notebooks = list(tmp_path.glob("out*.ipynb"))
    leaked = {
        "the notebook": CANARY in notebooks[0].read_text(),
        "the terminal": CANARY in printed,
        "a file's name": CANARY in notebooks[0].name,
    }
    assert leaked[where]
