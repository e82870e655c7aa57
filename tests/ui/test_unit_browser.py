"""The browser of units filters, shows, follows and hears, tells what goes wrong, and puts no text into the record."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from support.fleet_served import serve_fleet
from support.fleet_ways import put_way
from support.fleet_worlds import VERDICTS, World, every_verdict, ok
from support.ui_bench import SilentSink
from support.unit_bench import SLEEP, UnitBench, choose_unit, list_names, settle

from fleetkit.core import NotYet, Patience, SshError, wait_until
from fleetkit.fleet import parse_fleet_endpoint
from fleetkit.runs import UNRECORDED, Run, Way
from fleetkit.ui import UnitsCard, open_unit_browser
from fleetkit.workflows import FleetReader

SOON = Patience(deadline_s=20, interval_s=0.01)
HOSTILE = "<img src=x onerror=alert(1)>"


@pytest.fixture
def world() -> World:
    return every_verdict()


@pytest.fixture
def recorded_card(tmp_path: Path, world: World) -> Iterator[UnitsCard]:
    """Return a browser of the recorded fleet, by its endpoint."""
    with serve_fleet(world) as url:
        endpoint = parse_fleet_endpoint(url)
        card = UnitsCard(lambda: FleetReader(endpoint), owner="demo", folder=tmp_path)
        settle(card)
        yield card
        card.close()
        assert card.join(20)


def until(look: Any, what: str) -> None:
    wait_until(lambda: True if look() else NotYet("not yet"), what=what, patience=SOON)


def test_machines_are_cards_with_their_units_and_the_worse_units_stand_first(recorded_card: UnitsCard) -> None:
    cards = recorded_card.units.machines.value
    assert cards.count("<li style=") == 3
    assert "10.77.0.11" in cards
    assert "role=web" in cards
    assert "units run</div>" in cards
    (carrying,) = (one for one in cards.split("<li style=") if "fail.service" in one)
    assert carrying.index("fail.service") < carrying.index("glob.service")
    assert "failed, failed</span>" in cards
    assert set(list_names(recorded_card)[:2]) == VERDICTS["failed"]
    assert "told by" in recorded_card.head.value
    assert "read-only" in recorded_card.head.value


def test_units_are_filtered_by_name_verdict_and_machine(recorded_card: UnitsCard) -> None:
    card, everything = recorded_card, list_names(recorded_card)
    card.units.sought.value = "FAIL"
    settle(card)
    assert list_names(card) == ["fail.service"]
    assert "1 unit: 1 failed with “FAIL” in the name" in card.units.note.value
    assert "mdnone" not in card.units.table.value
    card.units.sought.value = ""
    card.units.verdict.value = "unschedulable"
    settle(card)
    assert set(list_names(card)) == VERDICTS["unschedulable"]
    assert "has no role=none" in card.units.table.value
    card.units.verdict.value = ""
    card.units.machine.value = card.units.machine.options[1][1]
    settle(card)
    assert 0 < len(list_names(card)) < len(everything)
    card.units.machine.value = ""
    settle(card)
    assert list_names(card) == everything


def test_a_unit_is_shown_with_its_states_its_text_and_what_to_do(recorded_card: UnitsCard) -> None:
    choose_unit(recorded_card, "fail.service")
    assert "<strong>next:</strong> read what it said last" in recorded_card.unit.value
    assert "asked for: launched" in recorded_card.unit.value
    assert "ExecStart=" in recorded_card.text.value
    recorded_card.read_journal()
    settle(recorded_card)
    assert "leads to no journal" in recorded_card.journal.value


def test_buttons_lead_through_the_list_where_arrows_are_the_notebooks_own(recorded_card: UnitsCard) -> None:
    first, second, *_, last = list_names(recorded_card)
    looked_at = []
    for button in ("previous", "next", "previous", "previous"):
        if button == "previous" and len(looked_at) == 2:
            recorded_card.units.list.value = second
            settle(recorded_card)
        getattr(recorded_card.units, button).click()
        settle(recorded_card)
        looked_at.append(recorded_card.looked_at)
    assert looked_at == [last, last, first, first]


def test_a_poisoned_unit_is_shown_with_how_it_is_freed(recorded_card: UnitsCard) -> None:
    choose_unit(recorded_card, "poisoned.service")
    assert "✗ poisoned" in recorded_card.unit.value
    assert "fleetkit units free poisoned.service" in recorded_card.unit.value
    assert "fleet tells no text of it" in recorded_card.text.value
    assert recorded_card.problem.value == ""


def test_what_comes_from_units_and_machines_is_escaped(recorded_card: UnitsCard, world: World) -> None:
    unit = next(one for one in world["/fleet/v1/units"]["json"]["units"] if one["name"] == "md1.service")
    unit["options"].append({"section": "Unit", "name": "Description", "value": HOSTILE})
    state = next(one for one in world["/fleet/v1/state"]["json"]["states"] if one["name"] == "md1.service")
    world["/fleet/v1/state"]["json"]["states"].append({**state, "name": f"{HOSTILE}.service"})
    for one in world["/fleet/v1/machines"]["json"]["machines"]:
        one["metadata"][HOSTILE] = HOSTILE
    recorded_card.do(recorded_card.read_again)
    settle(recorded_card)
    choose_unit(recorded_card, "md1.service")
    shown = [one.value for one in (recorded_card.units.machines, recorded_card.units.table, recorded_card.text)]
    assert all("&lt;img src=x" in one for one in shown)
    choose_unit(recorded_card, f"{HOSTILE}.service")
    assert "&lt;img src=x" in recorded_card.unit.value
    assert not any("<img" in one for one in (*shown, recorded_card.unit.value))


def test_a_unit_that_vanishes_while_it_is_shown_is_said_to_be_gone(bench: UnitBench) -> None:
    bench.put("web.service")
    bench.said["web.service"] = ("it began",)
    card = bench.card()
    choose_unit(card, "web.service")
    assert "it began" in card.journal.value
    del bench.fleet.units["web.service"]
    card.again.click()
    settle(card)
    assert "web.service: neither fleet nor a machine knows it any more" in card.unit.value
    assert (card.text.value, card.journal.value, card.problem.value) == ("", "", "")
    assert list_names(card) == []


def test_a_cluster_that_cannot_be_reached_is_told_and_what_was_read_stays(bench: UnitBench) -> None:
    bench.put("web.service")
    card = bench.card()
    bench.fleet.cut_after = 0
    card.again.click()
    settle(card)
    assert "the units of demo could not be read from any of its masters" in card.problem.value
    assert "trouble" in card.head.value
    assert list_names(card) == ["web.service"]
    bench.fleet.cut_after = None
    card.again.click()
    settle(card)
    assert card.problem.value == ""
    assert "read-only" in card.head.value


def test_one_that_was_never_reached_is_told_too(bench: UnitBench, monkeypatch: pytest.MonkeyPatch) -> None:
    masters = len(bench.workspace.cluster.masters)
    put_way(monkeypatch, bench.workspace, [SshError("nobody is let in")] * masters)
    card = bench.card()
    assert "nobody is let in" in card.problem.value
    assert list_names(card) == []


def test_it_follows_units_and_the_journal_that_is_shown(bench: UnitBench) -> None:
    bench.put("web.service")
    card = bench.card(follow_s=0.02)
    choose_unit(card, "web.service")
    card.follow.click()
    assert card.follow.description == "Stop following"
    bench.said["web.service"] = ("it goes on",)
    bench.fleet.failing.add("web")
    until(lambda: "it goes on" in card.journal.value and "✗ failed" in card.unit.value, "the browser to see it")
    card.follow.click()
    settle(card)
    seen = len(bench.asked)
    assert card.follow.description == "Follow"
    card.do(lambda: None)
    settle(card)
    assert len(bench.asked) == seen


def test_a_reading_that_fails_while_it_follows_is_told_until_the_next_one(bench: UnitBench) -> None:
    card = bench.card(follow_s=0.02)
    card.follow.click()
    bench.fleet.cut_after = 0
    until(lambda: "could not be read" in card.problem.value, "the trouble to be told")
    bench.fleet.cut_after = None
    until(lambda: not card.problem.value, "the trouble to be over")


def test_the_journal_of_one_machine_is_read_at_once_and_that_of_several_when_asked(
    bench: UnitBench,
) -> None:
    bench.fleet.machines["b" * 32] = "10.0.0.2"
    bench.put("one.service")
    bench.put("all.service", f"{SLEEP}[X-Fleet]\nGlobal=true\n")
    card = bench.card()
    choose_unit(card, "one.service")
    assert bench.asked == [("one.service", 20)]
    other = bench.fleet._states
    bench.fleet._states = lambda: [  # type: ignore[method-assign] # a global unit has a row for each machine
        row | {"machineID": machine}
        for row in other()
        for machine in (bench.fleet.machines if row["name"] == "all.service" else (row["machineID"],))
    ]
    choose_unit(card, "all.service")
    assert len(bench.asked) == 1
    card.lines.value = 7
    card.hear.click()
    settle(card)
    assert bench.asked[1:] == [("all.service", 7)]


def test_texts_and_journals_are_of_a_class_that_no_record_keeps(bench: UnitBench) -> None:
    card = bench.card(changes=True)
    assert card.changes is not None
    for one in (card.text, card.journal, card.changes.text, card.changes.approving.plan):
        assert UNRECORDED in one._dom_classes


def test_only_a_person_gets_the_browser(bench: UnitBench) -> None:
    folder = bench.folder / "runs" / "demo" / "20260401T000000Z-21-browse-units"
    seen: Any = SimpleNamespace(cluster="demo", cards=object())
    for way in Way:
        run = Run(folder=folder, way=way, sink=SilentSink())
        found = open_unit_browser(run, seen, workspace=bench.workspace)
        assert (found is seen.cards) is (way is not Way.BY_HAND)


def test_a_fleet_without_machines_and_units_says_so(tmp_path: Path) -> None:
    world: World = {
        "/fleet/v1/state": ok(), "/fleet/v1/units": ok(), "/fleet/v1/machines": ok(machines=[]),
    }  # fmt: skip
    with serve_fleet(world) as url:
        endpoint = parse_fleet_endpoint(url)
        card = UnitsCard(lambda: FleetReader(endpoint), owner="demo", folder=tmp_path)
        settle(card)
        card.close()
        assert card.join(20)
    assert "no machine has joined fleet" in card.units.machines.value
    assert "no units" in card.units.note.value
