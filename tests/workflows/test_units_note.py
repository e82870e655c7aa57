"""The note of what was before a change of units is whole, private, and read back as it was."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from fleetkit.core import NotFoundError, StalePlanError
from fleetkit.fleet import DesiredState, Unit, UnitText
from fleetkit.workflows._unit_changes import UnitAction, UnitChange
from fleetkit.workflows._units_note import note_change, read_units_note

TEXT = UnitText.parse("[Service]\nExecStart=/bin/sleep 1\nEnvironment=A=1\nEnvironment=B=2\n")


def change(name: str, before: str | None) -> UnitChange:
    held = None
    if before is not None:
        held = Unit(name=name, text=TEXT, desired_state=before, current_state="", machine_id="")
    return UnitChange(
        name=name,
        action=UnitAction.REPLACE,
        text=UnitText.parse("[Service]\n"),
        desired=DesiredState.LAUNCHED,
        before=held,
    )


def test_what_was_there_is_read_back_and_only_the_owner_may(tmp_path: Path) -> None:
    note_change(tmp_path, [change("a.service", "launched"), change("b.service", None), change("c.service", "")])
    note = read_units_note(tmp_path)
    a, c = note.before["a.service"], note.before["c.service"]
    assert a is not None
    assert c is not None
    assert (a.text.unit_hash, a.desired, a.text.options) == (TEXT.unit_hash, DesiredState.LAUNCHED, TEXT.options)
    assert note.before["b.service"] is None
    assert c.desired is DesiredState.INACTIVE
    (file,) = tmp_path.iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_the_last_one_counts(tmp_path: Path) -> None:
    note_change(tmp_path, [change("a.service", "launched")]).end()
    note_change(tmp_path, [change("b.service", None)])
    assert list(read_units_note(tmp_path).before) == ["b.service"]


def test_one_that_did_not_come_to_its_end_is_one_with_the_next(tmp_path: Path) -> None:
    note_change(tmp_path, [change("a.service", "launched")])
    note_change(tmp_path, [change("a.service", "loaded"), change("b.service", None)]).end()
    note = read_units_note(tmp_path)
    a = note.before["a.service"]
    assert a is not None
    assert a.desired is DesiredState.LAUNCHED, "what was there first"
    assert list(note.before) == ["a.service", "b.service"]
    assert not note.is_open


def test_one_that_was_put_back_as_a_whole_leaves_what_was_noted_before_it(tmp_path: Path) -> None:
    note_change(tmp_path, [change("a.service", "launched")]).take_back()
    with pytest.raises(NotFoundError):
        read_units_note(tmp_path)
    note_change(tmp_path, [change("b.service", None)]).end()
    note_change(tmp_path, [change("a.service", "launched")]).take_back()
    assert list(read_units_note(tmp_path).before) == ["b.service"]


def test_one_of_an_older_fleetkit_is_read(tmp_path: Path) -> None:
    (tmp_path / "units-before.json").write_text('{"at": "x", "units": {"a.service": null}}')
    note = read_units_note(tmp_path)
    assert (note.before, note.is_open, note.undoing) == ({"a.service": None}, False, {})


def test_without_one_there_is_nothing_to_undo(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="no change of units"):
        read_units_note(tmp_path)


@pytest.mark.parametrize(
    "content", ["", "[]", '{"at": "x"}', '{"at": "x", "units": {"a.service": {"desired": "launched", "options": 3}}}',
                '{"at": "x", "units": {"a.service": {"desired": "bogus", "options": []}}}']
)  # fmt: skip
def test_one_that_cannot_be_read_is_told(tmp_path: Path, content: str) -> None:
    (tmp_path / "units-before.json").write_text(content)
    with pytest.raises(StalePlanError, match="cannot be read"):
        read_units_note(tmp_path)
