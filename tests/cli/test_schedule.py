"""``fleetkit schedule``: what is added, listed, shown, run and removed, and how it is refused."""

from __future__ import annotations

import json
import os

import pytest
from support.cluster_files import write_cluster
from support.notice_runs import Watched
from support.runs_notebooks import write_notebook
from support.runs_records import write_record
from support.scheduled import write_look, write_schedule

from fleetkit.cli import main
from fleetkit.runs import Outcome, Scheduling
from fleetkit.schedule import hold_schedule

NIGHTLY = ("--cron", "0 3 * * *", "--on", "systemd")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    write_look(tmp_path)
    return tmp_path


def files(folder) -> list[str]:
    found = [file for place in ("schedules", "config") for file in (folder / place).rglob("*") if file.is_file()]
    return sorted(file.name for file in found)


def add(*words: str) -> int:
    return main(["schedule", "add", "10-look.ipynb", "--name", "look", *words])


def test_a_schedule_is_added_listed_shown_and_removed_without_a_trace(folder, capsys):
    assert add(*NIGHTLY, "-p", "count", "7") == 0
    said = capsys.readouterr()
    assert said.out.startswith("added: look\n10-look: At 03:00 (UTC), kept by systemd\nnext: 20")
    assert "next: systemctl --user daemon-reload && systemctl --user enable --now fleetkit-look.timer" in said.err
    assert files(folder) == ["fleetkit-look.service", "fleetkit-look.timer", "look.toml"]
    assert main(["schedule", "list"]) == 0
    assert "never run" in capsys.readouterr().out
    assert main(["schedule", "show", "look", "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert (shown["parameters"], len(shown["next"]), len(shown["wrote"]), shown["runs"]) == ({"count": 7}, 3, 2, [])
    assert main(["schedule", "remove", "look"]) == 0
    assert capsys.readouterr().out.count("removed: ") == 3
    assert files(folder) == []


def test_a_dry_run_shows_all_that_would_be_written_and_writes_nothing(folder, capsys):
    assert add(*NIGHTLY, "--dry-run") == 0
    out = capsys.readouterr().out
    assert all(part in out for part in ("would be added: look", 'cron = "0 3 * * *"', "OnCalendar=", "Type=oneshot"))
    assert files(folder) == []


def test_adding_the_same_again_changes_nothing_and_another_one_is_refused(folder, capsys, monkeypatch):
    assert add(*NIGHTLY) == 0
    monkeypatch.setenv("PATH", f"{os.environ['PATH']}:/elsewhere")
    capsys.readouterr()
    assert add(*NIGHTLY) == 0
    assert capsys.readouterr().out.startswith("no change: look")
    assert add(*NIGHTLY, "--retries", "0", "--cron", "0 4 * * *") == 2
    assert "it differs in cron, retries" in capsys.readouterr().err.replace("line", "cron")


def test_credentials_of_this_shell_are_told_to_be_left_out_and_are_in_no_file(folder, capsys, monkeypatch):
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "canary-5f2c9e17ab")
    assert add(*NIGHTLY) == 0
    assert "not given to its runs: AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY" in capsys.readouterr().err
    texts = [file.read_text() for place in ("schedules", "config") for file in (folder / place).rglob("*.*")]
    assert "canary" not in "".join(texts)


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("--cron", "0 25 * * *", "--on", "systemd"), 2, "hour: '25'"),
        (("--cron", "@daily", "--on", "cron"), 2, "write it out: 0 0 * * *"),
        ((*NIGHTLY, "--timezone", "Mars"), 2, "no time zone 'Mars'"),
        ((*NIGHTLY, "-p", "cuont", "7"), 2, "no parameter 'cuont'"),
        ((*NIGHTLY, "--name", "No Good"), 2, "cannot be called 'No Good'"),
        ((*NIGHTLY, "--approve", "demo"), 2, "asks for no approval"),
        ((*NIGHTLY, "--timeout", "soon"), 2, "is not a duration"),
        ((*NIGHTLY, "--server", "http://x"), 2, "--server is for --on jupyter-scheduler"),
        ((*NIGHTLY, "--cluster", "nowhere"), 2, "no cluster file 'nowhere'"),
        (("--cron", "0 3 * * *", "--on", "airflow", "--dags", "none"), 2, "there is no folder"),
        (("--cron", "0 3 * * *", "--on", "jupyter-scheduler"), 2, "needs --server"),
        (("--cron", "0 0 LW * *", "--on", "systemd"), 2, "systemd has no word"),
    ],
)
def test_wrong_use_is_explained_and_nothing_is_written(folder, capsys, words, code, said):
    assert add(*words) == code
    assert said in " ".join(capsys.readouterr().err.split())
    assert files(folder) == []


