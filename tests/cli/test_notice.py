"""``fleetkit notice``, and ``fleetkit run --notify``: who is told, what waits, and what a shell hears of it."""

from __future__ import annotations

import json

import pytest
from support.cluster_files import write_cluster
from support.notice_runs import Watched
from support.runs_notebooks import write_recorded_notebook

from fleetkit.cli import main
from fleetkit.runs import Outcome

FAILED = Outcome.FAILED
TOKEN = "CANARY-5c3a-9d1e"


@pytest.fixture(autouse=True)
def forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let what one test resolves be redacted in no other."""
    monkeypatch.setattr("fleetkit.core._remembered._FORMS", set())


@pytest.fixture
def watched(tmp_path, monkeypatch) -> Watched:
    """Give a cluster with a file and a program that is told, in the current folder."""
    monkeypatch.chdir(tmp_path)
    found = Watched(tmp_path, to={"hook": "env:HOOK"})
    write_cluster(tmp_path, notice=found.cluster.notice.model_dump(mode="json"))
    return found


def test_a_test_says_for_each_destination_whether_it_was_taken(watched, capsys, monkeypatch):
    monkeypatch.setenv("HOOK", f"nosuch://{TOKEN}/x")
    assert main(["notice", "test", "demo"]) == 1
    out, err = capsys.readouterr()
    assert "hook         not taken" in out
    assert "page         taken in" in out
    assert "hook: hook did not take the notice: its URL has no scheme that apprise knows\n  next: " in err
    assert TOKEN not in out + err
    assert main(["notice", "test", "demo", "--to", "page", "--json"]) == 0
    assert list(json.loads(capsys.readouterr().out)) == ["page"]
    assert len(watched.heard) == 2


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["test", "demo", "--to", "nobody"], 2, "known: hook, page"),
        (["test", "other"], 2, "no cluster file 'other'"),
        (["list", "other"], 2, "no cluster file 'other'"),
        (["retry", "--now"], 2, "No such option"),
    ],
)
def test_wrong_use_is_explained(watched, capsys, arguments, code, said):
    assert main(["notice", *arguments]) == code
    assert said in capsys.readouterr().err
    assert watched.heard == []


def test_where_nobody_is_named_it_says_how_to(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    write_cluster(tmp_path)
    assert main(["notice", "list"]) == 0
    assert "nobody is told" in capsys.readouterr().out
    assert main(["notice", "test"]) == 2
    assert 'to = { oncall = "ssm:/demo/oncall" }' in capsys.readouterr().err
    assert main(["notice", "retry"]) == 0
    assert capsys.readouterr().out == "nothing waits\n"


def test_what_waits_is_listed_sent_again_and_gone(watched, capsys):
    watched.deafen()
    watched.run(FAILED)
    assert main(["notice", "list"]) == 0
    out = capsys.readouterr().out
    assert "demo     hook         url      env:HOOK" in out
    assert "[demo] 50-audit-cluster: failed" in out
    assert "it is deaf" in out
    assert main(["notice", "list", "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)[0]
    assert [one["destination"] for one in listed["waiting"]] == ["hook", "page"]
    assert main(["notice", "retry"]) == 1
    watched.heal()
    capsys.readouterr()
    assert main(["notice", "retry", "--json"]) == 1, "one of the two still waits"
    deliveries = json.loads(capsys.readouterr().out)["demo"]["deliveries"]
    assert {one["destination"]: (one["taken"], one["waiting"]) for one in deliveries} == {
        "hook": (0, 1),
        "page": (1, 0),
    }
    assert watched.titles == ["failed"]


def test_a_damaged_notice_is_named_and_hides_no_other(watched, capsys):
    watched.deafen()
    watched.run(FAILED)
    damaged = next(file for file in watched.files() if file.name.endswith("hook.json"))
    damaged.write_text("{")
    assert main(["notice", "list"]) == 1
    out, err = capsys.readouterr()
    assert str(damaged) in err
    assert "it is deaf" in out


def test_a_broken_cluster_file_hides_no_other_and_what_waits_for_it_is_listed(watched, tmp_path, capsys):
    watched.deafen()
    watched.run(FAILED)
    watched.heal()
    write_cluster(tmp_path, name="aaa")
    broken, gone = tmp_path / "clusters" / "aaa.toml", tmp_path / "clusters" / "demo.toml"
    broken.write_text("name = ")
    assert main(["notice", "list"]) == 2
    out, err = capsys.readouterr()
    assert "demo     hook         url      env:HOOK" in out
    assert "aaa: who is told is not known: " in err
    assert main(["notice", "retry"]) == 1, "hook has no URL here: worse than the broken file"
    assert "aaa: nothing was sent: " in capsys.readouterr().err
    assert watched.titles == ["failed"]
    gone.rename(tmp_path / "demo.toml")
    assert main(["notice", "list", "--json"]) == 2
    listed = {one["cluster"]: one for one in json.loads(capsys.readouterr().out)}
    assert [one["destination"] for one in listed["demo"]["waiting"]] == ["hook"]


def test_what_waits_is_no_record(watched, capsys):
    watched.deafen()
    watched.run(FAILED)
    assert main(["runs", "list"]) == 0
    out, err = capsys.readouterr()
    assert out.count("50-audit-cluster") == 1
    assert err == ""


@pytest.mark.parametrize("notice", [{}, {"to": {"hook": "https://hooks.slack.com/services/CANARY-5c3a"}}])
def test_a_run_that_is_to_tell_and_cannot_is_refused_before_it_begins(tmp_path, monkeypatch, capsys, notice):
    monkeypatch.chdir(tmp_path)
    write_cluster(tmp_path, notice=notice)
    notebook = write_recorded_notebook(tmp_path / "10-try.ipynb")
    assert main(["run", str(notebook), "--cluster", "demo", "--notify"]) == 2
    assert "CANARY" not in capsys.readouterr().err
    assert not (tmp_path / "runs").exists()


@pytest.mark.sandbox
def test_a_run_tells_of_a_change_and_its_exit_code_is_its_own(watched, tmp_path, capsys):
    notebook = write_recorded_notebook(
        tmp_path / "10-try.ipynb", "## Look", "from pathlib import Path\nassert not Path('broken').exists()"
    )
    assert main(["run", str(notebook), "--cluster", "demo", "--notify", "--quiet"]) == 0
    assert "notice: not told" in capsys.readouterr().err
    (tmp_path / "broken").touch()
    watched.deafen()
    assert main(["run", str(notebook), "--cluster", "demo", "--notify", "--quiet", "--json"]) == 1
    out, err = capsys.readouterr()
    assert json.loads(out)["notice"]["tells"] is True
    assert "notice: page: 1 not taken, kept and tried again" in err
    (tmp_path / "broken").unlink()
    watched.heal()
    assert main(["run", str(notebook), "--cluster", "demo", "--notify", "--quiet"]) == 0, "what waits fails no run"
    assert [one["title"] for one in watched.heard] == ["[demo] 10-try: done, before failed (and 1 earlier)"]
