"""What may be swept, over which clusters, and how many at once; nothing is run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from support.cluster_files import write_cluster
from support.sweeps import break_cluster, make_sweep, swept, write_clusters, write_look

from fleetkit.core import BusyError, NotFoundError, PreconditionError, SettingsError
from fleetkit.runs import is_over_many, list_notebooks, read_parameters
from fleetkit.runs.folders import hold_folder
from fleetkit.runs.sweeps import SweepState, make_sweep_folder, write_sweep
from fleetkit.workflows import PreparedSweep, SweepLimits, prepare_sweep


@pytest.fixture
def home(tmp_path: Path) -> Path:
    write_clusters(tmp_path, alpha="", beta="")
    write_look(tmp_path)
    return tmp_path


def _prepare(home: Path, notebook: str = "look.ipynb", **more: Any) -> PreparedSweep:
    return prepare_sweep(notebook, folder=home, **more)


def _keep(home: Path, *clusters: Any, **more: Any) -> Path:
    record = make_sweep(*clusters, notebook_file="look.ipynb", **more)
    folder = make_sweep_folder(home, record)
    write_sweep(folder, record, page="")
    return folder


@pytest.mark.parametrize("notebook", list_notebooks(), ids=lambda one: one.name)
def test_of_the_packages_notebooks_those_that_ask_for_an_approval_are_refused(tmp_path: Path, notebook: Any) -> None:
    write_cluster(tmp_path, "alpha")
    names = {one.name for one in read_parameters(notebook.read())}
    if "approve" in names:
        with pytest.raises(PreconditionError, match=f"{notebook.name} is not swept: it asks for an approval"):
            _prepare(tmp_path, notebook.name)
    elif is_over_many(names):
        with pytest.raises(SettingsError, match="works on no cluster"):
            _prepare(tmp_path, notebook.name)
    else:
        assert [one.cluster for one in _prepare(tmp_path, notebook.name).waiting] == ["alpha"]


def test_destroying_is_never_swept_nor_with_an_approval_at_hand(home: Path) -> None:
    with pytest.raises(PreconditionError):
        _prepare(home, "90-destroy-cluster", parameters={"approve": "alpha"})


@pytest.mark.parametrize(
    "changes", ["the world", "nothings", "nothing before the approval", "nothing, but the cluster's bucket", ""]
)
def test_a_notebook_of_ones_own_that_changes_something_is_refused(home: Path, changes: str) -> None:
    write_look(home, changes=changes)
    with pytest.raises(PreconditionError, match="is not swept"):
        _prepare(home)


@pytest.mark.parametrize(
    "changes", ["nothing", "nothing; with `changes`, by hand, units", "nothing of the cluster; a file"]
)
def test_one_that_says_that_it_changes_nothing_is_swept(home: Path, changes: str) -> None:
    write_look(home, changes=changes)
    assert len(_prepare(home).waiting) == 2


def test_one_that_does_not_say_what_it_changes_is_refused_with_what_to_write(home: Path) -> None:
    path = home / "look.ipynb"
    path.write_text(path.read_text().replace("*Changes*", "*Alters*"))
    with pytest.raises(PreconditionError, match=r"its first cell does not say.*\n.*\*Changes\*: nothing"):
        _prepare(home)


def test_one_that_works_on_no_cluster_and_a_cluster_given_by_hand_are_wrong_use(home: Path) -> None:
    with pytest.raises(SettingsError, match="--clusters"):
        _prepare(home, pairs=[("cluster", "alpha")])
    write_look(home, parameters="depth = 1")
    with pytest.raises(SettingsError, match="works on no cluster"):
        _prepare(home)


def test_parameters_are_read_as_a_run_would_read_them(home: Path) -> None:
    assert _prepare(home, pairs=[("depth", "3")]).record.parameters == {"depth": 3}
    with pytest.raises(NotFoundError, match="height"):
        _prepare(home, pairs=[("height", "3")])
    with pytest.raises(SettingsError, match="depth"):
        _prepare(home, pairs=[("depth", "deep")])


def test_patterns_mean_cluster_files_each_once_in_the_order_of_their_names(home: Path) -> None:
    write_cluster(home, "prod-1")
    (home / "clusters" / "notes.txt").write_text("")
    found = _prepare(home, clusters=["clusters/prod-*.toml", "clusters/*", str(home / "clusters" / "alpha.toml")])
    assert [one.cluster for one in found.record.clusters] == ["alpha", "beta", "prod-1"]
    assert {one.region for one in found.record.clusters} == {"us-west-2"}


def test_a_pattern_that_means_nothing_is_wrong_use(home: Path) -> None:
    with pytest.raises(NotFoundError, match=r"no cluster file is meant by 'prod/\*.toml'"):
        _prepare(home, clusters=["clusters/*.toml", "prod/*.toml"])


def test_a_broken_file_among_a_hundred_keeps_no_other_from_its_run(home: Path) -> None:
    for number in range(97):
        write_cluster(home, f"c-{number:02}")
    file = break_cluster(home, "broken")
    found = _prepare(home)
    assert (len(found.record.clusters), len(found.waiting)) == (100, 99)
    (one,) = [one for one in found.record.clusters if one.state is SweepState.UNUSABLE]
    assert one.cluster == "broken"
    assert "regoin" in one.reason
    assert str(file) in one.next_step
    assert "clusters/broken.toml" in str(found)
    files = [line for line in str(found).splitlines() if line.startswith("  - ")]
    assert len(files) == 1, "what is wrong with one file looks like another file"


def test_two_files_of_one_name_are_both_told_and_neither_is_run(home: Path) -> None:
    (home / "old").mkdir()
    (home / "old" / "alpha.toml").write_text((home / "clusters" / "alpha.toml").read_text())
    found = _prepare(home, clusters=["clusters/*.toml", "old/*.toml"])
    assert [one.cluster for one in found.waiting] == ["beta"]
    reasons = {one.reason for one in found.record.clusters if one.cluster == "alpha"}
    assert reasons == {"2 files are of a cluster of this name: clusters/alpha.toml, old/alpha.toml"}


def test_limits_are_sensible_by_themselves_and_those_that_are_given_hold(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = _prepare(home).record
    assert 1 <= record.at_once <= 8
    assert (record.rate_per_s, record.timeout_s) == (5.0, 1800.0)
    given = _prepare(home, limits=SweepLimits(at_once=3, rate_per_s=0.5, timeout_s=9)).record
    assert (given.at_once, given.rate_per_s, given.timeout_s) == (3, 0.5, 9)
    monkeypatch.setenv("FLEETKIT_AWS_RATE", "2")
    assert _prepare(home).record.rate_per_s == 2


@pytest.mark.parametrize("limits", [{"at_once": -1}, {"at_once": "many"}, {"at_once": 1.5}, {"rate_per_s": "fast"}])
def test_a_limit_that_is_not_legal_is_refused_whatever_was_written(home: Path, limits: Any) -> None:
    with pytest.raises(SettingsError, match="numbers above zero") as refused:
        _prepare(home, limits=SweepLimits(**limits))
    assert repr(next(iter(limits.values()))) in str(refused.value)


def test_what_failed_or_was_not_run_is_prepared_again_and_the_rest_is_taken_over(home: Path) -> None:
    write_cluster(home, "gamma")
    write_cluster(home, "delta")
    _keep(
        home,
        swept("alpha", SweepState.FINDINGS, record="runs/alpha/1"),
        swept("beta", SweepState.FAILED, record="runs/beta/1", reason="it broke"),
        swept("delta", SweepState.NOT_RUN),
        swept("gamma", SweepState.DONE, of_sweep="the-first"),
        swept("lost", SweepState.UNUSABLE),
    )
    again = _prepare(home, notebook="", failed_of="latest")
    assert [one.cluster for one in again.waiting] == ["beta", "delta"]
    known = {one.cluster: one for one in again.record.clusters}
    assert (known["alpha"].of_sweep, known["gamma"].of_sweep) == ("20260301T040506Z-look", "the-first")
    assert (known["alpha"].record, known["beta"].record) == ("runs/alpha/1", "")
    assert known["lost"].reason == "its cluster file clusters/lost.toml is gone"
    record = again.record
    assert (record.parameters, record.at_once, record.timeout_s) == ({"depth": 2}, 2, 60)
    assert record.resumes == "20260301T040506Z-look"
    other = _prepare(home, notebook="", failed_of="latest", pairs=[("depth", "7")], limits=SweepLimits(at_once=1))
    assert (other.record.parameters, other.record.at_once) == ({"depth": 7}, 1)


def test_one_of_another_notebook_one_under_way_and_one_that_is_not_there_are_told(home: Path) -> None:
    with pytest.raises(NotFoundError, match="there is no sweep under"):
        _prepare(home, failed_of="latest")
    folder = _keep(home, swept("alpha", SweepState.FAILED))
    with pytest.raises(SettingsError, match="it was of look"):
        _prepare(home, notebook="61", failed_of="latest")
    with hold_folder(folder), pytest.raises(BusyError, match="still under way"):
        _prepare(home, notebook="", failed_of="latest")
    with pytest.raises(SettingsError, match="no notebook was named"):
        _prepare(home, notebook="")
