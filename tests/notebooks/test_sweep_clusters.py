"""The notebook that sweeps: it leaves a record of its own, which is of no one cluster, whoever runs it."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.runs_notebooks import start_python
from support.sweeps import break_cluster, finding, write_clusters, write_look

from fleetkit.cli import main
from fleetkit.config import find_cluster_problems, read_cluster_data
from fleetkit.runs import MANY_CLUSTERS, Outcome, find_notebook, is_over_many, list_runs, read_journal

_NOTEBOOK = find_notebook("51-sweep-clusters")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / ".ipython"))
    # As where a person has one cluster that they mean by default.
    monkeypatch.setenv("FLEETKIT_CLUSTER", "alpha")
    monkeypatch.chdir(tmp_path)
    write_look(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("parameters", "many"),
    [(("clusters", "depth"), True), (("cluster", "clusters"), False), (("depth",), False), ((), False)],
)
def test_a_notebook_is_over_many_clusters_where_it_has_no_parameter_for_one(
    parameters: tuple[str, ...], many: bool
) -> None:
    assert is_over_many(parameters) is many


def test_no_cluster_can_be_called_as_such_records_are(tmp_path: Path) -> None:
    write_clusters(tmp_path, alpha="")
    data = read_cluster_data(tmp_path / "clusters" / "alpha.toml")
    file = tmp_path / "clusters" / f"{MANY_CLUSTERS}.toml"
    problems = find_cluster_problems({**data, "name": MANY_CLUSTERS}, file=file)
    assert [one.path for one in problems] == ["name"]


@pytest.mark.sandbox
@pytest.mark.timeout(600)
def test_by_command_it_sweeps_rolls_up_and_ends_as_the_worst_of_all(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_clusters(home, alpha=finding("one thing"), beta="")
    assert main(["run", "51", "-p", "notebook", "look.ipynb", "-p", "at_once", "2"]) == 3
    (stored,) = list_runs(home / "runs", cluster=MANY_CLUSTERS).ok.values()
    assert (stored.record.cluster, stored.record.outcome) == (MANY_CLUSTERS, Outcome.FINDINGS)
    assert stored.record.summary == "look over 2 clusters: 1 findings, 1 done"
    (fact,) = [event.data for event in read_journal(stored.folder) if event.data.get("about") == "sweep"]
    assert [(one["cluster"], one["state"]) for one in fact["clusters"]] == [("alpha", "findings"), ("beta", "done")]
    report = stored.report.read_text()
    assert "one thing" in report
    assert "<svg" in report or "data:image" in report
    assert len(list_runs(home / "runs").ok) == 3
    # What is swept again by the notebook is what has no answer.
    break_cluster(home, "gamma")
    assert main(["run", "51", "-p", "notebook", "look.ipynb"]) == 1
    write_clusters(home, gamma="")
    assert main(["run", "51", "-p", "notebook", "look.ipynb", "-p", "failed_of", "latest"]) == 3
    assert len(list_runs(home / "runs", cluster="gamma")) == 1


@pytest.mark.sandbox
@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("engine", [[], ["--engine", "fleetkit"]], ids=["plain", "ours"])
def test_by_papermill_its_record_lies_in_the_same_place(home: Path, engine: list[str]) -> None:
    write_clusters(home, alpha="")
    words = ["-m", "papermill", str(_NOTEBOOK.path), str(home / "out.ipynb"), "-p", "notebook", "look.ipynb", *engine]
    process = start_python(words, folder=home)
    printed, _ = process.communicate(timeout=500)
    assert process.returncode == 0, printed
    (stored,) = list_runs(home / "runs", cluster=MANY_CLUSTERS).ok.values()
    assert (stored.record.cluster, stored.record.outcome) == (MANY_CLUSTERS, Outcome.DONE)