def test_a_notebook_that_is_not_there_lists_those_that_are(folder, capsys):
    assert main(["schedule", "add", "99", *NIGHTLY]) == 2
    assert "20-inspect-cluster" in capsys.readouterr().err


def test_a_change_without_an_approval_or_approved_by_name_is_refused_with_4(folder, capsys):
    write_cluster(folder)
    for words, said in (((), "would have no approval"), (("--approve", "demo"), "which nobody has looked at")):
        assert main(["schedule", "add", "10-deploy-cluster", "--cluster", "demo", *NIGHTLY, *words]) == 4
        assert said in capsys.readouterr().err
    assert main(["schedule", "add", "90", "--cluster", "demo", *NIGHTLY, "--approve", "ab" * 32]) == 4
    assert files(folder) == []
    assert main(["schedule", "add", "38", "--cluster", "demo", "--approve", "demo", *NIGHTLY]) == 0


def test_a_cluster_file_that_is_broken_is_told_before_anything_is_written(folder, capsys):
    write_cluster(folder)
    file = folder / "clusters" / "demo.toml"
    file.write_text(file.read_text() + "\n[nonsense]\n")
    assert main(["schedule", "add", "20", "--cluster", "demo", *NIGHTLY]) == 2
    assert "nonsense" in capsys.readouterr().err
    assert files(folder) == []


def test_the_cluster_of_the_settings_is_meant_where_none_is_named(folder, capsys, monkeypatch):
    for name in ("demo", "other"):
        write_cluster(folder, name)
    assert main(["schedule", "add", "20", *NIGHTLY]) == 2
    monkeypatch.setenv("FLEETKIT_CLUSTER", "other")
    assert main(["schedule", "add", "20", *NIGHTLY]) == 0
    assert "added: 20-inspect-cluster-other" in capsys.readouterr().out


def test_no_crontab_program_is_said(folder, capsys, monkeypatch):
    monkeypatch.setenv("PATH", str(folder))
    assert add("--cron", "0 3 * * *", "--on", "cron") == 2
    assert "no crontab program" in capsys.readouterr().err
    assert files(folder) == []


def test_a_place_that_cannot_be_written_to_is_named_and_nothing_is_left(folder, capsys):
    (folder / "config").write_text("a file where a folder belongs")
    assert add(*NIGHTLY) == 1
    assert f"{folder / 'config'}" in capsys.readouterr().err
    assert files(folder) == []


def test_the_list_tells_next_time_last_outcome_and_what_is_not_in_place(folder, capsys):
    assert add(*NIGHTLY) == 0
    schedule = Scheduling(name="look", attempt=2, missed=3, note="3 times came without a run")
    about = {"cluster": "none", "notebook": "10-look", "schedule": schedule}
    write_record(folder / "runs", **about, outcome=Outcome.FINDINGS, exit=3, summary="2 findings")
    write_record(folder / "runs", day=2, cluster="none", notebook="10-look")
    capsys.readouterr()
    assert main(["schedule", "list"]) == 0
    assert "2026-03-01T04:05:06Z findings (3), attempt 2: 2 findings" in capsys.readouterr().out
    assert main(["schedule", "list", "--json"]) == 0
    (listed,) = json.loads(capsys.readouterr().out)
    assert (listed["last"]["exit"], listed["last"]["schedule"]["missed"], listed["missing"]) == (3, 3, [])
    next((folder / "config").rglob("*.timer")).unlink()
    assert main(["schedule", "list"]) == 1
    assert "look is not in place" in capsys.readouterr().err


def test_a_schedule_that_cannot_be_read_is_named_and_the_others_are_listed(folder, capsys):
    add(*NIGHTLY)
    (folder / "schedules" / "torn.toml").write_text("[")
    capsys.readouterr()
    assert main(["schedule", "list"]) == 1
    out, err = capsys.readouterr()
    assert "look" in out
    assert "torn.toml cannot be read" in err


