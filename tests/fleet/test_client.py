"""The client agrees with what a real fleet v1.0.0 was recorded to answer."""

from __future__ import annotations

import socket
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from support.fleet_replay import Replay, recorded, replay

from fleetkit.core import FleetError
from fleetkit.fleet import FleetClient, FleetLimits, Machine

__all__ = ["replay"]


def page(machines: Sequence[str], token: str = "") -> dict[str, Any]:
    """Make a page of machines as fleet makes pages of units; a list of over a hundred machines was never recorded."""
    listed = [{"id": name, "metadata": {}, "primaryIP": "10.0.0.1"} for name in machines]
    return {"status": 200, "reason": "OK", "json": {"machines": listed, **({"nextPageToken": token} if token else {})}}


def test_machines_are_listed_by_id(replay: Callable[..., Replay]) -> None:
    server = replay(recorded("001-machines-list"))
    machines = FleetClient(server).list_machines()
    assert machines[0] == Machine(
        id="72845f99a286d187575d3b29a73cde55",
        primary_ip="10.77.0.13",
        metadata={"az": "az3", "disk": "ssd", "role": "db"},
    )
    assert [machine.primary_ip for machine in machines] == ["10.77.0.13", "10.77.0.11", "10.77.0.12"]
    assert server.asked == ["/fleet/v1/machines"]


def test_a_machine_that_died_is_gone_from_the_list(replay: Callable[..., Replay]) -> None:
    assert len(FleetClient(replay(recorded("203-dead-machine-machines-after"))).list_machines()) == 2


def test_all_pages_are_read_and_a_machine_on_two_pages_counts_once(replay: Callable[..., Replay]) -> None:
    server = replay(*[page(["b", "c"], "ZAACAA=="), page(["c", "a"])] * 2)
    assert [machine.id for machine in FleetClient(server).list_machines()] == ["a", "b", "c"]
    assert server.asked[1] == "/fleet/v1/machines?nextPageToken=ZAACAA%3D%3D"


def test_an_empty_last_page_without_a_list_is_the_end(replay: Callable[..., Replay]) -> None:
    end = {"status": 200, "reason": "OK", "json": {}}
    server = replay(*[page(["a"], "ZAACAA=="), end] * 2)
    assert [machine.id for machine in FleetClient(server).list_machines()] == ["a"]


def test_lost_etcd_is_an_error_and_never_an_empty_list(replay: Callable[..., Replay]) -> None:
    with pytest.raises(FleetError, match="with 503: fleet server unable to communicate with etcd") as caught:
        FleetClient(replay(recorded("225-noquorum-40-machines"))).list_machines()
    assert caught.value.transient
    assert "etcd's health" in str(caught.value)


def test_an_error_without_a_message_is_still_told(replay: Callable[..., Replay]) -> None:
    with pytest.raises(FleetError, match="with 500") as caught:
        FleetClient(replay(recorded("204-noquorum-0-units"))).list_machines()
    assert caught.value.transient
    with pytest.raises(FleetError, match="with 404") as caught:
        FleetClient(replay(recorded("016-machines-slash"))).list_machines()
    assert not caught.value.transient


def test_a_connection_closed_without_an_answer_is_an_error(replay: Callable[..., Replay]) -> None:
    with pytest.raises(FleetError, match="closed before an answer") as caught:
        FleetClient(replay(recorded("092-state-inactive-unit-crash"))).list_machines()
    assert caught.value.transient


def test_silence_ends_at_the_limit() -> None:
    near, far = socket.socketpair()
    with far, pytest.raises(FleetError, match=r"nothing within 0\.05 s"):
        FleetClient(lambda: near, limits=FleetLimits(wait_s=0.05)).list_machines()


def test_a_socket_that_cannot_be_opened_is_fleets_error() -> None:
    def refuse() -> socket.socket:
        raise ConnectionRefusedError("nobody listens")

    with pytest.raises(FleetError, match="nobody listens"):
        FleetClient(refuse).list_machines()


@pytest.mark.parametrize(
    ("answer", "path"),
    [
        ({"machines": [{"id": 5}]}, r"machines\[0\]\.id: expected a string, found 5"),
        ({"machines": {}, "nextPageToken": 1}, "nextPageToken: expected a string"),
        ({"machines": "none"}, "machines: expected a list"),
        (["machines"], "the answer: expected an object"),
        ({"machines": [{"id": "a", "metadata": {"role": None}}]}, r"machines\[0\]\.metadata\.role"),
    ],
)
def test_an_answer_of_another_form_names_the_field(replay: Callable[..., Replay], answer: Any, path: str) -> None:
    with pytest.raises(FleetError, match=path):
        FleetClient(replay({"status": 200, "reason": "OK", "json": answer})).list_machines()


def test_pages_without_an_end_are_given_up(monkeypatch: pytest.MonkeyPatch, replay: Callable[..., Replay]) -> None:
    monkeypatch.setattr("fleetkit.fleet.client._MOST_PAGES", 3)
    with pytest.raises(FleetError, match="does not end"):
        FleetClient(replay(*[page(["a"], "again")] * 3)).list_machines()
