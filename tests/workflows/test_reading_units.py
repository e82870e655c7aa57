"""Units and machines are read in an order that makes no running unit look lost, and a failed reading is an error."""

from __future__ import annotations

import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.cluster_files import write_cluster
from support.fleet_replay import Replay, recorded, replay
from support.fleet_served import serve_fleet
from support.fleet_ways import put_way
from support.fleet_worlds import EMPTY, ILL, SPOILED, VERDICTS, every_verdict, ok

from fleetkit.core import FleetError, SshError
from fleetkit.fleet import FleetClient, FleetLimits, UnitText, parse_fleet_endpoint
from fleetkit.workflows import UnitReading, Workspace, open_workspace, read_units, read_units_through

__all__ = ["replay"]

STATES, UNITS, MACHINES = "/fleet/v1/state", "/fleet/v1/units", "/fleet/v1/machines"
MACHINE = {"id": "a" * 32, "primaryIP": "10.0.0.1", "metadata": {}}
OPTIONS = [{"section": "Service", "name": "ExecStart", "value": "/bin/sleep 9"}]
TEXT = UnitText.parse("[Service]\nExecStart=/bin/sleep 9\n")
NOT_THERE = recorded("028-unit-get-404")


def unit(name: str = "web.service", **fields: Any) -> dict[str, Any]:
    return {"name": name, "options": OPTIONS, "desiredState": "launched", "machineID": MACHINE["id"], **fields}


def state(name: str = "web.service", **fields: Any) -> dict[str, Any]:
    words = {"systemdLoadState": "loaded", "systemdActiveState": "active", "systemdSubState": "running"}
    return {"name": name, "machineID": MACHINE["id"], "hash": TEXT.unit_hash, **words, **fields}


def lists(states: list[Any], units: list[Any], machines: list[Any] | None = None) -> list[dict[str, Any]]:
    """Return what is answered, in the order in which it is asked for."""
    return [ok(states=states), ok(units=units), ok(machines=[MACHINE] if machines is None else machines)]


def read(server: Callable[[], socket.socket], **options: Any) -> UnitReading:
    limits = FleetLimits(wait_s=0.2)
    return read_units_through(FleetClient(server, limits=limits), asked="a test", **options)


def verdicts(found: UnitReading) -> dict[str, str]:
    return {one.name: str(one.verdict) for one in found.statuses}


def test_states_are_read_first_and_machines_last(replay: Callable[..., Replay]) -> None:
    server = replay(*lists([state()], [unit()]))
    found = read(server)
    assert server.asked == [STATES, UNITS, MACHINES]
    assert verdicts(found) == {"web.service": "running"}
    assert (found.asked, found.missing, found.passed_over) == ("a test", (), ())


def test_an_empty_fleet_is_empty_and_no_error(replay: Callable[..., Replay]) -> None:
    found = read(replay(*EMPTY.values()))
    assert (found.machines, found.units, found.states, found.statuses) == ((), (), (), ())


def test_every_verdict_is_found(replay: Callable[..., Replay]) -> None:
    world = every_verdict()
    server = replay(
        world[STATES], world[UNITS], NOT_THERE, SPOILED, world[UNITS], SPOILED, world[MACHINES],
    )  # fmt: skip
    found = verdicts(read(server))
    assert {name: verdict for name, verdict in found.items() if verdict != "running"} == {
        name: verdict for verdict, names in VERDICTS.items() for name in names
    }
    assert server.asked[2:4] == [f"{UNITS}/left.service", f"{UNITS}/poisoned.service"]


def test_a_unit_that_starts_between_the_lists_is_waited_for_and_no_orphan(replay: Callable[..., Replay]) -> None:
    assert verdicts(read(replay(*lists([], [unit()])))) == {"web.service": "waiting"}


def test_a_unit_that_the_list_missed_is_asked_for_and_told_as_what_it_is(replay: Callable[..., Replay]) -> None:
    states, units, machines = lists([state()], [])
    found = read(replay(states, units, {"status": 200, "reason": "OK", "json": unit()}, machines))
    assert verdicts(found) == {"web.service": "running"}
    assert [one.name for one in found.units] == ["web.service"]


def test_what_only_a_machine_knows_is_an_orphan(replay: Callable[..., Replay]) -> None:
    states, units, machines = lists([state()], [])
    assert verdicts(read(replay(states, units, NOT_THERE, machines))) == {"web.service": "orphaned"}


def test_fleet_that_stumbles_over_one_unit_alone_and_again_tells_of_a_poisoned_one(
    replay: Callable[..., Replay],
) -> None:
    states, _, machines = lists([state("life.service")], [])
    omitted = recorded("9184-poison-units-list-omits")
    found = read(replay(states, omitted, SPOILED, omitted, SPOILED, machines))
    (status,) = found.statuses
    assert (status.name, status.verdict, status.desired_state) == ("life.service", "poisoned", "")
    assert status.reason == (
        "fleet answers 500 for this unit alone: what was asked for is no state; 10.0.0.1 says loaded, active, running"
    )
    assert found.find_unit("life.service") is None
    assert found.find_status("life.service") is status


def test_a_poisoned_unit_that_no_machine_tells_of_is_found_by_its_name_or_its_file(
    replay: Callable[..., Replay],
) -> None:
    states, units, machines = lists([], [])
    answers = (states, units, SPOILED, units, SPOILED, machines)
    by_name, by_file = read(replay(*answers), names=["life.service"]), read(replay(*answers), files={"a.service": TEXT})
    assert verdicts(by_name) == {"life.service": "poisoned"}
    assert verdicts(by_file) == {"a.service": "poisoned"}
    assert by_file.missing == ()


