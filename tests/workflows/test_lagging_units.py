"""What fleet has as it is wanted, and what is not there all the same, is never called done, and nothing goes by it."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.fleet_told import ToldFleet

from fleetkit.core import Patience, PreconditionError
from fleetkit.fleet import DesiredState, FleetEndpoint, read_unit_files
from fleetkit.workflows import (
    AppliedUnits,
    UnitAction,
    UnitGate,
    UnitsPlan,
    apply_units,
    approve,
    plan_unit_deploy,
    plan_units,
    verify_units,
)

GATE = UnitGate(patience=Patience(deadline_s=0.5, interval_s=0.01), steady_s=0.02)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Hold two units of which one waits for the other, and one that nobody waits for."""
    write(tmp_path, "db.service")
    write(tmp_path, "web.service", after="db.service")
    write(tmp_path, "alone.service")
    return tmp_path


def write(folder: Path, name: str, *, after: str = "", version: str = "1") -> None:
    (folder / name).write_text(f"[Unit]\nAfter={after}\n[Service]\nExecStart=/bin/{name} {version}\n")


def plan(endpoint: FleetEndpoint, folder: Path, *, at_once: int = 0) -> UnitsPlan:
    return plan_unit_deploy(endpoint, read_unit_files([folder]), at_once=at_once)


def carry(endpoint: FleetEndpoint, planned: UnitsPlan) -> AppliedUnits:
    return apply_units(endpoint, approve(planned, planned.cluster), gate=GATE)


def test_a_unit_that_failed_is_told_of_each_time_and_what_waits_for_it_is_never_sent(
    fleet: ToldFleet, endpoint: FleetEndpoint, folder: Path
) -> None:
    fleet.failing.add("db.service")
    assert carry(endpoint, plan(endpoint, folder)).unsent == ("web.service",)
    for _ in range(2):
        again = plan(endpoint, folder)
        assert [one.name for one in again.changes] == ["web.service"]
        assert "1 to create; 2 unchanged, and 1 of them not there" in again.aim
        assert "db.service is in fleet as wanted, and is failed: loaded, failed, failed on 10.0.0.1" in again.text
        assert "not sent before it is there: web.service" in again.text
        applied = carry(endpoint, again)
        assert (applied.done, applied.unsent, list(applied.late)) == ((), ("web.service",), ["db.service"])
        assert "! db.service is failed" in applied.text
        assert [one.split()[0] for one in verify_units(endpoint, again).findings] == ["web.service", "db.service"]
    assert "web.service" not in fleet.units


def test_one_that_failed_keeps_nothing_back_that_does_not_wait_for_it_and_is_a_finding(
    fleet: ToldFleet, endpoint: FleetEndpoint, folder: Path
) -> None:
    carry(endpoint, plan(endpoint, folder))
    fleet.failing.add("alone.service")
    again = plan(endpoint, folder)
    assert again.is_empty
    assert again.aim.endswith("units are in fleet of " + endpoint.name + " as wanted, and 1 of them not there.")
    applied = carry(endpoint, again)
    assert "0 units" in applied.text
    assert "! alone.service is failed" in applied.text
    assert verify_units(endpoint, again).outcome == "findings"
    write(folder, "web.service", after="db.service", version="2")
    applied = carry(endpoint, plan(endpoint, folder))
    assert (applied.done, applied.failed, list(applied.late)) == (("web.service",), {}, ["alone.service"])


def test_one_that_is_still_starting_is_waited_for_before_what_waits_for_it_is_sent(
    fleet: ToldFleet, endpoint: FleetEndpoint, folder: Path
) -> None:
    fleet.activating.add("db.service")
    assert carry(endpoint, plan(endpoint, folder)).unsent == ("web.service",)
    again = plan(endpoint, folder)
    assert list(carry(endpoint, again).late) == ["db.service"]
    assert "web.service" not in fleet.units
    fleet.activating.clear()
    assert carry(endpoint, again).done == ("web.service",)


def test_what_was_sent_and_still_starts_is_seen_through_though_nothing_is_to_be_sent(
    fleet: ToldFleet, endpoint: FleetEndpoint, folder: Path
) -> None:
    carry(endpoint, plan(endpoint, folder))
    fleet.activating.add("alone.service")
    for planned in (plan(endpoint, folder), plan_units(endpoint, ["alone.service"], UnitAction.START)):
        assert planned.is_empty
        assert list(carry(endpoint, planned).late) == ["alone.service"]
    fleet.activating.clear()
    applied = carry(endpoint, planned)
    assert applied.late == {}
    assert applied.text.startswith("Nothing to do: all units")


