"""The audit notebook with AWS out of reach: nobody can tell, which is no pass, by command, by papermill and by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from support.audits import make_audit, write_audit
from support.cluster_files import write_cluster
from support.runs_kernels import start_kernel_by_hand
from support.runs_notebooks import records_under, start_python

from fleetkit.runs import EventKind, Outcome, StoredRun, execute_notebook, find_notebook, read_journal, read_run

pytestmark = pytest.mark.sandbox

CHECKS = "vpc-flow-logs, security-group-unused"


@pytest.fixture(autouse=True)
def away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put AWS out of reach, and a cluster file and the record of an earlier audit in place."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    write_cluster(tmp_path)
    stood = {("vpc-flow-logs", "vpc"): "failed", ("security-group-unused", "master"): "passed"}
    write_audit(tmp_path / "runs", make_audit(stood))


def run(folder: Path, **parameters: Any) -> StoredRun:
    given = {"cluster": "demo", "checks": CHECKS, **parameters}
    return execute_notebook(find_notebook("50"), cluster="demo", folder=folder, parameters=given)


def last_record(folder: Path) -> StoredRun:
    return read_run(max(records_under(folder), key=lambda one: one.name))


def check(stored: StoredRun) -> None:
    """Check that a record tells of an audit of which nobody could tell, and of what was before."""
    assert (stored.record.outcome, stored.record.exit) == (Outcome.FAILED, 1)
    assert stored.record.summary.startswith("2 checks of demo: 2 unknown; unknown is vpc-flow-logs, since ")
    assert stored.record.summary.endswith(", and 1 more")
    report = stored.report.read_text()
    assert "2 failed or unknown, by area and severity" in report
    assert "ec2:DescribeFlowLogs" in report
    assert "since the audit of 2026-03-01T04:05:07Z: 2 new, 1 unknown now" in report
    assert "Findings of each audit, by severity" in report
    (fact,) = [
        one.data for one in read_journal(stored.folder) if one.kind is EventKind.FACT and one.data["about"] == "audit"
    ]
    assert [(one["check"], one["state"]) for one in fact["results"]] == [
        ("security-group-unused", "unknown"),
        ("vpc-flow-logs", "unknown"),
    ]


def test_by_command_the_record_tells_why_nobody_could_tell_and_what_was_before(tmp_path: Path) -> None:
    check(run(tmp_path))


def test_by_papermill_it_leaves_the_same_record(tmp_path: Path) -> None:
    path, out = str(find_notebook("50").path), str(tmp_path / "out.ipynb")
    words = ["-m", "papermill", path, out, "-p", "cluster", "demo", "-p", "checks", CHECKS]
    process = start_python(words, folder=tmp_path)
    printed, _ = process.communicate(timeout=90)
    assert process.returncode == 0, printed
    check(last_record(tmp_path))


def test_by_hand_it_leaves_the_same_kind_of_record(tmp_path: Path) -> None:
    notebook = find_notebook("50").path
    with start_kernel_by_hand(tmp_path, notebook=notebook) as kernel:
        kernel.run_all(notebook)
        kernel.end()
    stored = last_record(tmp_path)
    assert (stored.record.outcome, stored.record.exit) == (Outcome.FAILED, 1)
    assert "Nobody could tell" in stored.report.read_text()


def test_what_weighs_less_than_asked_does_not_fail_the_run(tmp_path: Path) -> None:
    stored = run(tmp_path, fail_on="high")
    assert (stored.record.outcome, stored.record.exit) == (Outcome.DONE, 0)


@pytest.mark.parametrize(
    ("parameters", "said"),
    [({"checks": "colour"}, "there is no check"), ({"fail_on": "grave"}, "legal: critical, high, medium, low")],
)
def test_a_wrong_parameter_ends_the_run_as_wrong_use(tmp_path: Path, parameters: dict[str, str], said: str) -> None:
    stored = run(tmp_path, **parameters)
    assert (stored.record.outcome, stored.record.exit) == (Outcome.FAILED, 2)
    assert said in stored.report.read_text()
