"""The what-if notebook needs no AWS: by command and by papermill it ends with the table, by hand with boxes to tick."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.cluster_files import write_cluster
from support.runs_kernels import start_kernel_by_hand
from support.runs_notebooks import records_under, start_python

from fleetkit.runs import EventKind, Outcome, RunRecord, execute_notebook, find_notebook, read_journal, read_run

pytestmark = pytest.mark.sandbox

VIEW = "application/vnd.jupyter.widget-view+json"
VERDICT = "demo bears 5 of 6 single losses of a zone or a member"


@pytest.fixture(autouse=True)
def away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put AWS out of reach, and a cluster file in place."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    write_cluster(tmp_path)


def only_record(folder: Path) -> tuple[Path, RunRecord]:
    (found,) = records_under(folder)
    return found, read_run(found).record


def test_by_command_the_record_has_the_table_and_the_facts(tmp_path: Path) -> None:
    stored = execute_notebook(find_notebook("what-if"), cluster="demo", folder=tmp_path, parameters={"cluster": "demo"})
    assert (stored.record.outcome, stored.record.exit, stored.record.summary) == (Outcome.FINDINGS, 3, VERDICT)
    report = stored.report.read_text()
    assert "zone us-west-2a gone: lost: way in, egress" in report
    assert "Tick what is gone" in report
    told = [one.data for one in read_journal(stored.folder) if one.kind is EventKind.FACT]
    (fact,) = [one for one in told if one["about"] == "suppositions"]
    assert fact["cases"][1] == {"supposed": "zone us-west-2b gone", "verdict": "the cluster bears it"}


def test_by_command_and_live_what_nobody_can_reach_fails_the_run_and_shows_the_reason(tmp_path: Path) -> None:
    parameters = {"cluster": "demo", "live": True}
    stored = execute_notebook(find_notebook("what-if"), cluster="demo", folder=tmp_path, parameters=parameters)
    assert (stored.record.outcome, stored.record.exit) == (Outcome.FAILED, 1)
    assert "routes and rules: " in stored.report.read_text()


def test_by_papermill_it_leaves_the_same_record(tmp_path: Path) -> None:
    path, out = str(find_notebook("what-if").path), str(tmp_path / "out.ipynb")
    process = start_python(["-m", "papermill", path, out, "-p", "cluster", "demo"], folder=tmp_path)
    printed, _ = process.communicate(timeout=90)
    assert process.returncode == 0, printed
    _, record = only_record(tmp_path)
    assert (record.outcome, record.summary) == (Outcome.FINDINGS, VERDICT)


def test_by_hand_there_are_boxes_to_tick_and_the_record_shows_them_as_they_stood(tmp_path: Path) -> None:
    notebook = find_notebook("what-if").path
    with start_kernel_by_hand(tmp_path, notebook=notebook) as kernel:
        shown = kernel.run_all(notebook)
        kernel.end()
    assert [VIEW in one for one in shown].count(True) == 1
    folder, record = only_record(tmp_path)
    assert record.outcome is Outcome.FINDINGS
    report = (folder / "report.html").read_text()
    assert "member etcd1 in us-west-2a" in report
    assert "Quorum healthy: 3 of 3 members healthy" in report
