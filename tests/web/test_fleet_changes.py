"""Units are changed from the page only as it was shown and approved; what came of it is told."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from support.fleet_served import serve_fleet
from support.fleet_worlds import World
from support.web_pages import Visitor

from fleetkit.fleet import parse_fleet_endpoint
from fleetkit.web import ChangeDesk, PageSettings, make_fleet_app
from fleetkit.workflows import FleetReader

TEXT = "[Unit]\nDescription=new\n\n[Service]\nExecStart=/bin/sleep 9\n"


@pytest.fixture
def visitor(world: World, desk: ChangeDesk, token: str) -> Iterator[Visitor]:
    with serve_fleet(world) as url, FleetReader(parse_fleet_endpoint(url)) as reader:
        made = Visitor(make_fleet_app(reader, PageSettings(owner="demo", port=3000, desk=desk)))
        made.sign_in(token)
        yield made


@pytest.mark.parametrize(
    ("unit", "button", "said"),
    [
        ("fail.service", "Start", "fail.service: stopped and started anew: it was launched, and is over"),
        ("md1.service", "Stop", "md1.service: stopped; its machine keeps it"),
        ("md1.service", "Unload", "md1.service: stopped, and taken from its machine"),
        ("md1.service", "Destroy", "md1.service: stopped, and forgotten"),
        ("md1.service", "Start", "Nothing to do"),
    ],
)
def test_each_change_of_a_unit_shows_its_plan_first(visitor: Visitor, unit: str, button: str, said: str) -> None:
    visitor.get(f"/units/{unit}")
    page = visitor.press(button)
    assert page.status == 200
    assert said in page.text
    assert ("Apply" in page.main) is ("Nothing to do" not in said)


def test_a_change_that_comes_to_nothing_is_never_called_done(visitor: Visitor, told: list[str]) -> None:
    visitor.get("/units/md1.service")
    page = visitor.press("Stop")
    wanted = page.text.partition("type the cluster's name, ")[2].split(" ")[0].rstrip(".")
    assert visitor.press("Apply", approval="another").status == 403
    page = visitor.press("Apply", approval=wanted)
    # The fleet of this test takes no change.
    assert "Not all is as it was wanted 0 units of" in page.text
    assert "! md1.service is fleet answered PUT" in page.text
    assert any("1 to stop" in line and "approved by its name" in line for line in told)
    assert any(line.startswith("! md1.service is") for line in told)


def test_a_plan_is_for_what_it_was_made_for(visitor: Visitor, world: World) -> None:
    visitor.get("/units/md1.service")
    page = visitor.press("Stop")
    wanted = page.text.partition("type the cluster's name, ")[2].split(" ")[0].rstrip(".")
    unit = next(one for one in world["/fleet/v1/units"]["json"]["units"] if one["name"] == "md1.service")
    unit["desiredState"] = "loaded"
    page = visitor.press("Apply", approval=wanted)
    assert page.status == 409
    assert "are others than the plan was made for seen: md1.service" in page.text


@pytest.mark.parametrize(
    ("path", "fields", "status"),
    [
        ("/units/md1.service", {"action": "explode"}, 400),
        ("/units/md1.service", {"action": "create"}, 400),
        ("/units/md1.service", {}, 400),
        ("/units/nobody.service", {"action": "start"}, 404),
        ("/new-unit", {"name": "a.service", "text": TEXT, "desired": "flying"}, 400),
    ],
    ids=str,
)
def test_what_no_form_of_ours_asks_for_is_refused(
    visitor: Visitor, path: str, fields: dict[str, str], status: int
) -> None:
    assert visitor.post(path, **fields).status == status


def test_a_new_unit_is_planned_from_its_text(visitor: Visitor) -> None:
    visitor.get(visitor.get("/").links["A unit from text"])
    assert visitor.seen.field("text").startswith("[Unit]")
    page = visitor.press("Show the plan", name="new.service", text=TEXT.replace("\n", "\r\n"))
    assert "new.service: sent to fleet" in page.text
    assert "Apply" in page.main


def test_what_a_file_does_otherwise_than_it_looks_stands_beside_its_plan(visitor: Visitor) -> None:
    visitor.get("/new-unit")
    text = f"{TEXT}[Install]\nWantedBy=x.target\n"
    assert (
        "careful: new.service:7: it has an [Install]"
        in visitor.press("Show the plan", name="new.service", text=text).text
    )


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("../../etc/cron.d/x.service", TEXT, "'/' is in its name"),
        ("<script>.service", TEXT, "'<' is in its name"),
        ("new", TEXT, "its name has no type"),
        ("new.service", "[X-Fleet]\nGlobal=true\nMachineOf=a.service\n", "MachineOf cannot go with Global"),
        ("new.service", "nothing\0", "byte 7 is zero"),
        ("new.service", "", "it has no options"),
        ("new.service", "x" * 300_000, "more than 262144 bytes"),
    ],
    ids=["path", "markup", "no type", "pair", "zero", "empty", "huge"],
)
def test_what_fleet_would_refuse_is_told_and_what_was_written_is_kept(
    visitor: Visitor, name: str, text: str, said: str
) -> None:
    visitor.get("/new-unit")
    page = visitor.press("Show the plan", name=name, text=text, desired="loaded")
    assert page.status == 400
    assert said in page.text
    assert "<script" not in page.markup
    assert page.field("name") == name
    assert page.field("desired") == "loaded"
    if "\0" not in text:
        assert page.field("text").replace("\r\n", "\n") == text


def test_another_text_begins_with_the_one_that_fleet_has(visitor: Visitor, world: World) -> None:
    visitor.get(visitor.get("/units/md1.service").links["Another text"])
    assert "ExecStart=" in visitor.seen.field("text")
    page = visitor.press("Show the plan", text=TEXT)
    assert "md1.service: sent in place of what fleet has" in page.text
    unit = next(one for one in world["/fleet/v1/units"]["json"]["units"] if one["name"] == "md1.service")
    unit["options"].append({"section": "Service", "name": "Environment", "value": "KEY=AKIAABCDEFGHIJKLMNOP"})
    page = visitor.get("/new-unit?name=md1.service")
    assert "which is not shown" in page.text
    assert page.field("text") == ""
    assert "AKIA" not in page.markup


def test_a_page_that_is_read_anew_offers_no_change(visitor: Visitor) -> None:
    assert "Destroy" in visitor.get("/units/md1.service").markup
    assert "Destroy" not in visitor.get("/units/md1.service?refresh=10").markup


def test_whoever_is_not_signed_in_is_offered_no_change(fleet: Visitor) -> None:
    assert '<form method="post"' not in fleet.get("/units/md1.service").markup
    assert "A unit from text" not in fleet.get("/").links