def test_a_roll_takes_no_other_instance_down_while_one_does_not_run_as_all_are_to(
    fleet: ToldFleet, endpoint: FleetEndpoint, tmp_path: Path
) -> None:
    write(tmp_path, "w@.service")
    files = read_unit_files([tmp_path])
    carry(endpoint, plan_unit_deploy(endpoint, files, instances=["w@{1..3}.service"]))
    write(tmp_path, "w@.service", version="2")
    fleet.failing.add("w@.service 2")
    first = plan(endpoint, tmp_path, at_once=1)
    assert carry(endpoint, first).unsent == ("w@2.service", "w@3.service")
    again = plan(endpoint, tmp_path, at_once=1)
    with pytest.raises(PreconditionError, match=r"w@1.service is failed"):
        again.check()
    plan(endpoint, tmp_path).check()
    # One that is on its way is waited for, and the next one's turn comes only then.
    fleet.failing.clear()
    fleet.activating.add("w@1.service")
    waiting = plan(endpoint, tmp_path, at_once=1)
    applied = carry(endpoint, waiting)
    assert (applied.done, list(applied.late)) == ((), ["w@1.service"])
    fleet.activating.clear()
    assert carry(endpoint, plan(endpoint, tmp_path, at_once=1)).done == ("w@2.service", "w@3.service")


def test_a_roll_halts_at_an_instance_that_comes_to_its_end_though_nothing_failed(
    fleet: ToldFleet, endpoint: FleetEndpoint, tmp_path: Path
) -> None:
    write(tmp_path, "w@.service")
    carry(endpoint, plan_unit_deploy(endpoint, read_unit_files([tmp_path]), instances=["w@{1..3}.service"]))
    write(tmp_path, "w@.service", version="2")
    fleet.ending.add("w@.service 2")
    first = plan(endpoint, tmp_path, at_once=1)
    applied = carry(endpoint, first)
    assert applied.failed == {"w@1.service": "ended: loaded, inactive, dead on 10.0.0.1, and was to stay"}
    assert applied.unsent == ("w@2.service", "w@3.service")
    assert verify_units(endpoint, first).outcome == "findings"
    with pytest.raises(PreconditionError, match=r"w@1.service is ended"):
        plan(endpoint, tmp_path, at_once=1).check()


@pytest.mark.parametrize(("kind", "at_once"), [("oneshot", 1), ("simple", 0)])
def test_one_that_does_its_work_once_may_come_to_its_end(
    fleet: ToldFleet, endpoint: FleetEndpoint, tmp_path: Path, *, kind: str, at_once: int
) -> None:
    write(tmp_path, "w@.service")
    carry(endpoint, plan_unit_deploy(endpoint, read_unit_files([tmp_path]), instances=["w@{1..2}.service"]))
    (tmp_path / "w@.service").write_text(f"[Service]\nType=simple\nType={kind}\nExecStart=/bin/once\n")
    fleet.ending.add("/bin/once")
    assert carry(endpoint, plan(endpoint, tmp_path, at_once=at_once)).failed == {}


def test_units_that_wait_for_each_other_are_not_waited_for(
    fleet: ToldFleet, endpoint: FleetEndpoint, tmp_path: Path
) -> None:
    write(tmp_path, "a.service", after="b.service")
    write(tmp_path, "b.service", after="a.service")
    carry(endpoint, plan(endpoint, tmp_path))
    fleet.failing.add("a.service 1")
    write(tmp_path, "b.service", after="a.service", version="2")
    assert carry(endpoint, plan(endpoint, tmp_path)).done == ("b.service",)


def test_what_is_stopped_waits_for_nobody(fleet: ToldFleet, endpoint: FleetEndpoint, folder: Path) -> None:
    carry(endpoint, plan(endpoint, folder))
    fleet.failing.add("db.service")
    assert carry(endpoint, plan_units(endpoint, ["web.service"], UnitAction.STOP)).done == ("web.service",)


def test_a_unit_that_fleet_has_loaded_and_not_started_is_not_there(
    fleet: ToldFleet, endpoint: FleetEndpoint, folder: Path
) -> None:
    carry(endpoint, plan_unit_deploy(endpoint, read_unit_files([folder]), desired=DesiredState.LOADED))
    fleet.lingering.add("db.service")
    applied = carry(endpoint, plan(endpoint, folder))
    assert applied.failed == {"db.service": "waiting: loaded, inactive, dead on 10.0.0.1, and is not started yet"}
    assert applied.unsent == ("web.service",)
