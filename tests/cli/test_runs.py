"""``fleetkit runs``: what is listed, shown and removed, and how it is refused."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest
from support.runs_records import inspected, member, write_events, write_record

from fleetkit.cli import main
from fleetkit.runs import Outcome


@pytest.fixture
def runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path / "runs"


def listed(capsys, *arguments: str) -> list[str]:
    """Return the ids that a listing shows."""
    main(["runs", "list", "--json", *arguments])
    return [record["id"] for record in json.loads(capsys.readouterr().out)]


def test_a_listing_is_narrowed_by_cluster_notebook_outcome_time_and_number(runs, capsys):
    old = write_record(runs, day=1, outcome=Outcome.FAILED).name
    look = write_record(runs, day=2, notebook="20-look").name
    other = write_record(runs, day=3, cluster="other").name
    new = write_record(runs, day=4).name
    assert listed(capsys) == [new, other, look, old]
    assert listed(capsys, "demo") == [new, look, old]
    assert listed(capsys, "clusters/other.toml") == [other]
    assert listed(capsys, "--notebook", "look") == [look]
    assert listed(capsys, "--outcome", "failed", "--outcome", "refused") == [old]
    assert listed(capsys, "--since", "2026-03-03") == [new, other]
    assert listed(capsys, "--since", "2026-03-02T05:05+01:00", "--until", "2026-03-03T04:06") == [other, look]
    assert listed(capsys, "--since", "7d") == [], "an age counts from now"
    assert listed(capsys, "--limit", "2") == [new, other]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["list", "--outcome", "fine"], "legal: running, done"),
        (["list", "--since", "soon"], "an age like 7d"),
        (["list", "--limit", "0"], "--limit"),
        (["prune"], "--keep"),
        (["prune", "--keep", "1", "--older-than", "7"], "7d or 2w"),
        (["report", "nothing"], "no single record"),
    ],
)
def test_wrong_use_is_explained_and_exits_2(runs, capsys, arguments, said):
    assert main(["runs", *arguments]) == 2
    assert said in " ".join(capsys.readouterr().err.split())


def test_foreign_and_torn_folders_are_named_and_hide_no_record(runs, capsys):
    good = write_record(runs)
    (runs / "demo" / "notes").mkdir()
    (runs / "demo" / ".hidden").mkdir()
    assert main(["runs", "list"]) == 0, "a folder of somebody else's is nothing wrong"
    out, err = capsys.readouterr()
    assert good.name in out
    assert err == f"passed over: {runs / 'demo' / 'notes'} is no record\n"
    torn = runs / "demo" / "20260302T040506Z-10-try"
    torn.mkdir()
    assert main(["runs", "list"]) == 1
    out, err = capsys.readouterr()
    assert good.name in out
    assert f"{torn} holds no record: no run.json" in err


def test_a_run_json_that_is_nested_without_end_is_named_like_any_other_damage(runs, capsys):
    folder = write_record(runs)
    (folder / "run.json").write_text("[" * 100_000)
    assert main(["runs", "list"]) == 1
    assert f"the record {folder / 'run.json'} cannot be read" in capsys.readouterr().err


def test_the_path_of_a_report_is_printed_and_a_browser_opened_where_asked(runs, capsys, tmp_path):
    folder = write_record(runs)
    assert main(["runs", "report"]) == 2
    assert "has no report" in capsys.readouterr().err
    (folder / "report.html").write_text("<p>report")
    assert main(["runs", "report", folder.name]) == 0
    assert capsys.readouterr().out == f"{folder / 'report.html'}\n"
    browser = tmp_path / "browser"
    browser.write_text(f'#!/bin/sh\necho "$1" > {tmp_path / "opened"}\n')
    browser.chmod(0o755)
    subprocess.run(
        [sys.executable, "-m", "fleetkit.cli", "runs", "report", "--open"],
        env={**os.environ, "BROWSER": str(browser)},
        check=True,
        capture_output=True,
    )
    assert (tmp_path / "opened").read_text().strip() == (folder / "report.html").as_uri()


def test_prune_shows_what_will_go_and_removes_it_after_a_yes_alone(runs, capsys):
    folders = [write_record(runs, day=day) for day in (1, 2, 3)]
    assert main(["runs", "prune", "--keep", "1"]) == 4, "nobody is there to agree"
    out, err = capsys.readouterr()
    assert [folder.name in out for folder in folders] == [True, True, False]
    assert "repeat with --yes" in err
    assert all(folder.is_dir() for folder in folders)
    assert main(["runs", "prune", "--keep", "1", "--yes"]) == 0
    assert "removed 2 records of 3" in capsys.readouterr().out
    assert [folder.is_dir() for folder in folders] == [False, False, True]
    assert main(["runs", "prune", "--keep", "1", "--yes"]) == 0
    assert capsys.readouterr().out == "nothing to remove of 1 records\n"


def test_prune_leaves_what_is_young_other_clusters_and_what_cannot_be_read(runs, capsys):
    kept = [write_record(runs, day=1, cluster="other"), write_record(runs, day=2), write_record(runs, day=3)]
    (kept[1] / "run.json").write_text("{")
    gone = write_record(runs, day=1)
    assert main(["runs", "prune", "demo", "--keep", "0", "--older-than", "90d", "--yes"]) == 0
    assert f"stays: the record {kept[1] / 'run.json'} cannot be read" in capsys.readouterr().err
    assert (all(folder.is_dir() for folder in kept), gone.exists()) == (True, False)
    assert main(["runs", "prune", "demo", "--keep", "0", "--older-than", "9999w", "--yes"]) == 0
    assert kept[2].is_dir()


def test_a_diff_of_nothing_named_says_what_changed_since_it_last_worked(runs, capsys):
    worked = write_events(write_record(runs, day=1), *inspected([member("etcd1")]))
    write_events(write_record(runs, day=2, outcome=Outcome.FINDINGS), *inspected([member("etcd1")]))
    write_record(runs, day=3, notebook="20-look")
    write_record(runs, day=3, cluster="other")
    latest = write_events(
        write_record(runs, day=4, outcome=Outcome.FAILED), *inspected([member("etcd1", healthy=False)])
    )
    assert main(["runs", "diff"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == f"{latest.name} (failed) differs from {worked.name} (done) in 2 things"
    assert [line.split() for line in lines[1:]] == [
        ["TOPIC", "WHAT", "BEFORE", "AFTER"],
        ["outcome", "done", "failed"],
        ["members", "etcd1", "healthy", "yes", "no"],
    ]
    assert main(["runs", "diff", latest.name, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["before"] == worked.name


def test_a_diff_of_two_compares_just_those_and_names_what_cannot_be_compared(runs, capsys):
    first, second = write_record(runs, day=1, notebook="20-look"), write_record(runs, day=2)
    assert main(["runs", "diff", first.name, second.name]) == 0
    out, err = capsys.readouterr()
    assert "notebook" in out
    assert err.splitlines() == [
        f"{folder.name} has no journal: what it planned and saw is not known" for folder in (first, second)
    ]
    assert main(["runs", "diff", second.name]) == 2
    assert "no run of 10-try on demo" in capsys.readouterr().err
    assert main(["runs", "diff", first.name, second.name, "latest"]) == 2
    assert "two runs at most" in capsys.readouterr().err
