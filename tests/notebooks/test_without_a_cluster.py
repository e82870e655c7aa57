"""A packaged notebook that cannot do its work fails, says why, and leaves its record."""

from __future__ import annotations

import pytest
from support.runs_notebooks import start_python

from fleetkit.runs import Outcome, execute_notebook, find_run, is_over_many, list_notebooks, read_parameters

pytestmark = pytest.mark.sandbox

_A_FEW = ("10-deploy-cluster", "20-inspect-cluster", "60-etcd-alerts")
"""One that is guided, one that reads, and one that judges: what others leave is the same."""

each_notebook = pytest.mark.parametrize(
    "notebook",
    [
        pytest.param(one, marks=[] if one.path.stem in _A_FEW else pytest.mark.slow)
        for one in list_notebooks()
        if not is_over_many(parameter.name for parameter in read_parameters(one.read()))
    ],
    ids=lambda notebook: notebook.name,
)


@each_notebook
def test_by_command_it_names_the_missing_cluster_file(tmp_path, notebook):
    stored = execute_notebook(notebook, cluster="demo", folder=tmp_path, parameters={"cluster": "demo"})
    assert (stored.record.outcome, stored.record.exit) == (Outcome.FAILED, 2)
    assert stored.record.error.kind == "ClusterFileError"
    assert "fleetkit init demo" in stored.report.read_text()


@each_notebook
def test_by_papermill_it_leaves_the_same_record_under_its_own_name(tmp_path, notebook):
    path = str(notebook.path)
    process = start_python(
        ["-m", "papermill", path, str(tmp_path / "out.ipynb"), "-p", "cluster", "demo"], folder=tmp_path
    )
    printed, _ = process.communicate(timeout=90)
    assert process.returncode == 1, printed
    stored = find_run(tmp_path / "runs", "latest")
    assert (stored.record.outcome, stored.record.exit) == (Outcome.FAILED, 2)
    assert stored.record.notebook == notebook.path.stem
    assert stored.record.parameters["cluster"] == "demo"
