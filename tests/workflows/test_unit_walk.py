"""What goes wrong between the first unit that is sent and the last leaves a true word of what was sent."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from support.fleet_replay import recorded
from support.fleet_told import ToldFleet

from fleetkit.core import FleetError, Patience
from fleetkit.fleet import FleetEndpoint, read_unit_files
from fleetkit.runs import EventKind
from fleetkit.workflows import (
    AppliedUnits,
    Reporter,
    UnitAction,
    UnitGate,
    apply_units,
    approve,
    plan_unit_deploy,
    plan_units,
)

GATE = UnitGate(patience=Patience(deadline_s=0.5, interval_s=0.01), steady_s=0.02)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write(tmp_path, "1")
    return tmp_path


def write(folder: Path, version: str) -> None:
    """Write two units of which the second waits for the first."""
    for name, after in (("a.service", ""), ("b.service", "a.service")):
        (folder / name).write_text(f"[Unit]\nAfter={after}\n[Service]\nExecStart=/bin/{name} {version}\n")


def deploy(
    endpoint: FleetEndpoint, folder: Path, *, roll_back: bool = False, report: Reporter | None = None
) -> AppliedUnits:
    plan = plan_unit_deploy(endpoint, read_unit_files([folder]))
    return apply_units(endpoint, approve(plan, plan.cluster), gate=GATE, roll_back=roll_back, report=report)


def test_what_was_put_back_is_told_as_what_was(fleet: ToldFleet, endpoint: FleetEndpoint, folder: Path) -> None:
    deploy(endpoint, folder)
    write(folder, "2")
    fleet.failing.add("b.service 2")
    told = deploy(endpoint, folder, roll_back=True).text.splitlines()
    assert told[0].endswith("were as wanted, 1 were not.")
    assert told[1].startswith("! b.service was failed")
    assert told[-1] == "All that was sent was put back as it was before."


def test_what_was_not_put_back_is_not_told_as_if_all_were(
    fleet: ToldFleet, endpoint: FleetEndpoint, folder: Path
) -> None:
    deploy(endpoint, folder)
    write(folder, "2")
    fleet.failing.add("b.service")
    told = deploy(endpoint, folder, roll_back=True).text.splitlines()
    assert told[-2:] == [
        "All that was sent was put back as it was before, but for these:",
        "! not put back: b.service is failed: loaded, failed, failed on 10.0.0.1",
    ]


def test_a_restart_whose_stop_is_late_is_put_back_too(fleet: ToldFleet, endpoint: FleetEndpoint, folder: Path) -> None:
    fleet.failing.add("a.service")
    deploy(endpoint, folder)
    fleet.unstoppable.add("a.service")
    plan = plan_units(endpoint, ["a.service"], UnitAction.START)
    assert [one.action for one in plan.changes] == [UnitAction.RESTART]
    applied = apply_units(endpoint, approve(plan, plan.cluster), gate=GATE, roll_back=True)
    assert "a.service: not stopped yet" in applied.failed["a.service"]
    assert fleet.units["a.service"]["desiredState"] == "launched", "as it was"


def test_a_restart_bears_that_fleet_cannot_be_asked_for_a_moment(
    fleet: ToldFleet, endpoint: FleetEndpoint, folder: Path
) -> None:
    fleet.failing.add("a.service")
    deploy(endpoint, folder)
    plan = plan_units(endpoint, ["a.service"], UnitAction.START)
    fleet.failing.clear()
    fleet.stumbles = [recorded("204-noquorum-0-units")] * 3
    fleet.stumbles_from = len(fleet.told) + 1
    applied = apply_units(endpoint, approve(plan, plan.cluster), gate=GATE)
    assert (applied.done, applied.failed) == (("a.service",), {})
    assert fleet.stumbles == []


def test_one_that_breaks_off_leaves_in_the_record_what_was_sent(
    fleet: ToldFleet, endpoint: FleetEndpoint, folder: Path
) -> None:
    records: list[tuple[EventKind, Mapping[str, Any]]] = []
    fleet.stumbles = [{"status": 404, "reason": "Not Found", "json": {}}]
    fleet.stumbles_from = 1
    with pytest.raises(FleetError):
        deploy(endpoint, folder, report=Reporter(record=lambda kind, facts: records.append((kind, facts))))
    assert [facts for kind, facts in records if kind is EventKind.CHANGE] == [
        {"what": "units", "broken_off": True, "sent": ["a.service"]}
    ]


def test_one_that_comes_to_its_end_leaves_there_what_came_of_each(endpoint: FleetEndpoint, folder: Path) -> None:
    records: list[tuple[EventKind, Mapping[str, Any]]] = []
    report = Reporter(record=lambda kind, facts: records.append((kind, facts)))
    deploy(endpoint, folder, report=report)
    deploy(endpoint, folder, report=report)
    (facts,) = (facts for kind, facts in records if kind is EventKind.CHANGE)
    assert (facts["done"], facts["failed"]) == (["a.service", "b.service"], {})
