"""Schedules on disk: what is written is read again, and what is damaged is named."""

from __future__ import annotations

import os

import pytest
from support.scheduled import make_entry, write_schedule

from fleetkit.core import NotFoundError, SettingsError
from fleetkit.schedule import apply_environment, choose_environment, list_entries, list_left_out, read_entry
from fleetkit.schedule.entries import write_entry


def test_what_was_written_is_read_again(tmp_path):
    entry = make_entry(
        tmp_path,
        parameters={
            "count": 3,
            "ratio": 0.5,
            "flag": False,
            "names": ["a", 'quo"te', {"b c": [1]}],
            "text": "line\nline",
        },
        environment={"AWS_PROFILE": "ops", "PATH": "/bin"},
        wrote={"/a b/c.timer": "0" * 64},
        place={"server": "http://127.0.0.1:8888"},
    )
    write_entry(tmp_path, entry)
    assert read_entry(tmp_path, "look") == entry


@pytest.mark.parametrize(
    ("old", "new", "seen"),
    [
        ("notebook = ", "notebock = ", "notebock: there is no such field"),
        ("retries = 2\n", "", "retries: missing"),
        ("retries = 2", 'retries = "two"', "retries: str"),
        ("retries = 2", "retries = true", "retries: bool"),
        ("timeout_s = 60.0", "timeout_s = 0", "less than it can be"),
        ('on = "cron"', 'on = "at"', "on: 'at'"),
        ("03-01T00:00:00Z", "03-01", "added: '2026-03-01'"),
        ("0 3 * * *", "0 3 * *", "4 fields"),
        ("[environment]", "[environment]\nAWS_SECRET_ACCESS_KEY = 'x'", "AWS_SECRET_ACCESS_KEY: a secret"),
        ("[environment]", "[environment]\nPATH = 3", "environment.PATH: int"),
        ("[wrote]", "[wrote", "cannot be read"),
    ],
)
def test_a_file_that_was_damaged_is_refused_and_the_field_named(tmp_path, old, new, seen):
    write_schedule(tmp_path)
    file = tmp_path / "schedules" / "look.toml"
    assert old in file.read_text()
    file.write_text(file.read_text().replace(old, new))
    with pytest.raises(SettingsError) as caught:
        read_entry(tmp_path, "look")
    assert seen in str(caught.value)


def test_one_that_cannot_be_read_hides_no_other(tmp_path):
    write_schedule(tmp_path)
    (tmp_path / "schedules" / "torn.toml").write_text("[")
    found = list_entries(tmp_path)
    assert (list(found.ok), list(found.failed)) == (["look"], ["torn"])


def test_one_that_is_not_there_lists_those_that_are(tmp_path):
    write_schedule(tmp_path)
    with pytest.raises(NotFoundError, match="known: look"):
        read_entry(tmp_path, "lock")
    with pytest.raises(SettingsError, match="cannot be called"):
        read_entry(tmp_path, "../look")


def test_a_write_that_fails_leaves_what_was_there(tmp_path, monkeypatch):
    entry = write_schedule(tmp_path)
    monkeypatch.setattr(os, "fsync", lambda _: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(OSError, match="No space"):
        write_schedule(tmp_path, retries=7)
    assert read_entry(tmp_path, "look") == entry
    assert [file.name for file in (tmp_path / "schedules").iterdir()] == ["look.toml"]


def test_a_notebook_whose_name_has_lines_leaves_a_file_that_can_be_read(tmp_path):
    written = write_schedule(tmp_path, notebook=str(tmp_path / 'a\nretries = 9\x07".ipynb'))
    assert read_entry(tmp_path, "look") == written


def test_runs_are_given_what_they_need_and_no_secret():
    environ = {
        "AWS_PROFILE": "ops",
        "AWS_WEB_IDENTITY_TOKEN_FILE": "/run/token",
        "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
        "AWS_SECRET_ACCESS_KEY": "canary",
        "AWS_SESSION_TOKEN": "canary",
        "FLEETKIT_RUNS": "s3://records",
        "FLEETKIT_HOME": "",
        "VAULT_ADDR": "https://vault",
        "VAULT_TOKEN": "canary",
        "HTTPS_PROXY": "http://me:canary@proxy:3128",
        "HTTP_PROXY": "me:canary@proxy:3128",
        "PATH": "/bin",
        "EDITOR": "vi",
    }
    assert list(choose_environment(environ)) == [
        *("AWS_PROFILE", "AWS_WEB_IDENTITY_TOKEN_FILE", "FLEETKIT_RUNS", "PATH", "VAULT_ADDR"),
    ]
    assert "canary" not in repr(choose_environment(environ))
    assert list_left_out(environ) == (
        *("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"),
        *("HTTPS_PROXY", "HTTP_PROXY", "VAULT_TOKEN"),
    )


def test_keys_of_whoever_begins_a_run_do_not_win_over_the_profile_of_the_schedule():
    theirs = {"AWS_ACCESS_KEY_ID": "theirs", "AWS_SECRET_ACCESS_KEY": "theirs", "PATH": "/bin"}
    environ = dict(theirs)
    assert apply_environment(environ, {"AWS_PROFILE": "ops"}) == ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
    assert environ == {"AWS_PROFILE": "ops", "PATH": "/bin"}
    environ = dict(theirs)
    assert apply_environment(environ, {"AWS_REGION": "us-east-1"}) == ()
    assert environ == {**theirs, "AWS_REGION": "us-east-1"}, "where it says nothing, they are what there is"
