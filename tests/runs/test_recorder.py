"""A notebook that something else drives leaves the same record: the kernel writes it."""

from __future__ import annotations

import json
import os
import signal

import nbclient
import nbformat
import pytest
from support.runs_kernels import start_kernel_by_hand
from support.runs_notebooks import (
    BEGIN,
    CANARY,
    everything_in,
    records_under,
    start_python,
    wait_for_line,
    write_notebook,
    write_recorded_notebook,
)

from fleetkit.core import MASK, NotYet, Patience, wait_until
from fleetkit.pki import verify_signature
from fleetkit.runs import Outcome, ProofState, Way, execute_notebook, find_notebook, read_run, verify_run

pytestmark = pytest.mark.sandbox

# An output widget that is filled from the kernel's side: `with out:` makes papermill itself miss answers.
WIDGET = (
    "import ipywidgets as w\nout = w.Output()\nbar = w.IntProgress(value=1, max=5, description='steps')\n"
    "out.append_stdout('inside')\nw.VBox([bar, out])"
)


def run_with_nbclient(path, folder, *, allow_errors=False):
    """Run as JupyterLab would: no papermill, a kernel in the notebook's folder."""
    notebook = nbformat.read(path, as_version=4)
    client = nbclient.NotebookClient(notebook, resources={"metadata": {"path": str(folder)}}, allow_errors=allow_errors)
    client.execute()
    return notebook


def run_with_papermill(path, folder, *arguments):
    process = start_python(["-m", "papermill", str(path), str(folder / "out.ipynb"), *arguments], folder=folder)
    printed, _ = process.communicate(timeout=90)
    return process.returncode, printed


def cells_of(folder):
    notebook = nbformat.read(folder / "notebook.ipynb", as_version=4)
    nbformat.validate(notebook)
    return [(cell.cell_type, cell.source.strip(), cell.get("execution_count")) for cell in notebook.cells]


def test_papermill_leaves_the_same_record_as_the_command(tmp_path):
    path = write_recorded_notebook(
        tmp_path / "10-try.ipynb", "## Show", WIDGET, "## Look", "bar.value = 4\nprint(count)"
    )
    code, printed = run_with_papermill(path, tmp_path, "-p", "count", "4")
    assert code == 0, printed
    by_papermill = read_run(records_under(tmp_path)[0])
    by_command = execute_notebook(find_notebook(str(path)), cluster="demo", folder=tmp_path, parameters={"count": 4})
    assert cells_of(by_papermill.folder) == cells_of(by_command.folder)
    assert {file.name for file in by_papermill.folder.iterdir()} == {file.name for file in by_command.folder.iterdir()}
    for stored in (by_papermill, by_command):
        report = stored.report.read_text()
        assert 'max="5" value="4"' in report
        assert "inside" in report
        assert stored.record.outcome is Outcome.DONE
        assert stored.record.parameters["count"] == 4
    assert (by_papermill.record.way, by_command.record.way) == (Way.UNATTENDED, Way.COMMAND)


def test_a_cell_that_fails_under_papermill_fails_both(tmp_path):
    cell = "from fleetkit.core import QuorumAtRiskError\nraise QuorumAtRiskError('not now', hint='wait')"
    path = write_recorded_notebook(tmp_path / "10-try.ipynb", "## Guard", cell, "never = 1")
    code, printed = run_with_papermill(path, tmp_path)
    assert code == 1, printed
    stored = read_run(records_under(tmp_path)[0])
    assert (stored.record.outcome, stored.record.exit) == (Outcome.REFUSED, 4)
    assert (stored.record.error.kind, stored.record.error.title) == ("QuorumAtRiskError", "Guard")
    assert "next: wait" in stored.report.read_text()


def test_papermill_that_was_killed_leaves_a_record_that_can_be_read(tmp_path):
    cell = "import threading\nprint('ready')\nrun.folder\nthreading.Event().wait()"
    path = write_recorded_notebook(tmp_path / "10-try.ipynb", "## Wait", cell)
    process = start_python(["-m", "papermill", "--log-output", str(path), str(tmp_path / "out.ipynb")], folder=tmp_path)
    wait_for_line(process, "ready")
    process.kill()
    process.communicate(timeout=30)
    stored = wait_for_end(records_under(tmp_path)[0])
    assert stored.record.outcome is Outcome.ABANDONED
    assert cells_of(stored.folder)[3][2] is not None


def wait_for_end(folder):
    """Wait for the kernel to be gone."""

    def look():
        stored = read_run(folder)
        return NotYet("the kernel lives") if stored.record.outcome is Outcome.RUNNING else stored

    return wait_until(look, what="the kernel to end", patience=Patience(deadline_s=20, interval_s=0.1))


def test_by_hand_without_papermill_the_record_is_found_from_the_notebooks_folder(tmp_path):
    (tmp_path / "clusters").mkdir()
    (tmp_path / "clusters" / "demo.toml").touch()
    shelf = tmp_path / "notebooks" / "shelf"
    shelf.mkdir(parents=True)
    path = write_recorded_notebook(shelf / "10-try.ipynb", "## Look", "print('seen')")
    run_with_nbclient(path, shelf)
    stored = read_run(records_under(tmp_path)[0])
    assert stored.record.outcome is Outcome.DONE
    assert "A notebook for a test" in stored.report.read_text()
    assert "seen" in stored.report.read_text()


