"""The note of what was before a change of units is whole, private, and read back as it was."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from fleetkit.core import NotFoundError, StalePlanError
from fleetkit.fleet import DesiredState, Unit, UnitText
from fleetkit.workflows._unit_changes import UnitAction, UnitChange
from fleetkit.workflows._units_note import read_units_note, write_units_note

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
    write_units_note(tmp_path, [change("a.service", "launched"), change("b.service", None), change("c.service", "")])
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
    write_units_note(tmp_path, [change("a.service", "launched")])
    write_units_note(tmp_path, [change("b.service", None)])
    assert list(read_units_note(tmp_path).before) == ["b.service"]


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
