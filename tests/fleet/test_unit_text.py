"""A unit file is read as fleet reads it, with the line of each option, and written back as it was."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.fleet_replay import recorded

from fleetkit.core import FleetError
from fleetkit.fleet import UnitOption, UnitText

WHOLE = """\
# what it is for \\
  and more of it
[Unit]
Description = a page
After=docker.service
After=network.target

; started anew each time
[Service]
ExecStart=/bin/sh -c \\
  'echo a; \\
  exec sleep 1'
Environment=
[X-Fleet]
MachineMetadata=role=public
"""


def told(unit: UnitText) -> list[tuple[str, str, str, int]]:
    return [(one.section, one.name, one.value, one.line) for one in unit.options]


def test_options_come_in_their_order_with_repeats_continuations_and_their_lines() -> None:
    unit = UnitText.parse(WHOLE)
    assert unit.flaws == ()
    assert told(unit) == [
        ("Unit", "Description", "a page", 4),
        ("Unit", "After", "docker.service", 5),
        ("Unit", "After", "network.target", 6),
        ("Service", "ExecStart", "/bin/sh -c \\\n  'echo a; \\\n  exec sleep 1'", 10),
        ("Service", "Environment", "", 13),
        ("X-Fleet", "MachineMetadata", "role=public", 15),
    ]
    assert unit.text == WHOLE
    assert unit.values("Unit", "After") == ("docker.service", "network.target")


@pytest.mark.parametrize(
    ("text", "line", "seen", "fatal"),
    [
        ("[Unit\nA=b\n", 1, "is not closed", True),
        ("[Unit] x\nA=b\n", 1, "'x' stands after the section's name", True),
        ("[Unit]\n\nword\n", 3, "'word' has no equal sign", True),
        ("A=b\n[Unit]\n", 1, "'A=b' stands before any section", False),
        (f"[Unit]\nA={'x' * 2046}\n", 2, "a line of 2048 bytes", True),
        (f"[Unit]\nA={'é' * 1023}\n", 2, "a line of 2048 bytes", True),
        ("[Service]\nExecStart=/bin/a \\ \n  b\n", 2, "after the backslash", True),
        ("[Service]\r\nExecStart=/bin/a \\\r\n  b=c\r\n", 2, "a carriage return, after the backslash", True),
        ("[Service]\nExecStart=/bin/a \\\n\n[Unit]\nA=b\n", 3, "a value that goes on with nothing", True),
        ("[Service]\nExecStart=/bin/a \\", 2, "a value that goes on with nothing", True),
    ],
)
def test_what_fleet_would_refuse_or_read_otherwise_is_told_with_its_line(
    text: str, line: int, seen: str, fatal: bool
) -> None:
    flaws = UnitText.parse(text).flaws
    assert [(one.line, one.is_fatal) for one in flaws[:1]] == [(line, fatal)]
    assert seen in flaws[0].seen
    assert flaws[0].legal


def test_a_line_that_is_just_short_enough_is_none() -> None:
    assert UnitText.parse(f"[Unit]\nA={'x' * 2045}\n").flaws == ()


def test_carriage_returns_alone_change_no_option() -> None:
    assert UnitText.parse(WHOLE.replace("\\\n", "").replace("\n", "\r\n")).options == tuple(
        UnitText.parse(WHOLE.replace("\\\n", "")).options
    )


WORDS = (
    st.text("abcXYZ-. '\"$%\\é", min_size=1, max_size=12).map(str.strip).filter(lambda one: one[-1:] not in ("", "\\"))
)
NAMES = st.from_regex(r"[A-Z][A-Za-z-]{0,8}", fullmatch=True)
OPTIONS = st.builds(UnitOption, section=NAMES, name=NAMES, value=WORDS | st.just(""))


@given(st.lists(OPTIONS, max_size=8))
def test_what_fleet_tells_is_written_so_that_it_reads_back_section_by_section(options: list[UnitOption]) -> None:
    written = UnitText.from_options(options)
    again = UnitText.parse(written.text)
    assert (again.options, again.flaws) == (written.options, ())
    sections = list(dict.fromkeys(one.section for one in options))
    assert list(again.options) == sorted(options, key=lambda one: sections.index(one.section))
    assert again.unit_hash == written.unit_hash


@given(st.text(max_size=200))
def test_any_text_is_kept_and_read_without_a_word_too_many(text: str) -> None:
    unit = UnitText.parse(text)
    assert unit.text == text
    assert all(1 <= one.line <= text.count("\n") + 1 for one in (*unit.options, *unit.flaws))


def test_the_hash_is_the_one_that_machines_were_recorded_to_tell_of_the_units_that_they_run() -> None:
    units, states = (recorded(name)["json"] for name in ("147-sched-units", "148-sched-state"))
    texts = {
        unit["name"]: UnitText.from_options(UnitOption.from_json(one, path="options") for one in unit["options"])
        for unit in units["units"]
    }
    assert texts["glob.service"].values("X-Fleet", "Global") == ("true",)
    assert {one["name"]: one["hash"] for one in states["states"]} == {
        one["name"]: texts[one["name"]].unit_hash for one in states["states"]
    }


def test_comments_and_blanks_change_no_hash_and_the_order_of_options_does() -> None:
    plain = UnitText.parse("[Unit]\nA=b\nC=d\n")
    assert UnitText.parse("# so\n[Unit]\n\n A = b\nC=d").unit_hash == plain.unit_hash
    assert UnitText.parse("[Unit]\nC=d\nA=b\n").unit_hash != plain.unit_hash
    assert (
        UnitText.parse("[Unit]\nA=b\n[Service]\nE=f\n[Unit]\nC=d\n").unit_hash
        == UnitText.parse("[Unit]\nA=b\nC=d\n[Service]\nE=f\n").unit_hash
    )


@pytest.mark.parametrize("found", [None, [], {"section": "Unit"}, {"section": 1, "name": "A"}])
def test_what_is_no_option_is_named_with_its_place(found: object) -> None:
    with pytest.raises(FleetError, match=r"options\[3\]"):
        UnitOption.from_json(found, path="options[3]")
