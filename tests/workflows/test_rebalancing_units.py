"""Units move to a machine that came back, some at a time; whatever goes wrong, what was unloaded is wanted again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from support.aws_moto import emulated_aws
from support.cluster_files import write_cluster
from support.fleet_told import MACHINE, ToldFleet
from support.fleet_ways import put_way

from fleetkit.core import NotFoundError, Patience, SshError, StalePlanError
from fleetkit.fleet import FleetEndpoint, read_unit_files
from fleetkit.runs import EventKind
from fleetkit.workflows import (
    AppliedRebalance,
    RebalancePlan,
    Reporter,
    UnitGate,
    Workspace,
    apply_rebalance,
    apply_units,
    approve,
    open_workspace,
    plan_machine_rebalance,
    plan_unit_deploy,
    plan_units_undo,
    verify_rebalance,
)

GATE = UnitGate(patience=Patience(deadline_s=2, interval_s=0.01), steady_s=0.02)
OTHER = "b" * 32
NAMES = [f"{one}.service" for one in "abcd"]


def deploy(source: Workspace | FleetEndpoint, folder: Path, version: str = "1") -> None:
    for name in NAMES:
        (folder / name).write_text(f"[Service]\nExecStart=/bin/{version}\n")
    plan = plan_unit_deploy(source, read_unit_files([folder]))
    assert apply_units(source, approve(plan, plan.cluster), gate=GATE).failed == {}


def come_back(fleet: ToldFleet) -> None:
    """Have a second machine join, on which whatever is asked for from now on is placed."""
    fleet.machines = {OTHER: "10.0.0.2", MACHINE: "10.0.0.1"}
    fleet.told.clear()


def carry(
    source: Workspace | FleetEndpoint, plan: RebalancePlan, *, report: Reporter | None = None
) -> AppliedRebalance:
    return apply_rebalance(source, approve(plan, plan.cluster), gate=GATE, report=report)


def test_one_after_the_other_moves_and_is_seen_to_run(
    fleet: ToldFleet, endpoint: FleetEndpoint, tmp_path: Path
) -> None:
    deploy(endpoint, tmp_path)
    come_back(fleet)
    plan = plan_machine_rebalance(endpoint)
    applied = carry(endpoint, plan)
    assert fleet.told == [("PUT", name) for name in ("a.service", "a.service", "b.service", "b.service")]
    assert applied.moved == {"a.service": "10.0.0.2", "b.service": "10.0.0.2"}
    assert str(applied).endswith("2 units of " + plan.cluster + " moved.")
    verified = verify_rebalance(endpoint, plan)
    assert (verified.outcome, verified.loads) == ("done", {"10.0.0.2": 2, "10.0.0.1": 2})
    assert plan_machine_rebalance(endpoint).is_empty


def test_what_fleet_places_where_it_was_is_told(fleet: ToldFleet, endpoint: FleetEndpoint, tmp_path: Path) -> None:
    deploy(endpoint, tmp_path)
    come_back(fleet)
    plan = plan_machine_rebalance(endpoint)
    fleet.machines = dict(reversed(fleet.machines.items()))
    applied = carry(endpoint, plan)
    assert applied.moved == {}
    assert "a.service: fleet placed it on 10.0.0.1 again" in str(applied)
    assert verify_rebalance(endpoint, plan).findings[0] == "a.service is where it was, on 10.0.0.1"


def test_the_first_that_does_not_run_halts_the_rest(fleet: ToldFleet, endpoint: FleetEndpoint, tmp_path: Path) -> None:
    deploy(endpoint, tmp_path)
    come_back(fleet)
    plan = plan_machine_rebalance(endpoint)
    fleet.failing.add("a.service")
    applied = carry(endpoint, plan)
    assert (list(applied.failed), applied.unsent, applied.owed) == (["a.service"], ("b.service",), ())
    assert {its["desiredState"] for its in fleet.units.values()} == {"launched"}


def test_what_another_one_changed_meanwhile_is_not_moved(
    fleet: ToldFleet, endpoint: FleetEndpoint, tmp_path: Path
) -> None:
    deploy(endpoint, tmp_path)
    come_back(fleet)
    plan = plan_machine_rebalance(endpoint)
    fleet.units["b.service"]["desiredState"] = "loaded"
    with pytest.raises(StalePlanError, match="not as they were") as stale:
        carry(endpoint, plan)
    assert stale.value.seen == "b.service is another, or elsewhere"
    assert fleet.told == []


def test_a_machine_that_came_or_went_meanwhile_makes_the_plan_stale(
    fleet: ToldFleet, endpoint: FleetEndpoint, tmp_path: Path
) -> None:
    deploy(endpoint, tmp_path)
    come_back(fleet)
    plan = plan_machine_rebalance(endpoint)
    del fleet.machines[OTHER]
    fleet.machines["c" * 32] = "10.0.0.3"
    with pytest.raises(StalePlanError) as stale:
        carry(endpoint, plan)
    assert stale.value.seen == "the machine 10.0.0.2 has left fleet; the machine cccccccc has joined fleet"


@pytest.fixture(scope="module")
def account() -> Iterator[None]:
    with emulated_aws():
        yield


@pytest.fixture
def workspace(account: None, tmp_path: Path, fleet: ToldFleet, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    write_cluster(tmp_path)
    opened = open_workspace("demo", folder=tmp_path, environ={"HOME": str(tmp_path)})
    put_way(monkeypatch, opened, [fleet] * len(opened.cluster.masters))
    (tmp_path / "units").mkdir()
    return opened


def test_what_was_unloaded_when_the_way_was_lost_is_named_and_undo_has_it_back(
    workspace: Workspace, fleet: ToldFleet
) -> None:
    deploy(workspace, workspace.folder / "units")
    come_back(fleet)
    plan = plan_machine_rebalance(workspace)
    records: list[tuple[EventKind, Mapping[str, Any]]] = []
    fleet.cut_after = 1
    with pytest.raises(SshError) as lost:
        carry(workspace, plan, report=Reporter(record=lambda kind, facts: records.append((kind, facts))))
    assert lost.value.seen is not None
    assert lost.value.seen.endswith("unloaded: a.service")
    assert "fleetkit units start" in (lost.value.hint or "")
    assert [facts["owed"] for kind, facts in records if kind is EventKind.CHANGE] == [["a.service"]]
    fleet.cut_after = None
    back = plan_units_undo(workspace)
    assert [one.name for one in back.changes] == ["a.service"]
    apply_units(workspace, approve(back, "demo"), gate=GATE)
    assert fleet.units["a.service"]["desiredState"] == "launched"


def test_one_that_comes_to_its_end_leaves_the_way_back_of_the_change_before(
    workspace: Workspace, fleet: ToldFleet
) -> None:
    folder = workspace.folder / "units"
    deploy(workspace, folder)
    come_back(fleet)
    assert len(carry(workspace, plan_machine_rebalance(workspace)).moved) == 2
    assert [one.action for one in plan_units_undo(workspace).changes] == ["destroy"] * len(NAMES)


def test_without_a_change_before_there_is_nothing_to_undo_after_one(workspace: Workspace, fleet: ToldFleet) -> None:
    deploy(workspace, workspace.folder / "units")
    (workspace.paths.folder / "units-before.json").unlink()
    come_back(fleet)
    carry(workspace, plan_machine_rebalance(workspace))
    with pytest.raises(NotFoundError, match="no change of units of demo to undo"):
        plan_units_undo(workspace)
