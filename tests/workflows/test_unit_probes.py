"""A roll asks what runs whether it serves, by real servers on this computer, and goes on only where it does."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support.fleet_told import MACHINE, ToldFleet
from support.http_services import answer_with, serve_each

from fleetkit.core import Patience
from fleetkit.fleet import FleetEndpoint, ProbeRule, read_unit_files
from fleetkit.workflows import AppliedUnits, UnitGate, UnitsPlan, apply_units, approve, plan_unit_deploy, verify_units

GATE = UnitGate(patience=Patience(deadline_s=0.5, interval_s=0.01), steady_s=0.02)
DECLARED = ProbeRule.parse("declared")


class Page:
    """Answers a GET by what it is told to, and counts how often it was asked."""

    def __init__(self) -> None:
        self.asked = 0
        self.status: Callable[[], int] = lambda: 200

    def answer(self, near: socket.socket) -> None:
        self.asked += 1
        answer_with(f"HTTP/1.1 {self.status()} \r\n\r\n".encode())(near)


@pytest.fixture
def page() -> Page:
    return Page()


@pytest.fixture
def port(page: Page, fleet: ToldFleet) -> Iterator[int]:
    """Serve the page on the one machine of the fleet."""
    fleet.machines[MACHINE] = "127.0.0.1"
    with serve_each(page.answer) as port:
        yield port


def write(folder: Path, version: str, port: int, *, probe: str = "http:/health") -> None:
    service = f"[X-Service]\nName=web\nPort={port}\nProbe={probe}\n" if probe else ""
    (folder / "web@.service").write_text(f"[Service]\nExecStart=/bin/web {version}\n{service}")


def plan(endpoint: FleetEndpoint, folder: Path, rule: ProbeRule = DECLARED) -> UnitsPlan:
    files = read_unit_files([folder / "web@.service"])
    return plan_unit_deploy(endpoint, files, instances=["web@{1..3}.service"], at_once=1, rule=rule)


def carry(endpoint: FleetEndpoint, planned: UnitsPlan, *, roll_back: bool = True) -> AppliedUnits:
    return apply_units(endpoint, approve(planned, planned.cluster), gate=GATE, roll_back=roll_back)


def test_the_plan_shows_what_is_asked_of_whom_and_its_approval_is_for_that(
    endpoint: FleetEndpoint, page: Page, port: int, tmp_path: Path
) -> None:
    write(tmp_path, "1", port)
    planned = plan(endpoint, tmp_path)
    assert planned.probes == {f"web@{number}.service": f"http:{port}/health" for number in (1, 2, 3)}
    assert f"- web@1.service: sent to fleet; there once http:{port}/health is answered" in planned.text
    assert "- web@.service: sent to fleet\n" in planned.text
    assert f">http:{port}/health</td>" in planned.draw()
    unasked = plan(endpoint, tmp_path, ProbeRule.parse("none"))
    assert (unasked.probes, "probe" in unasked.draw()) == ({}, False)
    assert unasked.sha256 != planned.sha256
    assert page.asked == 0, "what is not there yet is not asked"


def test_it_goes_on_once_each_answers(endpoint: FleetEndpoint, page: Page, port: int, tmp_path: Path) -> None:
    write(tmp_path, "1", port)
    page.status = lambda: 503 if page.asked < 5 else 200
    planned = plan(endpoint, tmp_path)
    applied = carry(endpoint, planned)
    assert (applied.failed, len(applied.done)) == ({}, 4)
    assert verify_units(endpoint, planned).findings == ()


def test_one_that_runs_and_does_not_serve_halts_the_rest_and_is_put_back(
    fleet: ToldFleet, endpoint: FleetEndpoint, page: Page, port: int, tmp_path: Path
) -> None:
    write(tmp_path, "1", port)
    carry(endpoint, plan(endpoint, tmp_path))
    write(tmp_path, "2", port)
    planned = plan(endpoint, tmp_path)
    page.status = lambda: 503 if "web 2" in fleet.text("web@2.service") else 200
    applied = carry(endpoint, planned)
    assert applied.done == ("web@.service", "web@1.service")
    (how,) = applied.failed.values()
    assert applied.failed.keys() == {"web@2.service"}
    assert how.startswith("running: loaded, active, running on 127.0.0.1")
    assert how.endswith(f"and does not serve (http://127.0.0.1:{port}/health: it answered 503)")
    assert applied.unsent == ("web@3.service",)
    assert applied.is_put_back
    assert all("web 1" in fleet.text(f"web@{number}.service") for number in (1, 2, 3))


def test_a_version_that_is_put_back_is_asked_by_what_it_says_itself(
    endpoint: FleetEndpoint, page: Page, port: int, tmp_path: Path
) -> None:
    write(tmp_path, "1", port, probe="")
    carry(endpoint, plan(endpoint, tmp_path))
    assert page.asked == 0
    page.status = lambda: 500
    write(tmp_path, "2", port)
    applied = carry(endpoint, plan(endpoint, tmp_path))
    assert "it answered 500" in applied.failed["web@1.service"]
    assert applied.is_put_back, "the one before says of no probe that it has to pass"


def test_a_rule_for_all_is_asked_in_place_of_what_units_say(
    endpoint: FleetEndpoint, page: Page, port: int, tmp_path: Path
) -> None:
    write(tmp_path, "1", 1)
    planned = plan(endpoint, tmp_path, ProbeRule.parse(f"tcp:{port}"))
    assert set(planned.probes.values()) == {f"tcp:{port}"}
    assert carry(endpoint, planned).failed == {}
    write(tmp_path, "2", 1)
    assert carry(endpoint, plan(endpoint, tmp_path, ProbeRule.parse("none"))).failed == {}
    write(tmp_path, "3", 1)
    how = carry(endpoint, plan(endpoint, tmp_path)).failed["web@1.service"]
    assert "does not serve (http://127.0.0.1:1/health: connection refused)" in how


def test_one_that_was_kept_and_does_not_serve_is_told_of_and_takes_no_other_down(
    fleet: ToldFleet, endpoint: FleetEndpoint, page: Page, port: int, tmp_path: Path
) -> None:
    write(tmp_path, "1", port)
    carry(endpoint, plan(endpoint, tmp_path))
    write(tmp_path, "2", port)
    page.status = lambda: 503
    planned = plan(endpoint, tmp_path)
    assert carry(endpoint, planned, roll_back=False).unsent == ("web@2.service", "web@3.service")
    assert "it answered 503" in verify_units(endpoint, planned).findings[0]
    again = plan(endpoint, tmp_path)
    assert "web@1.service is in fleet as wanted, and is running" in again.text
    assert "it answered 503); not sent before it is there: web@2.service, web@3.service" in again.text
    applied = carry(endpoint, again)
    assert (applied.done, list(applied.late)) == ((), ["web@1.service"])
    assert "web 1" in fleet.text("web@2.service")
    page.status = lambda: 200
    assert carry(endpoint, plan(endpoint, tmp_path)).done == ("web@2.service", "web@3.service")


def test_one_that_ends_while_it_is_to_be_asked_has_failed(
    fleet: ToldFleet, endpoint: FleetEndpoint, page: Page, port: int, tmp_path: Path
) -> None:
    write(tmp_path, "1", port)
    fleet.ending.add("web@1.service")
    applied = carry(endpoint, plan(endpoint, tmp_path))
    assert applied.failed["web@1.service"].endswith("and was to stay")
    assert page.asked >= 1


def test_a_machine_that_cannot_be_reached_is_told_as_that(
    fleet: ToldFleet, endpoint: FleetEndpoint, tmp_path: Path
) -> None:
    fleet.machines[MACHINE] = "255.255.255.255"  # The kernel refuses to dial it: nothing leaves this computer.
    write(tmp_path, "1", 80)
    how = carry(endpoint, plan(endpoint, tmp_path)).failed["web@1.service"]
    assert "cannot be asked (http://255.255.255.255:80/health: it could not be reached from here" in how
