"""The browser of keys opens, searches, shows and watches; it changes keys only where asked, and records no value."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from support.kept_keys import KeptKeys, place_of
from support.ui_bench import SilentSink

from fleetkit.core import EtcdError, NotYet, Patience, wait_until
from fleetkit.etcd import Store
from fleetkit.runs import UNRECORDED, Run, Way
from fleetkit.ui import KeysCard, open_key_browser
from fleetkit.workflows import KeyTrees, Reporter, read_key_tree

SOON = Patience(deadline_s=20, interval_s=0.01)


class World:
    """Two stores, and the cards that look at them."""

    def __init__(self) -> None:
        self.v2 = KeptKeys.of({"/_coreos.com/fleet/engine/version": b"1", "/app/a": b'{"size":3}'}, store=Store.V2)
        self.v3 = KeptKeys.of({"app/a": b'{"size":3}', "app/b": b"\0\1", "top": b"hunter2"})
        self.opened = self.closed = 0
        self.facts: list[Any] = []
        self.cards: list[KeysCard] = []

    @contextlib.contextmanager
    def open_places(self) -> Iterator[dict[Store, Any]]:
        self.opened += 1
        yield {one.store: place_of(one) for one in (self.v2, self.v3)}
        self.closed += 1

    def card(self, *, changes: bool = False) -> KeysCard:
        report = Reporter(record=lambda _kind, data: self.facts.append(data))
        made = KeysCard(self.open_places, owner="demo", changes=changes, report=report)
        self.cards.append(made)
        settle(made)
        return made


@pytest.fixture
def world() -> Iterator[World]:
    made = World()
    yield made
    for card in made.cards:
        card.close()
        assert card.join(20)
    assert made.opened == made.closed


def settle(card: KeysCard) -> None:
    """Wait until the browser has done all that it was asked for."""
    assert card.rest(20)


def until(look: Callable[[], object], what: str) -> None:
    wait_until(lambda: True if look() else NotYet("not yet"), what=what, patience=SOON)


def lines(card: KeysCard) -> list[str]:
    return [label.replace("\u00a0", " ") for label, _ in card.tree.options]


def choose(card: KeysCard, label: str) -> None:
    card.tree.index = [line.strip(" ▸▾") for line in lines(card)].index(label)
    settle(card)


def test_the_tree_opens_and_closes_directory_by_directory(world: World) -> None:
    card = world.card()
    assert card.store.value is Store.V2
    assert lines(card) == ["▸ _coreos.com/", "▸ app/"]
    choose(card, "app/")
    card.open_or_close()
    settle(card)
    assert lines(card) == ["▸ _coreos.com/", "▾ app/", "    a"]
    assert (card.chosen and card.chosen.label) == "app/"
    card.open_or_close()
    settle(card)
    assert lines(card) == ["▸ _coreos.com/", "▸ app/"]
    assert world.v2.asked == [b"/", b"/app"]


def test_both_stores_keep_what_is_open_in_them(world: World) -> None:
    card = world.card()
    choose(card, "app/")
    card.open_or_close()
    card.store.value = Store.V3
    settle(card)
    assert lines(card) == ["▸ app/", "  top"]
    card.store.value = Store.V2
    settle(card)
    assert "▾ app/" in lines(card)


def test_a_key_that_is_chosen_is_read_and_shown_as_what_it_is(world: World) -> None:
    card = world.card()
    card.store.value = Store.V3
    settle(card)
    choose(card, "app/")
    card.open_or_close()
    settle(card)
    choose(card, "a")
    assert '<pre tabindex="0"' in card.value.value
    assert "{\n  &quot;size&quot;: 3\n}" in card.value.value
    assert "mod_revision 2, created at 2, json, 10 B, never expires" in card.value.value
    choose(card, "b")
    assert ">00 01</pre>" in card.value.value


def test_a_key_that_is_gone_says_so_and_the_rest_goes_on(world: World) -> None:
    card = world.card()
    card.store.value = Store.V3
    settle(card)
    world.v3.delete((world.v3.get(b"top"),))
    choose(card, "top")
    assert "top is not there any more" in card.value.value
    card.refresh()
    settle(card)
    assert lines(card) == ["▸ app/"]


def test_a_search_shows_whole_names_and_an_empty_one_the_tree_again(world: World) -> None:
    card = world.card()
    card.sought.value = "VERSION"
    settle(card)
    assert lines(card) == ["/_coreos.com/fleet/engine/version"]
    assert "1 key has “VERSION” in the name" in card.note.value
    choose(card, "/_coreos.com/fleet/engine/version")
    assert "engine/version" in card.value.value
    card.sought.value = ""
    settle(card)
    assert lines(card) == ["▸ _coreos.com/", "▸ app/"]
    assert card.note.value == ""


def test_a_long_directory_is_listed_in_parts(world: World) -> None:
    for number in range(250):
        world.v3.put(b"many/%03d" % number, b"x", expected=0)
    card = world.card()
    card.store.value = Store.V3
    settle(card)
    choose(card, "many/")
    card.open_or_close()
    settle(card)
    assert len(lines(card)) == 3 + 200 + 1
    choose(card, "… and more from many/200 on")
    card.open_or_close()
    settle(card)
    assert len(lines(card)) == 3 + 250


def test_a_watch_of_the_whole_v2_store_says_that_it_hears_nothing_of_hidden_paths(world: World) -> None:
    card = world.card()
    told = "hidden paths apart: choose one"
    assert told in card.watch.button.tooltip
    card.store.value = Store.V2
    settle(card)
    card.watch.turn()
    assert f"watching / ({told}): " in card.watch.shown.value
    card.watch.turn()
    choose(card, "_coreos.com/")
    settle(card)
    card.watch.turn()
    assert "watching /_coreos.com: " in card.watch.shown.value
    card.store.value = Store.V3
    settle(card)
    card.watch.turn()
    assert told not in card.watch.shown.value


def test_a_watch_shows_what_happens_and_no_value(world: World) -> None:
    card = world.card()
    card.store.value = Store.V3
    settle(card)
    card.watch.turn()
    assert card.watch.button.description == "End the watch"
    world.v3.put(b"new", b"hunter2", expected=0)
    until(lambda: "<td" in card.watch.shown.value and ">new<" in card.watch.shown.value, "the watch to see it")
    assert "hunter2" not in card.watch.shown.value
    card.watch.turn()
    assert card.watch.button.description == "Watch"


def test_what_fails_is_shown_and_the_browser_goes_on(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    card = world.card()

    def fail(*_given: object, **_known: object) -> None:
        raise EtcdError("no member answers", hint="look at etcd's health")

    with monkeypatch.context() as broken:
        broken.setattr(KeptKeys, "list_children", fail)
        card.refresh()
        settle(card)
        assert 'role="alert"' in card.problem.value
        assert "no member answers" in card.problem.value
    card.refresh()
    settle(card)
    assert card.problem.value == ""
    assert lines(card) == ["▸ _coreos.com/", "▸ app/"]


def test_it_is_read_only_unless_it_was_asked_for(world: World) -> None:
    card = world.card()
    assert card.changes is None
    assert "read-only" in card.head.value
    assert not any("Apply" in str(getattr(one, "description", "")) for one in card.widget.children)
    assert "may be changed" in world.card(changes=True).head.value


def look_at(card: KeysCard, store: Store, *path: str) -> Any:
    card.store.value = store
    settle(card)
    for label in path[:-1]:
        choose(card, label)
        card.open_or_close()
        settle(card)
    choose(card, path[-1])
    assert card.changes is not None
    return card.changes


def test_a_key_is_changed_by_plan_approval_and_compare_and_swap(world: World) -> None:
    card = world.card(changes=True)
    changes = look_at(card, Store.V3, "top")
    assert (changes.key.value, changes.value.value) == ("top", "hunter2")
    changes.value.value = "hunter3"
    changes.put.click()
    settle(card)
    assert "now (mod_revision 4, text, 7 B, never expires):" in changes.approving.plan.value
    changes.approving.apply.click()
    settle(card)
    assert "is not approved" in card.problem.value
    assert world.v3.get(b"top").content == b"hunter2"
    changes.approving.approval.value = "demo"
    changes.approving.apply.click()
    settle(card)
    assert world.v3.get(b"top").content == b"hunter3"
    assert "wrote top, mod_revision 5" in changes.approving.result.value
    assert "hunter3" in card.value.value
    approved, changed, verified = world.facts
    assert approved["way"] == "name"
    assert changed["written"] == [{"key": "top", "revision": 5}]
    assert (verified["what"], verified["ok"]) == ("keys", True)
    assert "hunter" not in repr(world.facts)


def test_what_somebody_else_wrote_since_it_was_looked_at_is_not_overwritten(world: World) -> None:
    card = world.card(changes=True)
    changes = look_at(card, Store.V3, "top")
    world.v3.put(b"top", b"theirs", expected=4)
    changes.value.value = "mine"
    changes.put.click()
    settle(card)
    assert "top has changed since it was at 4" in card.problem.value
    assert changes.approving.apply.disabled
    assert world.v3.get(b"top").content == b"theirs"


def test_a_new_key_is_created_and_hits_none_that_is_there(world: World) -> None:
    card = world.card(changes=True)
    changes = look_at(card, Store.V3, "top")
    changes.key.value, changes.value.value, changes.ttl.value = "app/a", "x", "60"
    changes.put.click()
    settle(card)
    assert "app/a is there already" in card.problem.value
    changes.key.value = "app/new"
    changes.put.click()
    settle(card)
    assert "expires in 60 s" in changes.approving.plan.value
    changes.approving.approval.value = "demo"
    changes.approving.apply.click()
    settle(card)
    assert world.v3.get(b"app/new").ttl_s == 60
    changes.ttl.value = "soon"
    changes.put.click()
    settle(card)
    assert "no number of seconds" in card.problem.value


def test_a_directory_is_copied_and_goes_with_all_in_it(world: World) -> None:
    card = world.card(changes=True)
    changes = look_at(card, Store.V2, "app/")
    changes.key.value = "/kept"
    changes.delete.click()
    settle(card)
    assert "is not the key that is looked at" in card.problem.value
    changes.copy.click()
    settle(card)
    changes.approving.approval.value = "demo"
    changes.approving.apply.click()
    settle(card)
    assert world.v2.get(b"/kept/a").content == b'{"size":3}'
    changes = look_at(card, Store.V2, "app/")
    changes.delete.click()
    settle(card)
    changes.approving.approval.value = "demo"
    changes.approving.apply.click()
    settle(card)
    assert b"/app/a" not in world.v2.kept
    assert "▸ app/" not in lines(card)


def test_values_are_of_a_class_that_no_record_keeps(world: World) -> None:
    card = world.card(changes=True)
    assert card.changes is not None
    for one in (card.value, card.changes.value, card.changes.approving.plan):
        assert UNRECORDED in one._dom_classes


def test_only_a_person_gets_the_browser(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, world: World) -> None:
    trees = KeyTrees(cluster="demo", v2=read_key_tree(place_of(world.v2)), v3=read_key_tree(place_of(world.v3)))
    monkeypatch.setattr("fleetkit.ui.keys.open_key_places", lambda _workspace: contextlib.nullcontext({}))
    folder = tmp_path / "runs" / "demo" / "20260401T000000Z-22-browse-etcd"
    for way in Way:
        found = open_key_browser(Run(folder=folder, way=way, sink=SilentSink()), trees, workspace=None)  # type: ignore[arg-type]
        assert (found is trees) is (way is not Way.BY_HAND)
    assert "hunter2" not in trees._repr_html_()
