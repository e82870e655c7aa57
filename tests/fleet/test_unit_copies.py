"""Copies of the packaged unit files: all of them, and over nothing that a person has."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from fleetkit.core import FleetkitError, data_folder
from fleetkit.fleet import UnitCopyState, copy_units, read_unit_files

PACKAGED = data_folder("units")


def test_all_packaged_unit_files_are_copied_once_and_are_without_findings(tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "units"
    copies = copy_units(folder)
    assert {one.state for one in copies} == {UnitCopyState.COPIED}
    names = {path.relative_to(PACKAGED) for path in PACKAGED.rglob("*") if path.is_file()}
    assert {path.relative_to(folder) for path in folder.rglob("*") if path.is_file()} == names
    for one in copies:
        assert one.path.read_bytes() == (PACKAGED / one.path.relative_to(folder)).read_bytes()
    assert not read_unit_files([folder]).findings
    assert {one.state for one in copy_units(folder)} == {UnitCopyState.CURRENT}


def test_what_a_person_changed_is_kept_and_what_is_missing_is_brought_again(tmp_path: Path) -> None:
    copies = copy_units(tmp_path)
    changed, gone = copies[0].path, copies[-1].path
    changed.write_text("[Service]\nExecStart=/bin/true\n", encoding="utf-8")
    gone.unlink()
    states = {one.path: one.state for one in copy_units(tmp_path)}
    assert (states.pop(changed), states.pop(gone)) == (UnitCopyState.KEPT, UnitCopyState.COPIED)
    assert set(states.values()) == {UnitCopyState.CURRENT}
    assert changed.read_text(encoding="utf-8") == "[Service]\nExecStart=/bin/true\n"


def test_a_clone_has_them_already() -> None:
    before = {path: path.stat().st_mtime_ns for path in PACKAGED.rglob("*")}
    assert {one.state for one in copy_units(PACKAGED)} == {UnitCopyState.CURRENT}
    assert {path: path.stat().st_mtime_ns for path in PACKAGED.rglob("*")} == before


def test_a_folder_that_cannot_be_one_is_told_with_the_way_on(tmp_path: Path) -> None:
    (tmp_path / "units").write_text("", encoding="utf-8")
    with pytest.raises(FleetkitError, match=re.escape(f"unit files cannot be copied to {tmp_path / 'units'}")) as told:
        copy_units(tmp_path / "units")
    assert told.value.hint == "name a folder that is yours to write"
