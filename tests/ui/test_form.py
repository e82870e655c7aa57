"""The form's widgets: an error appears as one types, a save is locked meanwhile, and no kernel waits for AWS."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from pathlib import Path

import ipywidgets as widgets
import pytest
from ipywidgets.widgets.widget import _instances
from support.aws_world import World, surrounding_world
from support.cluster_files import write_cluster
from support.http_answers import Reply, Request, serve_answers
from support.ui_bench import guided_in

from fleetkit.config import Settings
from fleetkit.core import NotYet, Patience, wait_until
from fleetkit.runs import Way
from fleetkit.ui import DeployGuide
from fleetkit.ui.form import FormCard
from fleetkit.views import ClusterForm, StepState
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


@contextlib.contextmanager
def held_address(world: World) -> Iterator[tuple[Settings, threading.Event, threading.Event]]:
    """Give settings whose address service waits; an event tells that it was asked, another lets it answer."""
    asked, answer = threading.Event(), threading.Event()

    def wait(_request: Request) -> Reply:
        asked.set()
        assert answer.wait(60)
        return Reply(body=b"198.51.100.7")

    with serve_answers(wait) as url:
        yield Settings.from_environment({**world.environ, "FLEETKIT_ADDRESS_URL": url}), asked, answer


def every(widget: widgets.Widget) -> Iterator[widgets.Widget]:
    yield widget
    for child in getattr(widget, "children", ()):
        yield from every(child)


def field(card: FormCard, label: str, nth: int = 0) -> widgets.Widget:
    return field_in(card.widget, label, nth)


def field_in(widget: widgets.Widget, label: str, nth: int = 0) -> widgets.Widget:
    return [one for one in every(widget) if getattr(one, "description", "") == label][nth]


def shown(card: FormCard) -> str:
    return shown_in(card.widget)


def shown_in(widget: widgets.Widget) -> str:
    return "\n".join(str(one.value) for one in every(widget) if isinstance(one, widgets.HTML))


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


def test_what_was_saved_stays_told_when_aws_answers_later_and_until_something_is_typed(world: World) -> None:
    write_cluster(world.folder)
    card = open_card(world)
    field(card, "key_name").value = "ops"
    field(card, "Save the file").click()
    field(card, "Ask AWS again").click()
    assert card.work.join(60)
    assert "✓ saved" in shown(card)
    field(card, "key_name").value = "others"
    assert "✓ saved" not in shown(card)
    assert "not saved yet" in shown(card)


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


def test_a_form_is_told_to_the_page_in_few_messages(world: World) -> None:
    """A kernel drops what exceeds a thousand while the server is slow; a widget without its parts is not shown."""
    write_cluster(world.folder)
    widgets.Widget.close_all()
    open_card(world)
    assert 100 < len(_instances) < 600


def test_where_nothing_can_be_read_the_field_takes_free_text_and_says_why(world: World) -> None:
    write_cluster(world.folder)
    world.replies["/address"] = Reply(status=503)
    card = open_card(world)
    assert "? not found out: cannot learn this computer&#x27;s public address" in shown(card)
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
    assert field(card, "▾ hide cluster")
    assert field(card, "▸ show masters"), "a file that is there is not in the way of what comes next"
    hidden = field(card, "▸ show etcd")
    field(card, "election_ms").value = "200"
    assert "1 not legal" in shown(card)
    hidden.click()
    assert hidden.description == "▾ hide etcd"


def test_a_new_cluster_begins_with_a_draft_that_can_be_saved_at_once(world: World) -> None:
    card = open_card(world, "fresh")
    assert "new file" in shown(card)
    assert not card.form.file.exists()
    assert field(card, "▾ hide masters"), "what a new cluster is made of is in sight"
    field(card, "Save the file").click()
    assert card.form.file.exists()


def test_while_aws_is_asked_the_form_is_there_takes_what_is_typed_and_keeps_it(world: World) -> None:
    form = open_description("fresh", folder=world.folder, environ=world.environ)
    with held_address(world) as (settings, asked, answer):
        card = FormCard(form, settings=settings)
        assert asked.wait(60)
        assert card.work.is_running
        assert "asking AWS" in shown(card)
        assert "not legal" not in shown(card), "what is still asked for is nobody's mistake"
        assert "to be filled in" in shown(card)
        assert field(card, "Save the file").disabled
        field(card, "key_name").value = "mine"
        field(card, "operator_cidr").value = "0.0.0.0/0"
        assert "which is the whole internet" in shown(card)
        field(card, "operator_cidr").value = "198.51.100.8/32"
        answer.set()
        assert card.work.join(60)
    assert "asking AWS" not in shown(card)
    assert (field(card, "key_name").value, field(card, "operator_cidr").value) == ("mine", "198.51.100.8/32")
    assert field(card, "zones").value == "us-west-2a, us-west-2b, us-west-2c"
    assert field(card, "Remove etcd3")
    assert not field(card, "Save the file").disabled


def test_where_aws_does_not_answer_one_reason_is_told_once_and_the_fields_take_free_text(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    card = open_card(world, "fresh")
    reason = "Could not connect to the endpoint URL: &quot;http://127.0.0.1:9/&quot;; nothing answers there"
    # In the file that would be written each gap has its reason beside it, as init writes it.
    told = shown(card).replace(card._difference.value, "")
    assert told.count(reason) == 1
    assert told.count("? not found out: the reason stands at the top") >= 4
    (line,) = [text for text in told.splitlines() if reason in text]
    for path in ("region", "zones", "key_name", "network.vpc_id"):
        assert path in line
    assert "✗ not legal" in shown(card), "what was not found out is to be typed now"
    field(card, "region").value = "us-west-2"
    assert card.form.fields()["region"].value == "us-west-2"
    assert card.work.join(60)


def test_a_place_that_is_typed_while_another_is_asked_about_is_asked_about_too(world: World) -> None:
    write_cluster(world.folder)
    form = open_description("demo", folder=world.folder, environ=world.environ)
    with held_address(world) as (settings, asked, answer):
        card = FormCard(form, settings=settings)
        assert asked.wait(60)
        field(card, "region").value = "eu-west-1"
        answer.set()
        assert card.work.join(60)
    assert any("eu-west-1a" in getattr(one, "options", ()) for one in every(card.widget))


def test_a_save_that_somebody_else_was_quicker_than_says_so(world: World) -> None:
    file = write_cluster(world.folder)
    card = open_card(world)
    field(card, "key_name").value = "ops"
    file.write_text(file.read_text(encoding="utf-8") + "# theirs\n", encoding="utf-8")
    field(card, "Save the file").click()
    assert "somebody has changed it since the form read it" in shown(card)


@pytest.fixture
def settled(world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    """Return the world, with its settings in the environment, where a notebook finds them."""
    for name, value in world.environ.items():
        monkeypatch.setenv(name, value)
    return world


def test_in_the_guide_a_saved_file_takes_back_what_has_passed(settled: World) -> None:
    file = write_cluster(settled.folder)
    guided = guided_in(settled.folder)
    guided.open()
    guided.steps.begin("preflight")
    guided.steps.end("preflight", StepState.PASSED)
    form = DeployGuide(guided).form()
    field_in(form, "key_name").value = "ops"
    assert guided.steps["preflight"].state is StepState.PASSED
    field_in(form, "Save the file").click()
    assert 'key_name = "ops"' in file.read_text(encoding="utf-8")
    assert guided.steps["preflight"].state is StepState.READY
    assert "The cluster file has changed" in guided.steps.next_words


def test_in_the_guide_a_cluster_without_a_file_is_written_by_the_form_and_then_opened(settled: World) -> None:
    guided = guided_in(settled.folder)
    form = DeployGuide(guided).form()
    assert "new file" in shown_in(form)
    save = field_in(form, "Save the file")
    wait_until(
        lambda: NotYet("it is locked") if save.disabled else True,
        what="the draft",
        patience=Patience(deadline_s=60, interval_s=0.02),
    )
    save.click()
    assert guided.workspace.cluster.name == "demo"


def test_in_the_guide_what_keeps_the_form_from_opening_is_shown_in_its_place(settled: World) -> None:
    write_cluster(settled.folder).write_text("name = [", encoding="utf-8")
    assert "at line 1, column 9" in shown_in(DeployGuide(guided_in(settled.folder)).form())


def test_without_a_person_the_guide_shows_the_cluster_file_as_a_table(settled: World) -> None:
    write_cluster(settled.folder, key_name="ops")
    form = DeployGuide(guided_in(settled.folder, way=Way.UNATTENDED)).form()
    assert isinstance(form, ClusterForm)
    assert ">ops</td>" in form._repr_html_()
