"""Each demand of the audit's catalogue is met, waived with a date, or for run time; the page that says so is true."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from fleetkit.checks import load_checks
from fleetkit.config import STANDING_WAIVERS

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "audit.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| (\d+) \| `([a-z0-9-]+)` \| (.+?) \| (.+) \|$", PAGE, re.M)
TEXTS = [
    (number, *found)
    for number, _, _, where in ROWS
    for found in re.findall(r"`([\w/.-]+/[\w.-]+)` (has|lacks) `([^`]+)`", where)
]
WAIVED = [(number, name) for number, _, _, where in ROWS for name in re.findall(r"waiver `([a-z-]+)`", where)]


def test_the_page_has_each_check_once_and_in_order_and_says_what_it_demands() -> None:
    assert [(int(number), name, demand) for number, name, demand, _ in ROWS] == [
        (one.number, one.id, one.title) for one in load_checks()
    ]
    assert [one.number for one in load_checks()] == list(range(1, 39))


@pytest.mark.parametrize(("number", "name", "demand", "where"), ROWS, ids=[row[0] for row in ROWS])
def test_each_demand_stands_somewhere_and_nothing_else_is_said(number: str, name: str, demand: str, where: str) -> None:
    kinds = r"`[\w/.-]+/[\w.-]+` (has|lacks) `[^`]+`|waiver `[a-z-]+`|run time: [^;]+"
    assert all(re.fullmatch(kinds, part) for part in where.split("; ")), f"{number} ({name}, {demand}): {where}"


@pytest.mark.parametrize(("number", "file", "verb", "text"), TEXTS, ids=[f"{one[0]}-{one[1]}" for one in TEXTS])
def test_what_the_page_says_of_a_file_is_so(number: str, file: str, verb: str, text: str) -> None:
    assert (text in (ROOT / file).read_text(encoding="utf-8")) is (verb == "has"), number


def test_the_waivers_of_the_page_are_those_that_init_writes() -> None:
    assert {name for _, name in WAIVED} == {one.check for one in STANDING_WAIVERS}
    assert {one.check for one in STANDING_WAIVERS} <= {one.id for one in load_checks()}


def test_no_waiver_stands_for_two_demands() -> None:
    names = [name for _, name in WAIVED]
    assert sorted(names) == sorted(set(names))


def test_standing_waivers_are_in_order_and_say_each_thing_once() -> None:
    keys = [(one.check, one.resource) for one in STANDING_WAIVERS]
    assert keys == sorted(set(keys))