@pytest.mark.parametrize(
    ("then", "said"),
    [
        ([recorded("204-noquorum-0-units")], f"GET {UNITS} with 500"),
        ([ok(units=[]), NOT_THERE], f"GET {UNITS}/web.service with 500"),
    ],
    ids=["fleet-has-lost-its-etcd", "it-stumbled-once"],
)
def test_fleet_that_is_ill_itself_has_poisoned_nothing(
    replay: Callable[..., Replay], then: list[dict[str, Any]], said: str
) -> None:
    states, units, _ = lists([state()], [])
    with pytest.raises(FleetError, match="could not be read from a test") as caught:
        read(replay(states, units, SPOILED, *then))
    assert said in str(caught.value)


@pytest.mark.parametrize("at", [0, 1, 2], ids=["states", "units", "machines"])
@pytest.mark.parametrize("trouble", ILL)
def test_a_reading_that_fails_at_any_list_is_an_error_with_a_next_step(
    replay: Callable[..., Replay], trouble: str, at: int
) -> None:
    answer, said = ILL[trouble]
    with pytest.raises(FleetError) as caught:
        read(replay(*lists([state()], [unit()])[:at], answer))
    text = str(caught.value)
    assert text.startswith("units and machines could not be read from a test: ")
    assert said in text
    assert "\n  next: " in text


def test_a_list_that_spans_pages_and_moves_is_read_until_it_holds_still(replay: Callable[..., Replay]) -> None:
    names = [f"{letter}.service" for letter in "abcd"]

    def page(resource: str, found: list[Any], token: str = "") -> dict[str, Any]:
        return ok(**{resource: found, **({"nextPageToken": token} if token else {})})

    def units(found: list[str], token: str = "") -> dict[str, Any]:
        return page("units", [unit(one) for one in found], token)

    rows = [page("states", [state(one) for one in names[:2]], "t"), page("states", [state(one) for one in names[2:]])]
    # "a" is destroyed between two pages, and draws "c" over the border, unread; its row stays for some seconds.
    moved = [units(names[:2], "t"), units(names[3:]), *[units(names[1:3], "t"), units(names[3:])] * 2]
    found = read(replay(*rows * 2, *moved, NOT_THERE, ok(machines=[MACHINE])))
    assert verdicts(found) == {names[0]: "orphaned", **dict.fromkeys(names[1:], "running")}


def test_a_list_that_never_holds_still_is_an_error(replay: Callable[..., Replay]) -> None:
    pages = [
        answer for name in "abcde" for answer in (ok(units=[unit(f"{name}.service")], nextPageToken="t"), ok(units=[]))
    ]
    with pytest.raises(FleetError, match="changes faster than it is read"):
        read(replay(ok(states=[]), *pages))


def test_units_are_compared_with_their_files_and_instances_with_their_templates(replay: Callable[..., Replay]) -> None:
    other = UnitText.parse("[Service]\nExecStart=/bin/other\n")
    files = {"web@.service": other, "own@1.service": TEXT, "own@.service": other, "new.service": TEXT}
    names = ["web@1.service", "own@1.service", "stray.service"]
    server = replay(
        ok(states=[state(one) for one in names]), ok(units=[unit(one) for one in names]), *[NOT_THERE] * 3,
        ok(machines=[MACHINE]),
    )  # fmt: skip
    found = read(server, files=files)
    assert verdicts(found) == {"own@1.service": "running", "stray.service": "running", "web@1.service": "drifted"}
    assert found.missing == ("new.service",)


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    write_cluster(tmp_path)
    return open_workspace("demo", folder=tmp_path, environ={"HOME": str(tmp_path)})


def test_the_first_master_whose_fleet_answers_is_read_and_those_before_it_are_told(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, replay: Callable[..., Replay]
) -> None:
    answers = [ok(states=[]), ok(units=[]), NOT_THERE, ok(machines=[MACHINE])]
    put_way(monkeypatch, workspace, [SshError("no way"), replay(ILL["503"][0]), replay(*answers)])
    found = read_units(workspace, names=["web.service"])
    address = workspace.cluster.masters["etcd3"].address
    assert (found.asked, len(found.machines)) == (f"etcd3 ({address})", 1)
    assert found.passed_over[0] == "etcd1: no way"
    assert "etcd2: units and machines could not be read" in found.passed_over[1]


def test_where_no_master_can_be_read_each_says_why(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, replay: Callable[..., Replay]
) -> None:
    put_way(monkeypatch, workspace, [SshError("no way"), replay(ILL["503"][0]), replay(ILL["closes"][0])])
    with pytest.raises(FleetError, match="units of demo could not be read from any of its masters") as caught:
        read_units(workspace)
    text = str(caught.value)
    assert "etcd1: no way; etcd2: " in text
    assert "unable to communicate with etcd; etcd3: " in text
    assert "next: fleetkit etcd health demo" in text


@pytest.mark.parametrize("kind", ["unix", "http"])
def test_an_endpoint_is_read_without_a_cluster(tmp_path: Path, kind: str) -> None:
    with serve_fleet(every_verdict(), path=tmp_path / "s" if kind == "unix" else None) as url:
        found = read_units(parse_fleet_endpoint(url))
    assert (found.asked, len(found.statuses), len(found.machines)) == (url, 24, 3)


def test_an_endpoint_that_is_silent_ends_at_the_limit() -> None:
    with serve_fleet({STATES: {"silent": True}}) as url, pytest.raises(FleetError, match="could not be read") as caught:
        read_units(parse_fleet_endpoint(url), limits=FleetLimits(wait_s=0.05))
    assert f"from {url}: fleet did not answer in time: nothing within 0.05 s" in str(caught.value)