def test_a_cell_that_is_mended_and_run_again_ends_well(tmp_path):
    path = write_recorded_notebook(tmp_path / "10-try.ipynb", "## Try", "1 / 0", "print('went on')")
    run_with_nbclient(path, tmp_path, allow_errors=True)
    stored = read_run(records_under(tmp_path)[0])
    assert (stored.record.outcome, stored.record.error) == (Outcome.DONE, None)
    assert "ZeroDivisionError" in stored.report.read_text()


def test_a_kernel_that_is_killed_after_a_failed_cell_leaves_a_record_that_is_open_and_not_broken(tmp_path):
    with start_kernel_by_hand(tmp_path) as kernel:
        kernel.run("count = 3")
        kernel.run(BEGIN.format(name="10-try"))
        assert kernel.try_run("1 / 0") == ("error", "division by zero")
        (folder,) = records_under(tmp_path)
        wait_for_report(folder, "ZeroDivisionError")
        assert read_run(folder).record.outcome is Outcome.RUNNING, "a person may mend the cell and run it again"
        os.kill(kernel.process, signal.SIGKILL)
        stored = wait_for_end(folder)
    assert stored.record.outcome is Outcome.ABANDONED
    proof = verify_run(folder, verify=verify_signature)
    assert (proof.state, proof.flaws) == (ProofState.OPEN, ())


def wait_for_report(folder, word):
    wait_until(
        lambda: word in (folder / "report.html").read_text() or NotYet("the report does not say so yet"),
        what=f"{word} in the report",
        patience=Patience(deadline_s=20, interval_s=0.1),
    )


def test_a_notebook_that_is_left_before_its_last_cell_is_interrupted(tmp_path):
    path = write_recorded_notebook(tmp_path / "10-try.ipynb", "print('here')", finish="print('no finish')")
    run_with_nbclient(path, tmp_path)
    stored = read_run(records_under(tmp_path)[0])
    assert (stored.record.outcome, stored.record.exit) == (Outcome.INTERRUPTED, 130)
    assert "no finish" in stored.report.read_text()


def test_beginning_again_in_the_same_kernel_makes_a_record_of_its_own(tmp_path):
    again = "run = runs.begin_run(notebook='10-try.ipynb', cluster='demo', parameters={})"
    path = write_recorded_notebook(tmp_path / "10-try.ipynb", "print('first')", again, "print('second')")
    run_with_nbclient(path, tmp_path)
    first, second = (read_run(folder) for folder in records_under(tmp_path))
    assert (first.record.outcome, second.record.outcome) == (Outcome.INTERRUPTED, Outcome.DONE)
    outputs = [cell["outputs"] for cell in json.loads(second.notebook.read_text())["cells"] if "outputs" in cell]
    assert "first" not in json.dumps(outputs)
    assert "second" in json.dumps(outputs)
    assert [count for _, source, count in cells_of(second.folder) if source == "print('first')"] == [None]


def test_no_secret_reaches_a_record_that_the_kernel_writes(tmp_path):
    cell = (
        "secret = 'canary-' + '5f2c9e17ab'\nrun.protect([secret])\n"
        "print(secret[:6], end='', flush=True)\nprint(secret[6:], flush=True)\n"
    )
    path = write_recorded_notebook(tmp_path / "10-try.ipynb", "## Use it", cell)
    run_with_nbclient(path, tmp_path)
    stored = read_run(records_under(tmp_path)[0])
    assert CANARY not in everything_in(stored.folder)
    assert MASK in everything_in(stored.folder)


def test_a_secret_as_a_parameter_is_refused_by_the_notebook_itself(tmp_path):
    begin = "from fleetkit import runs\nruns.begin_run(notebook='n', cluster='demo', parameters={'api_key': 'abc'})"
    path = write_notebook(tmp_path / "10-try.ipynb", begin)
    with pytest.raises(nbclient.exceptions.CellExecutionError, match="looks like a secret"):
        run_with_nbclient(path, tmp_path)
    assert not (tmp_path / "runs").exists()


def test_a_notebook_started_from_inside_a_recorded_one_has_a_record_of_its_own(tmp_path):
    inner = write_recorded_notebook(tmp_path / "20-inner.ipynb", "print('inner')")
    code = f"import papermill\n_ = papermill.execute_notebook({str(inner)!r}, None, progress_bar=False)"
    outer = write_recorded_notebook(tmp_path / "10-outer.ipynb", "## Call", code)
    stored = execute_notebook(find_notebook(str(outer)), cluster="demo", folder=tmp_path)
    assert stored.record.outcome is Outcome.DONE, stored.record.error
    names = sorted(read_run(folder).record.notebook for folder in records_under(tmp_path))
    assert names == ["10-outer", "20-inner"]
    assert {read_run(folder).record.outcome for folder in records_under(tmp_path)} == {Outcome.DONE}


def test_outside_a_notebook_no_run_can_be_begun():
    from fleetkit.core import SettingsError
    from fleetkit.runs import begin_run

    with pytest.raises(SettingsError, match="begun by a notebook"):
        begin_run(notebook="n", cluster="demo", parameters={})


def test_an_outcome_that_is_none_is_refused(tmp_path):
    finish = "from types import SimpleNamespace\nrun.finish(SimpleNamespace(outcome='splendid'))"
    path = write_recorded_notebook(tmp_path / "10-try.ipynb", finish=finish)
    with pytest.raises(nbclient.exceptions.CellExecutionError, match="done, findings, refused, failed"):
        run_with_nbclient(path, tmp_path)
