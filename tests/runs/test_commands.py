"""``fleetkit run`` and ``fleetkit runs``: facts on standard output, progress beside it, the run's own exit code."""

from __future__ import annotations

import json

import pytest
from support.runs_notebooks import records_under, write_notebook, write_recorded_notebook

from fleetkit.cli import main

pytestmark = pytest.mark.sandbox

FINDINGS = "from types import SimpleNamespace\nrun.finish(SimpleNamespace(outcome='findings', summary='2 findings'))"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "clusters").mkdir()
    (tmp_path / "clusters" / "demo.toml").touch()
    return tmp_path


def test_a_run_with_findings_tells_progress_summary_and_record_and_exits_3(folder, capsys):
    write_recorded_notebook(folder / "10-try.ipynb", "## Look", "print('seen', count)", finish=FINDINGS)
    assert main(["run", "10-try.ipynb", "-p", "count", "5"]) == 3
    out, err = capsys.readouterr()
    (record,) = records_under(folder)
    assert out.splitlines() == ["findings: 2 findings", f"record: {record}"]
    assert "[4/5] Look\n    seen 5\n[4/5] Look: done after" in err
    assert main(["runs", "list"]) == 0
    assert [line.split()[:3] for line in capsys.readouterr().out.splitlines()[1:]] == [
        [record.name, "demo", "findings"]
    ]
    assert main(["runs", "show", "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert (shown["outcome"], shown["exit"], shown["parameters"]["count"]) == ("findings", 3, 5)
    assert shown["parameters"]["cluster"] == "demo"


def test_a_failed_run_shows_error_and_hint_and_exits_1(folder, capsys):
    cell = "from fleetkit.core import EtcdError\nraise EtcdError('no leader', hint='wait a minute')"
    write_notebook(folder / "10-try.ipynb", "## Ask etcd", cell)
    assert main(["run", "10-try.ipynb", "--cluster", "demo", "--json", "--quiet"]) == 1
    out, err = capsys.readouterr()
    assert json.loads(out)["error"]["kind"] == "EtcdError"
    assert "EtcdError in “Ask etcd”: no leader" in err
    assert "next: wait a minute" in err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["run", "nothing"], "known: 10-deploy-cluster, 20-inspect-cluster, "),
        (["run", "10-try.ipynb", "-p", "cout", "3"], "known: cluster, count, ratio, flag"),
        (["run", "10-try.ipynb", "-p", "count", "three"], "'count' must be a whole number: 'three'"),
        (["run", "10-try.ipynb", "--approve", "demo"], "asks for no approval"),
        (["run", "10-try.ipynb", "--cluster", "other"], "no cluster file 'other'"),
        (["run", "10-try.ipynb", "--timeout", "soon"], "soon"),
        (["run", "10-try.ipynb", "--cell-timeout", "0"], "x>=1"),
        (["run", "bare.ipynb", "-p", "count", "3"], "has no parameter 'count'"),
        (["run"], "name a NOTEBOOK"),
        (["run", "--resume", "latest"], "no single record"),
        (["runs", "show", "2027"], "no single record"),
    ],
)
def test_wrong_use_is_explained_and_runs_nothing(folder, capsys, arguments, said):
    write_notebook(folder / "10-try.ipynb", "open('ran', 'w').close()")
    write_notebook(folder / "bare.ipynb", "open('ran', 'w').close()", parameters="")
    assert main(arguments) == 2
    assert said in capsys.readouterr().err
    assert not (folder / "runs").exists()
    assert not (folder / "ran").exists()


@pytest.mark.parametrize("limit", ["--timeout", "--cell-timeout"])
def test_a_limit_that_passes_fails_the_run_and_says_which(folder, capsys, limit):
    write_notebook(folder / "10-try.ipynb", "## Wait", "import threading\nthreading.Event().wait()")
    assert main(["run", "10-try.ipynb", "--cluster", "demo", limit, "4"]) == 1
    whose = {"--timeout": "the run", "--cell-timeout": "the cell"}[limit]
    out, err = capsys.readouterr()
    assert f"{whose} reached its time limit" in err
    assert f"record: {records_under(folder)[0]}" in out


def test_a_store_that_cannot_be_written_is_named_before_anything_runs(folder, capsys):
    write_notebook(folder / "10-try.ipynb", "open('ran', 'w').close()")
    (folder / "runs").write_text("a file where the folder belongs")
    assert main(["run", "10-try.ipynb", "--cluster", "demo"]) == 2
    assert f"no record can be written under {folder / 'runs'}" in capsys.readouterr().err
    assert not (folder / "ran").exists()


def test_a_notebook_is_found_by_number_name_and_path(folder):
    from fleetkit.runs import find_notebook

    names = {find_notebook(name).name for name in ("20", "inspect-cluster", "20-inspect-cluster")}
    assert names == {"20-inspect-cluster"}
    (folder / "20").touch()
    write_notebook(folder / "20.ipynb", "1")
    assert find_notebook("./20.ipynb").path == folder / "20.ipynb"


def test_a_record_that_cannot_be_read_is_named_and_makes_the_list_exit_1(folder, capsys):
    broken = folder / "runs" / "demo" / "20260301T040506Z-10-try"
    broken.mkdir(parents=True)
    (broken / "run.json").write_text("{")
    assert main(["runs", "list"]) == 1
    assert str(broken) in capsys.readouterr().err
