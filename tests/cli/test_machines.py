"""``fleetkit machines list`` says which machines have joined fleet, and what each carries and runs."""

from __future__ import annotations

import json

import pytest
from support.fleet_served import serve_fleet
from support.fleet_worlds import EMPTY, ILL, every_verdict, ok

from fleetkit.cli import main

pytestmark = pytest.mark.usefixtures("no_fleetctl_settings")


def test_machines_are_listed_with_what_they_carry_and_what_is_left_on_one_that_is_gone(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with serve_fleet(every_verdict()) as url:
        assert main(["machines", "list", "--endpoint", url]) == 3
    head, *rows, stale, last = capsys.readouterr().out.splitlines()
    assert head.split() == ["ID", "ADDRESS", "METADATA", "UNITS", "RUNNING"]
    assert [row.split() for row in rows] == [
        ["3317c7a5a7c2fae3fd024dfb246eb956", "10.77.0.13", "az=az3,disk=ssd,role=db", "7", "4"],
        ["4664df35562b6de582cd41c48922ff0b", "10.77.0.12", "az=az2,disk=hdd,role=db", "7", "5"],
        ["89138d958f104a1ab8dce0c6a9a6e204", "10.77.0.11", "az=az1,disk=ssd,k3=v3,role=web", "5", "4"],
    ]
    assert stale == "on a machine that is gone: mdor.service"
    assert last.startswith(f"3 machines carry 19 units, 13 of them run ({url} at 2")


def test_where_no_unit_is_left_behind_all_is_well(capsys: pytest.CaptureFixture[str]) -> None:
    world = every_verdict()
    units = world["/fleet/v1/units"]["json"]
    units["units"] = [one for one in units["units"] if one["name"] != "mdor.service"]
    world["/fleet/v1/state"]["json"]["states"] = []
    with serve_fleet(world) as url:
        assert main(["machines", "list", "--json", "--endpoint", url]) == 0
    told = json.loads(capsys.readouterr().out)
    assert list(told) == ["asked", "at", "machines", "stale_units"]
    assert [list(one) for one in told["machines"]] == [["id", "address", "metadata", "units", "running"]] * 3
    assert told["machines"][2]["metadata"] == {"az": "az1", "disk": "ssd", "k3": "v3", "role": "web"}
    assert {one["running"] for one in told["machines"]} == {0}
    assert told["stale_units"] == []


def test_one_machine_is_told_as_one(capsys: pytest.CaptureFixture[str]) -> None:
    world = {**EMPTY, "/fleet/v1/machines": ok(machines=[{"id": "a" * 32, "metadata": {}}])}
    with serve_fleet(world) as url:
        assert main(["machines", "list", "--endpoint", url]) == 0
    assert "1 machine carries 0 units, 0 of them run" in capsys.readouterr().out


def test_no_machine_at_all_is_a_finding(capsys: pytest.CaptureFixture[str]) -> None:
    with serve_fleet(EMPTY) as url:
        assert main(["machines", "list", "--endpoint", url]) == 3
    assert capsys.readouterr().out.startswith(f"no machine has joined fleet ({url} at ")


@pytest.mark.parametrize("trouble", ILL)
def test_fleet_that_cannot_be_read_ends_with_1_and_no_list(trouble: str, capsys: pytest.CaptureFixture[str]) -> None:
    answer, said = ILL[trouble]
    with serve_fleet({**EMPTY, "/fleet/v1/machines": answer}) as url:
        assert main(["machines", "list", "--endpoint", url, "--request-timeout", "200ms"]) == 1
    told = capsys.readouterr()
    assert told.out == ""
    assert said in told.err
    assert "\n  next: " in told.err
