"""Every control has a name for who cannot see it, and every state a word and a sign beside its colour."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import ipywidgets as widgets
import pytest
from support.cluster_files import cluster_data, write_cluster
from support.fleet_served import serve_fleet
from support.fleet_worlds import EMPTY
from support.kept_keys import KeptKeys, place_of
from support.layouts import lay_out
from support.ui_bench import guided_in

from fleetkit.config import Settings, render_cluster_file
from fleetkit.etcd import Store
from fleetkit.fleet import parse_fleet_endpoint
from fleetkit.ui import BoardCard, KeysCard, UnitsCard, WhatIfCard
from fleetkit.ui._apply import ApplyCard
from fleetkit.ui._approve import ApproveCard
from fleetkit.ui._outcome import OutcomeCard
from fleetkit.ui._parts import badge_html
from fleetkit.ui._plan import PlanCard
from fleetkit.ui._preflight import PreflightCard
from fleetkit.ui._step import TONES
from fleetkit.ui.form import FormCard
from fleetkit.views import ClusterForm, StepState
from fleetkit.workflows import FleetReader, SupposedLosses

CARDS = {
    "preflight": PreflightCard,
    "plan": PlanCard,
    "approve": ApproveCard,
    "apply": ApplyCard,
    "outcome": OutcomeCard,
}


class Silent:
    """A watch of a cluster that reads nothing."""

    workspace = SimpleNamespace(cluster=SimpleNamespace(name="demo"))

    def read(self) -> dict[str, Any]:
        return {}

    def close(self) -> None:
        """Nothing is open."""


def every(widget: widgets.Widget) -> Iterator[widgets.Widget]:
    yield widget
    for child in getattr(widget, "children", ()):
        yield from every(child)


def nameless(widget: widgets.Widget) -> list[widgets.Widget]:
    """Return the controls below a widget that have no name; markup is read as it is."""
    controls = [one for one in every(widget) if hasattr(one, "description") and not isinstance(one, widgets.HTML)]
    assert controls
    return [one for one in controls if not one.description]


@pytest.mark.parametrize("name", CARDS)
def test_the_controls_of_a_step_have_names(tmp_path: Path, name: str) -> None:
    write_cluster(tmp_path)
    assert nameless(CARDS[name](guided_in(tmp_path), name, lambda _report: None, label="Go").widget) == []


def test_the_controls_of_the_form_have_names_and_no_two_masters_have_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    form = ClusterForm(render_cluster_file(cluster_data()), file=tmp_path / "demo.toml")
    card = FormCard(form, settings=Settings.from_environment({"FLEETKIT_ADDRESS_URL": "http://127.0.0.1:9"}))
    assert card.work.join(60)
    assert nameless(card.widget) == []
    named = [str(getattr(one, "description", "")) for one in every(card.widget)]
    masters = [name for name in named if name.startswith(("etcd1 ", "etcd2 ", "etcd3 "))]
    assert len(masters) == len(set(masters)) == 6


def test_the_controls_of_the_board_have_names() -> None:
    board = BoardCard(Silent(), every_s=3600)  # type: ignore[arg-type]
    assert nameless(board.widget) == []
    board.close()
    assert board.join(30)


def test_the_controls_of_what_if_have_names_and_no_two_the_same() -> None:
    card = WhatIfCard(SupposedLosses(layout=lay_out("aab"), cases=()))
    assert nameless(card.widget) == []
    names = [one.description for one in every(card.widget) if getattr(one, "description", "")]
    assert len(set(names)) == len(names) == 3 + 3 + 2


def test_the_controls_of_the_browser_of_keys_have_names_and_no_two_the_same() -> None:
    stores = {store: place_of(KeptKeys.of({"/a": b"1"}, store=store)) for store in Store}
    card = KeysCard(lambda: contextlib.nullcontext(stores), owner="demo", changes=True)
    card.close()
    assert card.join(30)
    assert nameless(card.widget) == []
    names = [one.description for one in every(card.widget) if getattr(one, "description", "")]
    assert len(set(names)) == len(names) == 15


def test_the_controls_of_the_browser_of_units_have_names_and_no_two_the_same(tmp_path: Path) -> None:
    with serve_fleet(EMPTY) as url:
        endpoint = parse_fleet_endpoint(url)
        card = UnitsCard(lambda: FleetReader(endpoint), owner="demo", folder=tmp_path, changes=True)
        card.close()
        assert card.join(30)
    assert nameless(card.widget) == []
    names = [one.description for one in every(card.widget) if getattr(one, "description", "")]
    assert len(set(names)) == len(names) == 24


@pytest.mark.parametrize("state", list(StepState))
def test_every_state_of_a_step_has_its_word_and_its_sign(state: StepState) -> None:
    tone = TONES[state]
    assert f">{tone.sign} {state}</span>" in badge_html(state, tone)
