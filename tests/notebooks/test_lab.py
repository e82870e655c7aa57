"""A notebook by hand in JupyterLab leaves its record."""

from __future__ import annotations

import json
import urllib.request

import nbformat
import pytest
from support.guide_page import run_all
from support.lab_browser import open_page
from support.runs_notebooks import records_under, write_recorded_notebook
from support.runs_widgets import notebook_showing

from fleetkit.core import NotYet, Patience, wait_until
from fleetkit.runs import Outcome, Way, read_run
from fleetkit.runs._writing import RecordWriter

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]

WIDGET = "import ipywidgets as w\nbar = w.IntProgress(value=2, max=5, description='steps')\nbar"


def wait_for_outcome(folder, outcome):
    def look():
        stored = read_run(folder)
        return stored if stored.record.outcome is outcome else NotYet(stored.record.outcome.value)

    return wait_until(look, what=f"the record to be {outcome}", patience=Patience(deadline_s=30, interval_s=0.1))


@pytest.fixture
def shelf(jupyter_lab):
    """Return a folder of notebooks below one that holds a cluster."""
    (jupyter_lab.folder / "clusters").mkdir(exist_ok=True)
    (jupyter_lab.folder / "clusters" / "demo.toml").touch()
    folder = jupyter_lab.folder / "notebooks" / "shelf"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def test_run_all_shows_the_record_and_leaves_it(chromium, jupyter_lab, shelf):
    write_recorded_notebook(
        shelf / "10-try.ipynb", "## Show", WIDGET, "## Go on", "bar.value = 5\nprint('seen', count)"
    )
    with open_page(chromium) as (page, _, _):
        run_all(page, jupyter_lab.notebook_url("notebooks/shelf/10-try.ipynb"))
        shown = page.locator(".jp-OutputArea-output", has_text="Record:")
        shown.wait_for(timeout=60_000)
        (folder,) = [folder for folder in records_under(jupyter_lab.folder) if folder.name.endswith("10-try")]
        assert str(folder) in shown.inner_text()
        stored = wait_for_outcome(folder, Outcome.DONE)
        assert stored.record.way is Way.BY_HAND
        notebook = nbformat.read(stored.notebook, as_version=4)
        nbformat.validate(notebook)
        assert [cell.source.splitlines()[0] for cell in notebook.cells if cell.cell_type == "markdown"] == [
            "# A notebook for a test",
            "## Set up",
            "## Show",
            "## Go on",
            "## Outcome",
        ]
        page.goto(stored.report.as_uri())
        assert page.locator("progress").first.evaluate("bar => [bar.value, bar.max]") == [5, 5]
        assert page.get_by_text("seen 3").count() == 1


def test_a_cell_that_fails_by_hand_may_be_mended_until_its_kernel_ends_as_failed(chromium, jupyter_lab, shelf):
    cell = "from fleetkit.core import EtcdError\nraise EtcdError('no')"
    write_recorded_notebook(shelf / "30-fail.ipynb", "## Fail", cell)
    with open_page(chromium) as (page, _, _):
        run_all(page, jupyter_lab.notebook_url("notebooks/shelf/30-fail.ipynb"))
        page.locator(".jp-OutputArea-output", has_text="EtcdError").first.wait_for(timeout=60_000)
        (folder,) = [folder for folder in records_under(jupyter_lab.folder) if folder.name.endswith("30-fail")]
        assert read_run(folder).record.outcome is Outcome.RUNNING
        end_kernels(jupyter_lab)
        stored = wait_for_outcome(folder, Outcome.FAILED)
        assert (stored.record.error.kind, stored.record.error.title) == ("EtcdError", "Fail")


def test_a_record_that_is_opened_shows_twins_until_it_is_trusted_and_then_the_live_widgets(chromium, jupyter_lab):
    import ipywidgets

    folder = jupyter_lab.folder / "kept"
    folder.mkdir()
    writer = RecordWriter(folder)
    writer.write_notebook(notebook_showing(ipywidgets.IntProgress(2, max=5, description="steps")))
    writer.close()
    shown, twin = ".jp-OutputArea-output .widget-hprogress", ".jp-OutputArea-output progress"
    with open_page(chromium) as (page, _, _):
        page.goto(jupyter_lab.notebook_url("kept/notebook.ipynb"))
        page.locator(twin).wait_for(timeout=60_000)
        assert (page.locator(shown).count(), page.locator(twin).evaluate("bar => bar.value")) == (0, 2)
        trust(jupyter_lab, "kept/notebook.ipynb")
        page.goto(jupyter_lab.notebook_url("kept/notebook.ipynb"))
        page.locator(shown, has_text="steps").wait_for(timeout=60_000)
        assert page.locator(twin).count() == 0


def trust(lab, path):
    """Have the server sign a notebook, as saving one does whose cells a person has run."""
    notebook = nbformat.read(lab.folder / path, as_version=4)
    for cell in notebook.cells:
        cell.metadata["trusted"] = True
    ask(lab, "PUT", f"contents/{path}", {"type": "notebook", "content": notebook})


def end_kernels(lab):
    """Shut all kernels down, as a person does who leaves."""
    for kernel in ask(lab, "GET", "kernels"):
        ask(lab, "DELETE", f"kernels/{kernel['id']}")


def ask(lab, method, path, body=None):
    """Ask the server for something, and return what it answers."""
    request = urllib.request.Request(  # noqa: S310 -- the address is that of the Lab that was started here
        f"{lab.url}/api/{path}",
        data=None if body is None else json.dumps(body).encode(),
        headers={"Authorization": f"token {lab.token}", "Content-Type": "application/json"},
        method=method,
    )
    with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 -- the same
        assert answer.status < 300
        return json.loads(answer.read() or b"null")
