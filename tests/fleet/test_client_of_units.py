"""Units and their states are read and changed as a real fleet v1.0.0 was recorded to answer."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from support.fleet_replay import Replay, recorded, replay, requested

from fleetkit.core import FleetError, SettingsError
from fleetkit.fleet import DesiredState, FleetClient, UnitText

__all__ = ["replay"]

SLEEPS = UnitText.parse("[Unit]\nDescription=t\n[Service]\nExecStart=/bin/sleep 100000\n")


def test_a_list_of_units_tells_what_they_are_made_of_and_where_they_are(replay: Callable[..., Replay]) -> None:
    units = {one.name: one for one in FleetClient(replay(recorded("147-sched-units"))).list_units()}
    placed = units["conf@1.service"]
    assert (placed.desired_state, placed.current_state, bool(placed.machine_id)) == ("launched", "launched", True)
    assert placed.text.values("X-Fleet", "Conflicts") == ("conf@*.service",)
    assert (units["conf@4.service"].current_state, units["conf@4.service"].machine_id) == ("inactive", "")
    assert list(units) == sorted(units)


def test_states_are_systemds_own_and_a_global_unit_has_one_on_each_machine(replay: Callable[..., Replay]) -> None:
    states = FleetClient(replay(recorded("148-sched-state"))).list_states()
    assert len({one.machine_id for one in states if one.name == "glob.service"}) == 3
    fail = next(one for one in states if one.name == "fail.service")
    assert (fail.load, fail.active, fail.sub) == ("loaded", "failed", "failed"), "launched is not running"


def test_an_empty_cluster_has_no_units_and_no_states(replay: Callable[..., Replay]) -> None:
    assert FleetClient(replay(recorded("004-units-list-empty"))).list_units() == ()
    assert FleetClient(replay(recorded("005-state-list-empty"))).list_states() == ()


def test_all_pages_are_read_twice_and_a_full_last_page_is_followed_by_an_empty_one(
    replay: Callable[..., Replay],
) -> None:
    exact = [recorded("193-page-100-exact"), recorded("194-page-100-second")] * 2
    assert len(FleetClient(replay(*exact)).list_units()) == 100
    server = replay(*[recorded("195-page-101"), recorded("196-page-101-second")] * 2)
    assert len(FleetClient(server).list_units()) == 101
    assert server.asked[1] == "/fleet/v1/units?nextPageToken=ZAACAA%3D%3D"


def test_a_unit_that_slips_over_the_border_between_two_pages_is_not_missed(replay: Callable[..., Replay]) -> None:
    def page(names: str, token: str = "") -> dict[str, Any]:
        units = [{"name": f"{name}.service"} for name in names]
        return {"status": 200, "reason": "OK", "json": {"units": units, **({"nextPageToken": token} if token else {})}}

    # "a" goes between the two pages: "c" slips onto the first, which was read already.
    server = replay(page("ab", "t"), page("d"), page("bc", "t"), page("d"), page("bc", "t"), page("d"))
    assert [one.name[0] for one in FleetClient(server).list_units()] == ["b", "c", "d"]
    moving = [answer for last in "defgh" for answer in (page("ab", "t"), page(last))]
    with pytest.raises(FleetError, match="changes faster than it is read") as caught:
        FleetClient(replay(*moving)).list_units()
    assert caught.value.transient


def test_one_unit_is_read_and_one_that_is_not_there_is_none(replay: Callable[..., Replay]) -> None:
    server = replay(recorded("091-get-inactive"), recorded("028-unit-get-404"))
    client = FleetClient(server)
    unit = client.read_unit("life.service")
    assert unit is not None
    assert unit.text.options == SLEEPS.options
    assert client.read_unit("a@!.service") is None
    assert server.asked == ["/fleet/v1/units/life.service", "/fleet/v1/units/a%40%21.service"]


def test_a_unit_that_was_spoiled_is_an_error_and_not_one_that_is_not_there(replay: Callable[..., Replay]) -> None:
    with pytest.raises(FleetError, match=r"GET /fleet/v1/units/life\.service with 500: without a word"):
        FleetClient(replay(recorded("9185-poison-get"))).read_unit("life.service")
    with pytest.raises(FleetError, match=r"DELETE .* with 500"):
        FleetClient(replay(recorded("9186-poison-delete"))).destroy_unit("life.service")


@pytest.mark.parametrize("name", ["088-create-inactive", "093-put-same-identical", "108-put-changed-options"])
def test_a_unit_is_put_as_it_was_recorded_to_be_put(replay: Callable[..., Replay], name: str) -> None:
    sent = json.loads(requested(name)["body"])
    server = replay(recorded(name))
    options = "".join(f"[{one['section']}]\n{one['name']}={one['value']}\n" for one in sent["options"])
    FleetClient(server).put_unit("life.service", UnitText.parse(options), DesiredState.parse(sent["desiredState"]))
    ((method, kind, body),) = server.sent
    assert (method, kind) == ("PUT", "application/json")
    assert body == {"options": sent["options"], "desiredState": sent["desiredState"]}


def test_another_state_is_asked_for_alone(replay: Callable[..., Replay]) -> None:
    server = replay(recorded("096-set-loaded"))
    FleetClient(server).set_desired_state("life.service", DesiredState.LOADED)
    assert server.sent[0][2] == json.loads(requested("096-set-loaded")["body"])


def test_what_fleet_refuses_is_told_in_its_words(replay: Callable[..., Replay]) -> None:
    with pytest.raises(FleetError, match="with 400: Global cannot be used with Peers") as caught:
        FleetClient(replay(recorded("065-put-opts-global-peers"))).put_unit("a.service", SLEEPS, DesiredState.LAUNCHED)
    assert not caught.value.transient
    with pytest.raises(FleetError, match="with 500") as caught:
        FleetClient(replay(recorded("208-noquorum-0-put"))).put_unit("a.service", SLEEPS, DesiredState.LAUNCHED)
    assert caught.value.transient


def test_a_unit_is_destroyed_once(replay: Callable[..., Replay]) -> None:
    client = FleetClient(replay(recorded("119-delete"), recorded("121-delete-again")))
    assert client.destroy_unit("life.service")
    assert not client.destroy_unit("life.service")


@pytest.mark.parametrize("text", ["Launched", "running", ""])
def test_a_state_that_would_spoil_the_unit_is_never_sent(text: str) -> None:
    with pytest.raises(SettingsError, match="one of inactive, loaded, launched"):
        DesiredState.parse(text)


@pytest.mark.parametrize(
    ("answer", "path"),
    [
        ({"units": [{"name": "a.service", "options": {}}]}, r"units\[0\]\.options: expected a list"),
        ({"units": [{"name": "a.service", "options": [{}]}]}, r"units\[0\]\.options\[0\]"),
        ({"units": [{"options": []}]}, r"units\[0\]\.name"),
    ],
)
def test_an_answer_of_another_form_names_the_field(replay: Callable[..., Replay], answer: Any, path: str) -> None:
    with pytest.raises(FleetError, match=path):
        FleetClient(replay({"status": 200, "reason": "OK", "json": answer})).list_units()
