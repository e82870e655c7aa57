"""The guide of a sync of names, by hand and with nobody there: its cards lead from the plan to the closed record."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import ipywidgets as widgets
import pytest
from support.aws_moto import emulated_aws, make_vpc
from support.aws_zones import make_zone
from support.cluster_files import write_cluster
from support.fleet_served import serve_fleet
from support.fleet_services import change_state, service_world
from support.fleet_worlds import World
from support.http_services import answer_with, serve_each
from support.ui_bench import guided_in

from fleetkit.core import SettingsError
from fleetkit.runs import Outcome, Way
from fleetkit.ui import SyncNamesGuide
from fleetkit.ui._guided import GuidedRun
from fleetkit.views import SYNC_NAMES_STEPS, StepState

SOON_S = 60


@pytest.fixture
def world() -> Iterator[World]:
    with serve_each(answer_with(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")) as port:
        yield service_world({"127.0.0.1": port})


@pytest.fixture
def endpoint(world: World, tmp_path: Path) -> Iterator[str]:
    write_cluster(tmp_path, **{"network.dns_zone": "demo.internal"})
    with emulated_aws() as session, serve_fleet(world) as url:
        make_zone(session, "demo", make_vpc(session))
        yield url


def shown(widget: widgets.Widget) -> str:
    if widget.layout.display == "none":
        return ""
    return str(getattr(widget, "value", "") or "") + "".join(shown(one) for one in getattr(widget, "children", ()))


def press(guided: GuidedRun, name: str) -> str:
    """Press a step's button, and return what its card shows at the end."""
    card = guided._cards[name]
    card.press()
    assert guided.work.join(SOON_S)
    return shown(card.widget)


def test_by_hand_the_cards_lead_from_the_plan_to_the_closed_record(endpoint: str, tmp_path: Path) -> None:
    guided = guided_in(tmp_path, steps=SYNC_NAMES_STEPS)
    guide = SyncNamesGuide(guided, endpoint=endpoint, remove_last=False)
    for step in SYNC_NAMES_STEPS:
        getattr(guide, step.name)()
    planned = press(guided, "plan")
    assert "create A web.demo.internal" in planned
    assert "web@1.service" in planned
    guided._cards["approve"]._field.value = "demo"
    press(guided, "approve")
    assert "6 to create" in press(guided, "apply")
    assert "are those of 1 healthy instances" in press(guided, "verify")
    press(guided, "outcome")
    assert {step.state for step in guided.steps.steps} == {StepState.PASSED}
    assert guided.run._sink.finished == [(Outcome.DONE, guided.verified.summary)]


def test_with_nobody_there_what_is_left_as_it_is_ends_as_findings(endpoint: str, world: World, tmp_path: Path) -> None:
    change_state(world, 1, "failed")
    guided = guided_in(tmp_path, way=Way.UNATTENDED, approve="demo", steps=SYNC_NAMES_STEPS)
    guide = SyncNamesGuide(guided, endpoint=endpoint, remove_last=False)
    assert "it gets no name" in str(guide.plan())
    for step in (guide.approve, guide.apply, guide.verify, guide.outcome):
        step()
    assert guided.run._sink.finished[0][0] is Outcome.FINDINGS


def test_an_endpoint_that_is_none_is_refused_at_once(tmp_path: Path) -> None:
    write_cluster(tmp_path)
    with pytest.raises(SettingsError, match="is not an endpoint of fleet"):
        SyncNamesGuide(guided_in(tmp_path, steps=SYNC_NAMES_STEPS), endpoint="tcp://a", remove_last=False)
