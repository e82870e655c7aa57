"""The guide where no widget is on any screen: cells end at once, nothing is stalled, and the record is kept."""

from __future__ import annotations

import json

import nbclient
import nbformat
import pytest
from nbclient.exceptions import CellExecutionError
from support.cluster_files import write_cluster
from support.runs_kernels import start_kernel_by_hand
from support.runs_notebooks import records_under

from fleetkit.pki import verify_signature
from fleetkit.runs import EventKind, Outcome, ProofState, Way, find_notebook, read_journal, read_run, verify_run

pytestmark = pytest.mark.sandbox

VIEW = "application/vnd.jupyter.widget-view+json"


def proof_of(folder):
    found = verify_run(folder, verify=verify_signature)
    return found.state, found.flaws


@pytest.fixture
def away(monkeypatch):
    """Put AWS, and whoever else is asked for something, out of reach."""
    for name in ("AWS_ENDPOINT_URL", "FLEETKIT_ADDRESS_URL", "FLEETKIT_ARCHIVE_URL", "FLEETKIT_REGISTRY_URL"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_REGION", "us-west-2")


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("defragment-etcd", marks=pytest.mark.slow),
        "deploy-cluster",
        pytest.param("deploy-units", marks=pytest.mark.slow),
        pytest.param("destroy-cluster", marks=pytest.mark.slow),
        pytest.param("drain-machine", marks=pytest.mark.slow),
        pytest.param("replace-member", marks=pytest.mark.slow),
        pytest.param("resize-etcd", marks=pytest.mark.slow),
        pytest.param("restore-etcd", marks=pytest.mark.slow),
        "roll-units",
        pytest.param("rotate-certificates", marks=pytest.mark.slow),
        pytest.param("upgrade-etcd", marks=pytest.mark.slow),
    ],
)
def test_by_hand_cards_that_nobody_sees_hold_no_cell_up_and_leave_a_run_that_was_left(tmp_path, away, name):
    write_cluster(tmp_path)
    notebook = find_notebook(name).path
    with start_kernel_by_hand(tmp_path, notebook=notebook) as kernel:
        shown = kernel.run_all(notebook)
        kernel.end()
    assert sum(VIEW in one for one in shown) == len(shown) - 2, "each step shows its card"
    (folder,) = records_under(tmp_path)
    record = read_run(folder).record
    assert (record.way, record.outcome, record.exit) == (Way.BY_HAND, Outcome.INTERRUPTED, 130)
    assert proof_of(folder) == (ProofState.CLOSED, ())
    kinds = {event.kind for event in read_journal(folder)}
    assert not kinds & {EventKind.APPROVAL, EventKind.CHANGE}, "what nobody pressed was not done"
    assert "waiting" in (folder / "report.html").read_text(), "the record shows the cards as they stood"


def test_with_nobody_there_the_guide_shows_no_widget_and_ends_where_it_cannot_go_on(tmp_path, away):
    write_cluster(tmp_path)
    notebook = nbformat.read(find_notebook("deploy-cluster").path, as_version=4)
    client = nbclient.NotebookClient(notebook, timeout=100, resources={"metadata": {"path": str(tmp_path)}})
    with pytest.raises(CellExecutionError, match="credentials"):
        client.execute()
    assert VIEW not in json.dumps(notebook)
    (folder,) = records_under(tmp_path)
    record = read_run(folder).record
    assert (record.way, record.error.title) == (Way.UNATTENDED, "Check first")
    assert proof_of(folder) == (ProofState.CLOSED, ())


def test_a_widget_of_ones_own_that_nobody_presses_holds_nothing_up_and_is_shown_as_it_stood(tmp_path):
    with start_kernel_by_hand(tmp_path) as kernel:
        kernel.run("import ipywidgets\nfrom fleetkit import runs")
        kernel.run("run = runs.begin_run(notebook='10-try', cluster='demo', parameters={})")
        kernel.run(
            "pressed = []\nbutton = ipywidgets.Button(description='Go on')\nbutton.on_click(pressed.append)\nbutton"
        )
        # What a front end would tell back never comes, and what the kernel tells has nobody to hear it.
        kernel.run("button.description = 'Go on, please'\nassert pressed == []")
        assert "done" in kernel.run("run.finish()")
        kernel.end()
    (folder,) = records_under(tmp_path)
    assert read_run(folder).record.outcome is Outcome.DONE
    assert proof_of(folder) == (ProofState.CLOSED, ())
    assert "Go on, please" in (folder / "report.html").read_text()
