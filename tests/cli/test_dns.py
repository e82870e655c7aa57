"""``fleetkit dns sync | list``: names become those of instances that answer, and the exit codes say how it stands."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.aws_moto import emulated_aws, make_vpc
from support.aws_zones import make_zone
from support.cluster_files import write_cluster
from support.fleet_served import serve_fleet
from support.fleet_services import change_state, service_world
from support.fleet_worlds import ILL, World
from support.http_services import answer_with, serve_each

from fleetkit.cli import main

OK = answer_with(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")


@pytest.fixture
def world() -> Iterator[World]:
    with serve_each(OK) as port:
        yield service_world({"127.0.0.1": port})


@pytest.fixture
def endpoint(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Serve a fleet; the cluster ``demo`` is in the current folder, and has its zone."""
    write_cluster(tmp_path, **{"network.dns_zone": "demo.internal"})
    monkeypatch.chdir(tmp_path)
    with emulated_aws() as session, serve_fleet(world) as url:
        make_zone(session, "demo", make_vpc(session))
        yield url


def call(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, Any, str]:
    """Return the exit code, the facts as JSON, and what was said beside them."""
    code = main(["dns", *words, "--json"])
    said = capsys.readouterr()
    return code, json.loads(said.out) if said.out else None, said.err


def test_a_sync_shows_its_plan_and_asks_for_an_approval(endpoint: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["dns", "sync", "demo", "--endpoint", endpoint]) == 4
    told = capsys.readouterr()
    assert "This makes the names in demo.internal true: 6 to create" in told.out
    assert "create A web.demo.internal: 127.0.0.1" in told.out
    assert "--approve demo" in told.err


def test_one_that_is_approved_makes_the_names_true_and_a_second_has_nothing_to_do(
    endpoint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code, told, _ = call(capsys, "list", "demo", "--endpoint", endpoint)
    assert (code, told["services"][0]["instances"][0]["is_named"], len(told["changes"])) == (3, False, 6)
    code, told, _ = call(capsys, "sync", "demo", "--endpoint", endpoint, "--approve", "demo")
    assert (code, told["zone"], told["verified"]["findings"]) == (0, "demo.internal", [])
    assert {one["action"] for one in told["changes"]} == {"create"}
    code, told, _ = call(capsys, "list", "demo", "--endpoint", endpoint)
    (instance,) = told["services"][0]["instances"]
    assert (code, told["changes"], instance["is_named"], instance["health"]) == (0, [], True, "healthy")
    assert instance["probe"] == "http:/health"
    assert main(["dns", "sync", "demo", "--endpoint", endpoint]) == 0
    assert "Nothing to do" in capsys.readouterr().out


def test_the_list_is_a_table_with_what_is_left_as_it_is_below(
    endpoint: str, world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["dns", "sync", "demo", "--endpoint", endpoint, "--approve", "demo"]) == 0
    change_state(world, 1, "failed")
    capsys.readouterr()
    assert main(["dns", "list", "demo", "--endpoint", endpoint]) == 3
    head, row, finding, last = capsys.readouterr().out.splitlines()
    assert head.split() == ["SERVICE", "INSTANCE", "UNIT", "PROBE", "HEALTH", "NAMED", "REASON"]
    assert "unhealthy" in row
    assert "failed: loaded, failed, running" in row
    assert finding.startswith("! web has no healthy instance")
    assert last == f"1 services in demo.internal ({endpoint}): nothing has to change"


def test_the_last_instance_is_told_and_goes_when_asked_for(
    endpoint: str, world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    call(capsys, "sync", "demo", "--endpoint", endpoint, "--approve", "demo")
    change_state(world, 1, "failed")
    code, told, _ = call(capsys, "sync", "demo", "--endpoint", endpoint, "--approve", "demo")
    assert (code, told["changes"]) == (3, [])
    assert "its names stay as they are" in told["verified"]["findings"][0]
    code, told, _ = call(capsys, "sync", "demo", "--endpoint", endpoint, "--approve", "demo", "--remove-last")
    assert {one["action"] for one in told["changes"]} == {"remove"}


def test_a_fleet_that_cannot_be_read_ends_with_1(
    endpoint: str, world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    world["/fleet/v1/state"] = ILL["503"][0]
    code, told, said = call(capsys, "sync", "demo", "--endpoint", endpoint, "--approve", "demo")
    assert (code, told) == (1, None)
    assert "could not be read" in said


def test_an_endpoint_that_is_none_is_wrong_use(endpoint: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["dns", "list", "demo", "--endpoint", "tcp://a"]) == 2
    assert "is not an endpoint of fleet" in capsys.readouterr().err
