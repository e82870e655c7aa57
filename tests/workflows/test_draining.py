"""A machine is empty once it has left, and its units are elsewhere once they were seen there; an old plan is none."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from support.aws_moto import emulated_aws
from support.cluster_files import write_cluster
from support.fleet_told import ToldFleet
from support.fleet_ways import put_way

from fleetkit.core import Patience, PreconditionError, StalePlanError, WaitTimeoutError
from fleetkit.workflows import (
    AppliedDrain,
    DrainPlan,
    UnitGate,
    Workspace,
    apply_drain,
    approve,
    draining,
    open_workspace,
    plan_drain,
    verify_drain,
)

FIRST, SECOND, THIRD = (letter * 32 for letter in "abc")
GATE = UnitGate(patience=Patience(deadline_s=0.4, interval_s=0.01), steady_s=0.02)
SLEEP = [{"section": "Service", "name": "ExecStart", "value": "/bin/sleep 9"}]


@pytest.fixture(scope="module", autouse=True)
def account() -> Iterator[None]:
    with emulated_aws():
        yield


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    write_cluster(tmp_path)
    return open_workspace("demo", folder=tmp_path, environ={"HOME": str(tmp_path)})


@pytest.fixture
def fleet(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> ToldFleet:
    """Give a fleet of the three masters, with one unit on the first."""
    made = ToldFleet()
    addresses = [one.address for one in workspace.cluster.masters.values()]
    made.machines = dict(zip((FIRST, SECOND, THIRD), addresses, strict=True))
    place(made, "web.service")
    put_way(monkeypatch, workspace, [made] * 3)
    on_switch(monkeypatch, lambda: leave(made))
    return made


def place(fleet: ToldFleet, name: str, *more: dict[str, str], machine: str = FIRST) -> None:
    state = {"desiredState": "launched", "currentState": "launched", "machineID": machine}
    fleet.units[name] = {"name": name, "options": [*SLEEP, *more], **state}


def leave(fleet: ToldFleet) -> None:
    fleet.move(FIRST)
    del fleet.machines[FIRST]


def on_switch(monkeypatch: pytest.MonkeyPatch, act: Callable[[], None]) -> None:
    """Have something happen in place of what stops a machine's fleet over SSH."""

    def run(_connection: Any, command: Sequence[str], *, limit_s: float) -> None:
        assert list(command) == ["sudo", "systemctl", "stop", "fleet.socket", "fleet.service"]
        assert limit_s > 60
        act()

    monkeypatch.setattr(draining, "run_command", run)


def carry(workspace: Workspace, plan: DrainPlan) -> AppliedDrain:
    return apply_drain(workspace, approve(plan, "demo"), gate=GATE)


def test_a_machine_is_emptied_and_its_units_are_seen_elsewhere(workspace: Workspace, fleet: ToldFleet) -> None:
    plan = plan_drain(workspace, FIRST[:8])
    assert carry(workspace, plan).moved == ("web.service",)
    assert fleet.units["web.service"]["machineID"] == SECOND
    verified = verify_drain(workspace, plan)
    assert (verified.outcome, verified.summary) == (
        "done",
        f"{plan.machine.place} is out of fleet, and its units are elsewhere",
    )


def test_a_second_time_nothing_is_claimed_of_units_that_nobody_looked_at(
    workspace: Workspace, fleet: ToldFleet
) -> None:
    leave(fleet)
    plan = plan_drain(workspace, next(iter(workspace.cluster.masters)))
    assert carry(workspace, plan).nothing
    assert verify_drain(workspace, plan).summary == f"{plan.machine.place} is out of fleet"


@pytest.mark.usefixtures("fleet")
def test_units_of_a_machine_that_does_not_leave_are_not_called_elsewhere(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    on_switch(monkeypatch, lambda: None)
    with pytest.raises(WaitTimeoutError, match="to leave fleet"):
        carry(workspace, plan_drain(workspace, FIRST))


@pytest.mark.parametrize(
    ("change", "seen"),
    [
        (lambda fleet: place(fleet, "more.service"), "more.service is another, or comes or goes"),
        (lambda fleet: fleet.units.clear(), "web.service is another"),
        (lambda fleet: fleet.units["web.service"].update(desiredState="loaded"), "web.service is another"),
        (
            lambda fleet: place(fleet, "web.service", {"section": "Service", "name": "User", "value": "x"}),
            "web.service is another",
        ),
        (lambda fleet: fleet.machines.pop(THIRD), "web.service would be on no machine: has foe.service, which"),
    ],
)
def test_a_plan_is_for_those_units_and_machines_that_it_was_made_for(
    workspace: Workspace, fleet: ToldFleet, change: Callable[[ToldFleet], Any], seen: str
) -> None:
    foe = {"section": "X-Fleet", "name": "Conflicts", "value": "web.service"}
    place(fleet, "foe.service", foe, machine=SECOND)
    plan = plan_drain(workspace, FIRST)
    change(fleet)
    with pytest.raises(StalePlanError) as stale:
        carry(workspace, plan)
    assert seen in str(stale.value)
    assert FIRST in fleet.machines


def test_a_plan_with_no_other_machine_left_is_stale(workspace: Workspace, fleet: ToldFleet) -> None:
    fleet.units.clear()
    plan = plan_drain(workspace, FIRST)
    fleet.machines = {FIRST: fleet.machines[FIRST]}
    with pytest.raises(StalePlanError, match="no other machine"):
        carry(workspace, plan)


def test_the_only_master_is_not_emptied_for_nobody_could_be_asked_then(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_cluster(tmp_path, masters={"etcd1": {"zone": "us-west-2a", "address": "10.10.3.100"}})
    alone = open_workspace("demo", folder=tmp_path, environ={"HOME": str(tmp_path)})
    fleet = ToldFleet()
    fleet.machines = {FIRST: "10.10.3.100", SECOND: "10.10.3.57"}
    put_way(monkeypatch, alone, [fleet])
    plan = plan_drain(alone, "etcd1")
    with pytest.raises(PreconditionError, match="only master"):
        plan.check()
