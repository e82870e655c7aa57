"""The page of a fleet shows what is there, as it is, and lets one choose from it."""

from __future__ import annotations

import re
import urllib.parse

import pytest
from support.fleet_worlds import ILL, VERDICTS, World
from support.web_pages import Visitor

HOSTILE = "<script>alert(1)</script>"


def named(visitor: Visitor) -> set[str]:
    """Return the names of the units that are listed."""
    return {row[0] for row in visitor.seen.rows if len(row) == 5 and row[0] != "name"}


def test_all_units_are_listed_with_their_verdicts_the_worse_first(fleet: Visitor) -> None:
    page = fleet.get("/")
    assert page.status == 200
    listed = [row for row in page.rows if len(row) == 5][1:]
    assert listed[0][:2] == ["fail.service", "✗ failed"]
    for verdict, names in VERDICTS.items():
        assert {row[0] for row in listed if row[1].split()[-1] == verdict} == names
    assert "told by http://127.0.0.1:" in page.text


def test_each_machine_has_a_card_with_what_it_carries(fleet: Visitor) -> None:
    page = fleet.get("/")
    assert page.markup.count('<li class="card">') == 3
    card = next(one for one in page.markup.split('<li class="card">') if "89138d958f104a1ab8dce0c6a9a6e204" in one)
    assert "<h3>10.77.0.11</h3>" in card
    assert "<dt>role</dt><dd>web</dd>" in card
    assert re.search(r"\d+ of \d+\nunits run", card)
    assert '<a href="/units/md1.service">md1.service</a>\n<span class="badge running">✓ running</span>' in card


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({"verdict": "failed"}, VERDICTS["failed"]),
        ({"verdict": "ended"}, VERDICTS["ended"]),
        ({"name": "ONESHOT"}, {"oneshot.service"}),
        ({"name": "no such unit"}, set()),
        ({"verdict": "failed", "name": "miss"}, {"missing.service"}),
    ],
    ids=lambda one: "-".join(sorted(one.values() if isinstance(one, dict) else one)),
)
def test_units_are_picked_by_a_form(fleet: Visitor, asked: dict[str, str], found: set[str]) -> None:
    page = fleet.get(f"/?refresh=0&{urllib.parse.urlencode(asked)}")
    assert named(fleet) == found
    for key, value in asked.items():
        assert f"selected>{value}" in page.markup if key == "verdict" else page.field(key) == value


def test_units_of_one_machine_are_picked_by_its_card(fleet: Visitor) -> None:
    everything = (fleet.get("/"), named(fleet))[1]
    fleet.get(fleet.seen.links["List these alone"])
    assert 0 < len(named(fleet)) < len(everything)


def test_a_verdict_that_is_none_is_refused_with_those_that_are(fleet: Visitor) -> None:
    page = fleet.get("/?verdict=splendid")
    assert page.status == 400
    assert "'splendid' is no verdict" in page.text
    assert "unschedulable" in page.text


def test_it_is_read_anew_by_itself_until_that_is_stopped_and_never_while_a_form_is_open(fleet: Visitor) -> None:
    page = fleet.get("/?verdict=failed")
    assert '<meta http-equiv="refresh" content="10">' in page.markup
    assert "<form" not in page.markup
    stopped = fleet.get(page.links["Stop that"])
    assert "http-equiv" not in stopped.markup
    assert "<form" in stopped.markup
    assert named(fleet) == VERDICTS["failed"]
    assert 'content="30"' in fleet.get("/?refresh=30").markup
    assert 'content="2"' in fleet.get("/?refresh=1").markup


def test_a_unit_is_told_with_its_text_its_states_and_what_to_do(fleet: Visitor) -> None:
    page = fleet.get("/units/fail.service")
    assert page.status == 200
    assert "✗ failed loaded, failed, failed on 10.77.0." in page.text
    assert "next: read what it said last (fleetkit units journal fail.service" in page.text
    assert "[Service]\nExecStart=" in page.markup
    assert [row[1:4] for row in page.rows[1:]] == [["loaded", "failed", "failed"]]
    assert "leads to no journal" in page.text
    assert "http-equiv" not in page.markup


def test_a_global_unit_has_a_row_for_each_machine(fleet: Visitor) -> None:
    page = fleet.get("/units/glob.service")
    assert "on every machine that fits" in page.text
    assert len(page.rows) == 1 + 3


def test_a_poisoned_unit_that_no_list_has_is_found_by_its_name(fleet: Visitor, world: World) -> None:
    states = world["/fleet/v1/state"]["json"]
    states["states"] = [one for one in states["states"] if one["name"] != "poisoned.service"]
    page = fleet.get("/units/poisoned.service")
    assert page.status == 200
    assert "✗ poisoned" in page.text
    assert "fleet tells no text of it" in page.text


@pytest.mark.parametrize("name", ["nobody.service", "no-type", "..%2f..%2fetc%2fpasswd", "%3Cscript%3E.service"])
def test_a_unit_that_nobody_knows_is_not_found(fleet: Visitor, name: str) -> None:
    page = fleet.get(f"/units/{name}")
    assert page.status == 404
    assert "<script" not in page.markup


def test_what_fleet_tells_is_shown_as_text_and_never_becomes_markup(fleet: Visitor, world: World) -> None:
    unit = next(one for one in world["/fleet/v1/units"]["json"]["units"] if one["name"] == "fail.service")
    unit["name"] = "x.service"
    unit["options"] = [{"section": "Unit", "name": "Description", "value": HOSTILE}]
    world["/fleet/v1/units"]["json"]["units"].append({**unit, "name": f"{HOSTILE}.service"})
    machine = world["/fleet/v1/machines"]["json"]["machines"][0]
    machine["metadata"] = {HOSTILE: '"><img src=x onerror=alert(1)>'}
    machine["primaryIP"] = HOSTILE
    for path in ("/", "/?refresh=0", "/units/x.service", f"/?refresh=0&name={urllib.parse.quote(HOSTILE)}"):
        page = fleet.get(path)
        assert page.status == 200
        assert "<script" not in page.markup
        assert "<img" not in page.markup
        assert HOSTILE in page.text or path == "/units/x.service"
    assert HOSTILE in fleet.get("/units/x.service").text


def test_what_looks_like_a_secret_is_not_shown(fleet: Visitor, world: World) -> None:
    unit = next(one for one in world["/fleet/v1/units"]["json"]["units"] if one["name"] == "fail.service")
    unit["options"].append({"section": "Service", "name": "Environment", "value": "KEY=AKIAABCDEFGHIJKLMNOP"})
    page = fleet.get("/units/fail.service")
    assert "Environment=KEY=[redacted]" in page.text
    assert "AKIA" not in page.markup


@pytest.mark.parametrize("how", ["500", "503", "closes", "no-json"])
def test_a_fleet_that_cannot_be_read_is_an_error_and_never_an_empty_list(
    fleet: Visitor, world: World, how: str
) -> None:
    assert fleet.get("/").status == 200
    world["/fleet/v1/units"] = ILL[how][0]
    page = fleet.get("/")
    assert page.status == 502
    assert "units and machines could not be read from" in page.text
    assert "no units" not in page.text


@pytest.mark.parametrize("lines", ["x", "-1", "99999", "1001"])
def test_a_number_of_lines_that_is_none_is_refused(fleet: Visitor, lines: str) -> None:
    assert fleet.get(f"/units/fail.service?lines={lines}").status == 400
