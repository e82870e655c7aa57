"""The form's widgets: an error appears as one types, a save is locked meanwhile, and no kernel waits for AWS."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import ipywidgets as widgets
import pytest
from support.aws_world import World, surrounding_world
from support.cluster_files import write_cluster
from support.http_answers import Reply

from fleetkit.ui.form import FormCard
from fleetkit.workflows import open_description


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    with surrounding_world(tmp_path, monkeypatch) as found:
        yield found


def open_card(world: World, name: str = "demo", **options) -> FormCard:
    card = FormCard(
        open_description(name, folder=world.folder, environ=world.environ), settings=world.settings, **options
    )
    assert card.work.join(60)
    return card


def every(widget: widgets.Widget) -> Iterator[widgets.Widget]:
    yield widget
    for child in getattr(widget, "children", ()):
        yield from every(child)


def field(card: FormCard, label: str, nth: int = 0) -> widgets.Widget:
    return [one for one in every(card.widget) if getattr(one, "description", "") == label][nth]


def shown(card: FormCard) -> str:
    return "\n".join(str(one.value) for one in every(card.widget) if isinstance(one, widgets.HTML))


def test_an_error_appears_under_its_field_in_words_and_locks_the_save(world: World) -> None:
    write_cluster(world.folder)
    card = open_card(world)
    assert "not legal" not in shown(card)
    field(card, "operator_cidr").value = "0.0.0.0/0"
    assert "✗ not legal" in shown(card)
    assert "which is the whole internet; legal: an IPv4 network of /16 or narrower" in shown(card)
    assert "1 not legal" in shown(card)
    assert field(card, "Save the file").disabled
    field(card, "operator_cidr").value = "198.51.100.8/32"
    assert "not legal" not in shown(card)
    assert not field(card, "Save the file").disabled


def test_what_would_be_written_is_shown_and_the_save_writes_it(world: World) -> None:
    file = write_cluster(world.folder)
    before = file.read_text(encoding="utf-8")
    told: list[str] = []
    card = open_card(world, saved=lambda: told.append("saved"))
    field(card, "key_name").value = "ops&co"
    assert "+key_name = &quot;ops&amp;co&quot;" in shown(card)
    field(card, "Save the file").click()
    assert file.read_text(encoding="utf-8") == before.replace('key_name = "fleetkit"', 'key_name = "ops&co"')
    assert told == ["saved"]
    assert "✓ saved" in shown(card)
    assert field(card, "Save the file").disabled


def test_what_aws_has_is_offered_and_the_own_address_is_filled_in(world: World) -> None:
    write_cluster(world.folder, operator_cidr="203.0.113.9/32")
    card = open_card(world)
    assert field(card, "key_name").options == ("fleetkit",)
    field(card, "zones").value = "us-west-2a"
    choose = next(
        one for one in every(card.widget) if isinstance(one, widgets.Dropdown) and "us-west-2b" in one.options
    )
    choose.value = "us-west-2b"
    assert field(card, "zones").value == "us-west-2a, us-west-2b"
    field(card, "Use my address").click()
    assert field(card, "operator_cidr").value == "198.51.100.7/32"


def test_where_nothing_can_be_read_the_field_takes_free_text_and_says_why(world: World) -> None:
    write_cluster(world.folder)
    world.replies["/address"] = Reply(status=503)
    card = open_card(world)
    assert "what AWS has is unknown: cannot learn this computer&#x27;s public address" in shown(card)
    assert field(card, "Use my address").disabled
    field(card, "operator_cidr").value = "198.51.100.8/32"
    assert not field(card, "Save the file").disabled


def test_masters_come_and_go_by_buttons(world: World) -> None:
    write_cluster(world.folder)
    card = open_card(world)
    field(card, "Add a master").click()
    assert "saw 4 (etcd1, etcd2, etcd3, etcd4)" in shown(card)
    field(card, "Remove etcd4").click()
    assert "not legal" not in shown(card)
    assert card.form.masters == ("etcd1", "etcd2", "etcd3")
    assert field(card, "Save the file").disabled, "nothing is left to save"


def test_a_section_that_is_hidden_still_says_how_much_in_it_is_not_legal(world: World) -> None:
    write_cluster(world.folder)
    card = open_card(world)
    hidden = field(card, "▸ show etcd")
    field(card, "election_ms").value = "200"
    assert "1 not legal" in shown(card)
    hidden.click()
    assert hidden.description == "▾ hide etcd"


def test_a_new_cluster_begins_with_a_draft_that_can_be_saved_at_once(world: World) -> None:
    card = open_card(world, "fresh")
    assert "new file" in shown(card)
    assert not card.form.file.exists()
    field(card, "Save the file").click()
    assert card.form.file.exists()


def test_a_save_that_somebody_else_was_quicker_than_says_so(world: World) -> None:
    file = write_cluster(world.folder)
    card = open_card(world)
    field(card, "key_name").value = "ops"
    file.write_text(file.read_text(encoding="utf-8") + "# theirs\n", encoding="utf-8")
    field(card, "Save the file").click()
    assert "somebody has changed it since the form read it" in shown(card)
