"""A new launch template reaches a pool machine by machine; none ends with units on it, and what fails halts it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from support.aws_moto import emulated_aws
from support.cluster_files import write_cluster
from support.fleet_told import ToldFleet
from support.fleet_ways import put_way

from fleetkit import aws
from fleetkit.core import Patience, PreconditionError, StalePlanError, WorkflowError
from fleetkit.workflows import (
    AppliedRefresh,
    RefreshPlan,
    UnitGate,
    Workspace,
    _refresh_look,
    _refresh_walk,
    apply_refresh,
    approve,
    draining,
    open_workspace,
    plan_refresh,
    reading_units,
    refreshing_pools,
    verify_refresh,
)
from fleetkit.workflows._rotation_machines import FleetMachine
from fleetkit.workflows._unit_reading import UnitReading

GATE = UnitGate(patience=Patience(deadline_s=0.4, interval_s=0.01), steady_s=0.02)
ARRIVAL = Patience(deadline_s=0.4, interval_s=0.01)
SLEEP = [{"section": "Service", "name": "ExecStart", "value": "/bin/sleep 9"}]
FIRST, SECOND = "i-1", "i-2"


def fleet_id(instance_id: str) -> str:
    return instance_id[-1] * 32


def address_of(instance_id: str) -> str:
    return f"10.10.9.{instance_id[-1]}"


@dataclass(kw_only=True)
class Pool:
    """A pool of two machines of version 1, whose launch template is at version 2 now."""

    fleet: ToldFleet
    members: dict[str, str] = field(default_factory=lambda: {FIRST: "1", SECOND: "1"})
    template: str = "2"
    ended: list[tuple[str, frozenset[str]]] = field(default_factory=list)
    arrives: bool = True
    unheard: str = ""
    on_end: Callable[[], None] = lambda: None

    def doubt(self, reading: UnitReading) -> UnitReading:
        return replace(reading, unheard=self.unheard)

    def group(self) -> aws.ScalingGroup:
        there = tuple(
            aws.ScalingMember(instance_id=one, zone="us-west-2a", lifecycle="InService", healthy=True, template=version)
            for one, version in self.members.items()
        )
        return aws.ScalingGroup(
            name="demo-internal", role="internal", minimum=0, maximum=9, desired=2, members=there, tags={},
            template=self.template,
        )  # fmt: skip

    def machines(self) -> tuple[FleetMachine, ...]:
        return tuple(
            FleetMachine(name=one, role="internal", address=address_of(one), is_running=True) for one in self.members
        )

    def join(self, instance_id: str) -> None:
        self.fleet.machines[fleet_id(instance_id)] = address_of(instance_id)

    def stop_fleet(self, address: str) -> None:
        machine = fleet_id(f"i-{address[-1]}")
        self.fleet.move(machine)
        del self.fleet.machines[machine]

    def leave(self, instance_id: str) -> None:
        """Have fleet list a machine no more, whose units nobody takes over."""
        del self.fleet.machines[fleet_id(instance_id)]

    def end(self, instance_id: str) -> None:
        """End a machine; another comes, unless it is not to."""
        carried = {name for name, one in self.fleet.units.items() if one["machineID"] == fleet_id(instance_id)}
        self.ended.append((instance_id, frozenset(carried)))
        del self.members[instance_id]
        if self.arrives:
            new = f"i-{len(self.ended) + 2}"
            self.members[new] = self.template
            self.join(new)
        self.on_end()

    def place(self, name: str, instance_id: str, *more: dict[str, str]) -> None:
        state = {"desiredState": "launched", "currentState": "launched", "machineID": fleet_id(instance_id)}
        self.fleet.units[name] = {"name": name, "options": [*SLEEP, *more], **state}


@pytest.fixture(scope="module", autouse=True)
def account() -> Iterator[None]:
    with emulated_aws():
        yield


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    write_cluster(tmp_path)
    return open_workspace("demo", folder=tmp_path, environ={"HOME": str(tmp_path)})


@pytest.fixture
def pool(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> Pool:
    made = Pool(fleet=ToldFleet())
    made.fleet.machines = {}
    for one in made.members:
        made.join(one)
    made.place("web.service", FIRST)
    put_way(monkeypatch, workspace, [made.fleet] * 3)

    # In place of what stops a machine's fleet over SSH.
    monkeypatch.setattr(draining, "_switch", lambda _way, plan, _told: made.stop_fleet(plan.machine.address))
    for module in (refreshing_pools, _refresh_look, _refresh_walk):
        monkeypatch.setattr(module, "list_machines", lambda _workspace: made.machines())
    # Nobody keeps heartbeats here.
    monkeypatch.setattr(reading_units, "doubt_reading", lambda reading, _way: made.doubt(reading))
    monkeypatch.setattr(aws, "find_scaling_group", lambda _session, _cluster, **_role: made.group())
    monkeypatch.setattr(aws, "replace_scaling_member", lambda _session, one: made.end(one))
    return made


def carry(workspace: Workspace, plan: RefreshPlan) -> AppliedRefresh:
    return apply_refresh(workspace, approve(plan, "demo"), gate=GATE, arrival=ARRIVAL)


def test_each_machine_is_replaced_and_none_ends_with_a_unit_on_it(workspace: Workspace, pool: Pool) -> None:
    plan = plan_refresh(workspace, "internal")
    assert "replaces 2 machines of the pool internal" in plan.text
    applied = carry(workspace, plan)
    assert [one for one, _ in pool.ended] == [SECOND, FIRST], "the one with fewer units first"
    assert {carried for _, carried in pool.ended} == {frozenset()}
    assert set(pool.members.values()) == {"2"}
    assert (len(applied.replaced), applied.halted_at) == (2, "")
    assert verify_refresh(workspace, plan).findings == ()
    assert plan_refresh(workspace, "internal").is_empty


def test_a_unit_that_is_not_well_elsewhere_halts_it_and_its_machine_stays(workspace: Workspace, pool: Pool) -> None:
    pool.place("web.service", SECOND)
    pool.place("more.service", SECOND)
    pool.place("other.service", FIRST)
    plan = plan_refresh(workspace, "internal")
    pool.fleet.activating.add("other.service")
    applied = carry(workspace, plan)
    assert pool.ended == []
    assert applied.halted_at == plan.drains[0].machine.place
    assert list(applied.amiss) == ["other.service"]
    assert applied.left == (plan.drains[1].machine.place,)
    assert "drain --back" in applied.text
    # Given again, it does not take the machine for one that was emptied well.
    with pytest.raises(PreconditionError, match="may have come from i-1") as refused:
        plan_refresh(workspace, "internal").check()
    assert "other.service is" in str(refused.value)


def test_what_was_broken_off_goes_on_with_the_machine_that_is_out_of_fleet(workspace: Workspace, pool: Pool) -> None:
    pool.stop_fleet(address_of(FIRST))
    plan = plan_refresh(workspace, "internal")
    assert plan.refusal is None
    assert "not in fleet" in plan.text
    assert plan.drains[0].machine.name == FIRST
    carry(workspace, plan)
    assert [one for one, _ in pool.ended] == [FIRST, SECOND]


def test_a_machine_that_leaves_by_itself_is_not_taken_for_an_emptied_one(workspace: Workspace, pool: Pool) -> None:
    plan = plan_refresh(workspace, "internal")
    pool.on_end = lambda: pool.leave(FIRST)
    with pytest.raises(WorkflowError, match="has left fleet by itself") as stopped:
        carry(workspace, plan)
    assert [one for one, _ in pool.ended] == [SECOND]
    assert stopped.value.completed == (plan.drains[0].machine.place,)


FOE = {"section": "X-Fleet", "name": "Conflicts", "value": "web.service"}


def test_units_that_no_other_machine_takes_are_refused_or_wait_for_the_new_one(
    workspace: Workspace, pool: Pool
) -> None:
    pool.place("foe.service", SECOND, FOE)
    with pytest.raises(PreconditionError, match="would be on no machine") as refused:
        plan_refresh(workspace, "internal").check()
    assert "--strand" in str(refused.value)
    plan = plan_refresh(workspace, "internal", strand=True)
    plan.check()
    assert "until the new one is there" in plan.text
    applied = carry(workspace, plan)
    assert (len(applied.replaced), applied.amiss) == (2, {})


def test_a_stranded_unit_that_does_not_come_up_halts_it_before_the_next_machine(
    workspace: Workspace, pool: Pool
) -> None:
    pool.place("foe.service", SECOND, FOE)
    plan = plan_refresh(workspace, "internal", strand=True)
    first = plan.drains[0].moving[0].name
    pool.on_end = lambda: pool.fleet.activating.add(first)
    applied = carry(workspace, plan)
    assert list(applied.amiss) == [first]
    assert len(pool.ended) == 1
    assert applied.halted_at == ""


def test_that_units_may_wait_is_part_of_what_is_approved(workspace: Workspace, pool: Pool) -> None:
    assert plan_refresh(workspace, "internal", strand=True).sha256 != plan_refresh(workspace, "internal").sha256


def break_service(pool: Pool) -> None:
    del pool.members[SECOND]


def break_fleet(pool: Pool) -> None:
    pool.members[SECOND] = "2"
    pool.leave(SECOND)


def break_unit(pool: Pool) -> None:
    pool.fleet.failing.add("web.service")


def break_heartbeat(pool: Pool) -> None:
    pool.unheard = "i-2 is overdue"


@pytest.mark.parametrize(
    ("damage", "seen"),
    [
        (break_service, "the pool has 1 machines, and 2 are wanted"),
        (break_fleet, "is not in fleet"),
        (break_unit, "would halt this"),
        (break_heartbeat, "i-2 is overdue"),
    ],
)
def test_a_pool_that_is_not_well_is_left_alone(
    workspace: Workspace, pool: Pool, damage: Callable[[Pool], None], seen: str
) -> None:
    plan = plan_refresh(workspace, "internal")
    damage(pool)
    with pytest.raises(PreconditionError, match="cannot be replaced now") as refused:
        plan_refresh(workspace, "internal").check()
    assert seen in str(refused.value)
    with pytest.raises((PreconditionError, StalePlanError)):
        carry(workspace, plan)
    assert pool.ended == []


def test_a_machine_that_does_not_come_ends_it_and_the_next_one_is_kept(workspace: Workspace, pool: Pool) -> None:
    pool.arrives = False
    plan = plan_refresh(workspace, "internal")
    with pytest.raises(WorkflowError, match="the pool has 1 machines, and 2 are wanted") as stopped:
        carry(workspace, plan)
    assert len(pool.ended) == 1
    assert stopped.value.completed == (plan.drains[0].machine.place,)


def test_a_plan_is_for_that_version_those_machines_and_those_units(workspace: Workspace, pool: Pool) -> None:
    plan = plan_refresh(workspace, "internal")
    pool.template = "3"
    with pytest.raises(StalePlanError, match="are not as they were"):
        carry(workspace, plan)
    pool.template = "2"
    pool.place("new.service", FIRST)
    with pytest.raises(StalePlanError, match="are not as they were"):
        carry(workspace, plan)
    assert pool.ended == []


def test_a_group_that_names_no_version_is_told(workspace: Workspace, pool: Pool) -> None:
    pool.template = "$Latest"
    with pytest.raises(PreconditionError, match="names no one version"):
        plan_refresh(workspace, "internal")
    assert pool.group().outdated == ()