def test_a_run_that_is_under_way_is_told_with_exit_code_1_and_cannot_be_removed(folder, capsys):
    assert add(*NIGHTLY) == 0
    with hold_schedule(folder, "look"):
        for verb in ("run", "remove"):
            assert main(["schedule", verb, "look"]) == 1
            assert f"process {os.getpid()}" in capsys.readouterr().err
    assert not (folder / "runs").exists()
    assert len(files(folder)) == 4, "the lock's file, which blocks nobody, and the three"


def test_what_there_is_not_is_not_run_shown_or_removed(folder, capsys):
    for verb in ("run", "show", "remove"):
        assert main(["schedule", verb, "nothing"]) == 2
        assert "there is no schedule 'nothing'" in capsys.readouterr().err


@pytest.mark.sandbox
@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ("print(1)", 0),
        ("1 / 0", 1),
        ("from fleetkit.core import SettingsError\nraise SettingsError('bad')", 2),
        ("from fleetkit.core import ApprovalMissingError\nraise ApprovalMissingError('no')", 4),
    ],
)
def test_a_run_ends_with_the_exit_code_of_its_notebook(folder, capsys, cell, code):
    write_look(folder, cell)
    write_schedule(folder)
    assert main(["schedule", "run", "look"]) == code
    assert "record: " in capsys.readouterr().out


@pytest.mark.sandbox
def test_findings_end_with_3_and_are_told(folder, capsys):
    finish = "from types import SimpleNamespace as Result\nrun.finish(Result(outcome='findings', summary='2 findings'))"
    write_look(folder, finish=finish)
    write_schedule(folder)
    assert main(["schedule", "run", "look", "--json"]) == 3
    assert json.loads(capsys.readouterr().out)["summary"] == "2 findings"


def test_a_parameter_that_is_a_list_is_kept_and_is_the_same_when_it_is_added_again(folder, capsys):
    write_look(folder, parameters="names = []  # which\ncount = 3  # how many")
    words = (*NIGHTLY, "-p", "names", "['a', 'b']")
    assert add(*words) == 0
    assert add(*words) == 0
    assert "no change" in capsys.readouterr().out
    assert "names = [" in (folder / "schedules" / "look.toml").read_text()


@pytest.mark.sandbox
def test_a_notebook_that_has_come_to_change_things_since_is_refused_and_leaves_no_record(folder, capsys):
    write_schedule(folder)
    write_notebook(folder / "10-look.ipynb", "print(1)", parameters='approve = ""  # the name')
    assert main(["schedule", "run", "look"]) == 4
    assert "would have no approval" in capsys.readouterr().err
    assert not (folder / "runs").exists()


@pytest.mark.sandbox
def test_a_store_that_is_away_leaves_the_record_here_and_exits_1(folder, capsys, monkeypatch):
    write_schedule(folder, environment={"FLEETKIT_RUNS": "s3://records", "AWS_ENDPOINT_URL": "http://127.0.0.1:9"})
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    monkeypatch.setenv("FLEETKIT_RUNS", "")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "")
    assert main(["schedule", "run", "look"]) == 1
    (record,) = (folder / "runs" / "none").iterdir()
    assert json.loads((record / "run.json").read_text())["outcome"] == "done"
    assert "sent by the next run" in capsys.readouterr().err


@pytest.mark.sandbox
def test_a_run_tells_those_whom_the_cluster_file_names_when_its_outcome_changes(folder, capsys):
    watched = Watched(folder)
    write_cluster(folder, notice=watched.cluster.notice.model_dump(mode="json"))
    write_look(folder, "raise RuntimeError('out of order')")
    write_schedule(folder, cluster="demo")
    assert main(["schedule", "run", "look", "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["notice"]["tells"] is True
    (heard,) = watched.heard
    assert "out of order" in heard["body"]
    assert main(["schedule", "run", "look"]) == 1
    assert len(watched.heard) == 1


@pytest.mark.sandbox
def test_a_broken_cluster_file_keeps_a_run_from_telling_and_not_from_running(folder, capsys):
    (folder / "clusters").mkdir()
    (folder / "clusters" / "demo.toml").write_text("name = ")
    write_schedule(folder, cluster="demo")
    assert main(["schedule", "run", "look"]) == 0
    assert "notice: nobody can be told" in capsys.readouterr().err
