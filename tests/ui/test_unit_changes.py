"""The browser of units changes them only where asked: by a plan that was shown, an approval, and a look at the end."""

from __future__ import annotations

from typing import Any

import pytest
from support.unit_bench import SLEEP, UnitBench, choose_unit, list_names, settle

from fleetkit.runs import EventKind
from fleetkit.ui import UnitsCard


def test_it_is_read_only_unless_it_was_asked_for(bench: UnitBench) -> None:
    card = bench.card()
    assert card.changes is None
    assert "may be changed" in bench.card(changes=True).head.value


def changing(bench: UnitBench, *looked_at: str) -> tuple[UnitsCard, Any]:
    card = bench.card(changes=True)
    for name in looked_at:
        choose_unit(card, name)
    assert card.changes is not None
    return card, card.changes


def press(card: UnitsCard, button: Any) -> None:
    button.click()
    settle(card)


def test_a_unit_is_destroyed_by_plan_approval_and_verification(bench: UnitBench) -> None:
    bench.put("web.service")
    card, changes = changing(bench, "web.service")
    press(card, changes.actions["destroy"])
    assert "web.service: stopped, and forgotten" in changes.approving.plan.value
    assert bench.fleet.told == []
    press(card, changes.approving.apply)
    assert "is not approved" in card.problem.value
    assert bench.fleet.told == []
    changes.approving.approval.value = "demo"
    press(card, changes.approving.apply)
    assert bench.fleet.told == [("DELETE", "web.service")]
    assert card.problem.value == ""
    assert 'role="status"' in changes.approving.result.value
    assert "neither fleet nor a machine knows it any more" in card.unit.value
    kinds = [kind for kind, _ in bench.facts]
    assert [one for one in kinds if one is not EventKind.FACT][-3:] == [
        EventKind.APPROVAL, EventKind.CHANGE, EventKind.VERIFIED,
    ]  # fmt: skip


@pytest.mark.parametrize(("action", "said"), [("stop", "its machine keeps it"), ("unload", "taken from its machine")])
def test_a_unit_is_stopped_and_started_again(bench: UnitBench, action: str, said: str) -> None:
    bench.put("web.service")
    card, changes = changing(bench, "web.service")
    for one, desired in ((action, "loaded" if action == "stop" else "inactive"), ("start", "launched")):
        press(card, changes.actions[one])
        assert one == "start" or said in changes.approving.plan.value
        changes.approving.approval.value = "demo"
        press(card, changes.approving.apply)
        assert card.problem.value == ""
        assert bench.fleet.units["web.service"]["desiredState"] == desired


def test_a_plan_does_not_outlive_that_another_unit_is_looked_at_nor_that_the_unit_moves(bench: UnitBench) -> None:
    bench.put("a.service")
    bench.put("b.service")
    card, changes = changing(bench, "a.service")
    press(card, changes.actions["stop"])
    choose_unit(card, "b.service")
    assert changes.approving.plan.value == ""
    assert changes.approving.apply.disabled
    press(card, changes.actions["stop"])
    bench.put("b.service", desired="inactive")
    changes.approving.approval.value = "demo"
    press(card, changes.approving.apply)
    assert "are others than the plan was made for" in card.problem.value
    assert changes.approving.apply.disabled
    assert bench.fleet.told == []


def test_a_poisoned_unit_is_not_changed_and_it_is_said_what_frees_it(bench: UnitBench) -> None:
    bench.put("web.service")
    bench.fleet.spoiled.add("web.service")
    card, changes = changing(bench, "web.service")
    press(card, changes.actions["start"])
    assert "web.service" in card.problem.value
    assert "fleetkit units status web.service says how it is freed" in card.problem.value
    assert changes.approving.plan.value == ""


def test_with_no_unit_looked_at_there_is_nothing_to_change(bench: UnitBench) -> None:
    card, changes = changing(bench)
    press(card, changes.actions["stop"])
    assert "no unit is looked at" in card.problem.value
    press(card, changes.take_unit)
    assert "fleet tells no text" in card.problem.value


def test_a_new_unit_is_sent_from_its_text(bench: UnitBench) -> None:
    card, changes = changing(bench)
    assert changes.text.value.startswith("[Unit]")
    changes.name.value, changes.text.value = "new.service", f"{SLEEP}[Install]\nWantedBy=x.target\n"
    press(card, changes.send)
    assert "new.service: sent to fleet" in changes.approving.plan.value
    assert "careful: new.service:4: it has an [Install]" in changes.approving.plan.value
    changes.approving.approval.value = "demo"
    press(card, changes.approving.apply)
    assert card.problem.value == ""
    assert bench.fleet.units["new.service"]["desiredState"] == "launched"
    assert list_names(card) == ["new.service"]


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("../x.service", SLEEP, "is in its name"),
        ("new", SLEEP, "its name has no type"),
        ("new.service", "", "it has no options"),
        ("new.service", "nothing\0", "byte 7 is zero"),
        ("new.service", "x" * 300_000, "more than 262144 bytes"),
    ],
    ids=["path", "no type", "empty", "zero", "huge"],
)
def test_what_fleet_would_refuse_is_refused_here(bench: UnitBench, name: str, text: str, said: str) -> None:
    card, changes = changing(bench)
    changes.name.value, changes.text.value = name, text
    press(card, changes.send)
    assert said in card.problem.value
    assert changes.approving.plan.value == ""
    assert bench.fleet.told == []


def test_a_text_is_taken_from_a_file_and_from_the_unit_that_is_looked_at(bench: UnitBench) -> None:
    bench.put("web.service", desired="loaded")
    (bench.folder / "mine.service").write_text("# mine\n[Service]\nExecStart=/bin/true\n")
    card, changes = changing(bench, "web.service")
    changes.file.value = "mine.service"
    press(card, changes.take_file)
    assert (changes.name.value, changes.text.value) == ("mine.service", "# mine\n[Service]\nExecStart=/bin/true\n")
    press(card, changes.take_unit)
    assert changes.name.value == "web.service"
    assert "ExecStart=/bin/sleep 9" in changes.text.value
    assert changes.desired.value == "loaded"


@pytest.mark.parametrize(
    ("name", "said"),
    [("nothing.service", "is no file"), ("", "is no file"), ("latin.service", "is no UTF-8"), ("/dev/zero", "no file")],
)
def test_a_file_that_cannot_be_taken_is_told_and_the_text_stays(bench: UnitBench, name: str, said: str) -> None:
    (bench.folder / "latin.service").write_bytes(b"[Service]\nExecStart=/bin/echo \xe9\n")
    card, changes = changing(bench)
    changes.text.value, changes.file.value = "kept", name
    press(card, changes.take_file)
    assert said in card.problem.value
    assert changes.text.value == "kept"
