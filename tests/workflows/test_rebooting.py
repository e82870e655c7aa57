"""Masters are rebooted one at a time behind the gate: who has an update that waits, the leader last, and never two."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from support.aws_moto import emulated_aws
from support.cluster_files import write_cluster
from support.etcd_cluster import EtcdCluster

from fleetkit.core import NotFoundError, Patience, QuorumAtRiskError, SshError, StalePlanError, WorkflowError
from fleetkit.etcd import read_health
from fleetkit.workflows import (
    AppliedReboot,
    RebootPlan,
    WayIn,
    Workspace,
    apply_reboot,
    approve,
    open_workspace,
    plan_reboot,
    rebooting,
    verify_reboot,
)
from fleetkit.workflows._reboot_machine import MasterSystem

pytestmark = pytest.mark.sandbox

SOON = Patience(deadline_s=60, interval_s=0.1)


@dataclass(kw_only=True)
class Place:
    """The cluster demo, whose members are here, and whose machines are a number of boots each."""

    workspace: Workspace
    etcd: EtcdCluster
    boots: dict[str, int] = field(default_factory=lambda: dict.fromkeys(("etcd1", "etcd2", "etcd3"), 1))
    waiting: dict[str, str] = field(default_factory=dict)
    order: list[str] = field(default_factory=list)
    healthy_before: list[int] = field(default_factory=list)
    stays_away: str = ""

    def plan(self, *only: str, everybody: bool = False) -> RebootPlan:
        return plan_reboot(self.workspace, only=only, everybody=everybody)

    def apply(self, plan: RebootPlan) -> AppliedReboot:
        return apply_reboot(self.workspace, approve(plan, "demo"), patience=SOON)

    def read_system(self, _way: WayIn, name: str, _address: str, *, is_leader: bool) -> MasterSystem:
        return MasterSystem(
            name=name,
            boot_id=str(self.boots[name]),
            version="4152.2.0",
            waiting=self.waiting.get(name, ""),
            is_leader=is_leader,
            told=True,
        )

    def reboot_master(self, _way: WayIn, name: str, _address: str, *, patience: Patience) -> None:
        assert patience is SOON
        found = read_health(self.etcd.endpoints(), tls=self.etcd.tls)
        self.healthy_before.append(sum(one.healthy for one in found.members))
        self.order.append(name)
        if name == self.stays_away:
            raise SshError(f"{name} does not come back")
        self.etcd.kill(name)
        self.etcd.start(name)
        self.boots[name] += 1
        self.waiting.pop(name, None)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EtcdCluster]:
    with EtcdCluster(tmp_path_factory.mktemp("etcd")) as cluster:
        yield cluster


@pytest.fixture
def place(running: EtcdCluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    write_cluster(tmp_path)
    with emulated_aws():
        place = Place(workspace=open_workspace("demo", folder=tmp_path, environ={"HOME": str(tmp_path)}), etcd=running)
        monkeypatch.setattr(rebooting, "open_way_in", running.open_way)
        for name in ("read_system", "reboot_master"):
            monkeypatch.setattr(rebooting, name, getattr(place, name))
        yield place
    running.mend()


def test_nobody_is_rebooted_for_whom_no_update_waits(place: Place) -> None:
    plan = place.plan()
    assert plan.is_empty
    assert "no master of demo says that an update waits" in str(plan)
    assert str(apply_reboot(place.workspace, approve(plan, ""))).startswith("Nothing to do")
    assert place.order == []


def test_those_with_an_update_reboot_one_by_one_each_while_all_are_well_and_the_leader_last(place: Place) -> None:
    led = place.etcd.leader()
    place.waiting = dict.fromkeys(place.boots, "4230.1.0")
    plan = place.plan()
    assert "4230.1.0 waits" in str(plan)
    assert plan.masters[-1].name == led
    assert place.apply(plan).done == tuple(place.order)
    assert sorted(place.order) == ["etcd1", "etcd2", "etcd3"]
    assert place.healthy_before == [3, 3, 3]
    verified = verify_reboot(place.workspace, patience=SOON)
    assert (verified.outcome, verified.findings) == ("done", ())


def test_a_master_that_is_named_reboots_without_an_update_and_a_wrong_name_lists_those_that_are_known(
    place: Place,
) -> None:
    plan = place.plan("etcd2")
    assert ([one.name for one in plan.masters], len(plan.left_out)) == (["etcd2"], 2)
    place.apply(plan)
    assert place.order == ["etcd2"]
    with pytest.raises(NotFoundError, match="demo has no master etcd4") as unknown:
        place.plan("etcd4")
    assert list(unknown.value.known) == ["etcd1", "etcd2", "etcd3"]


def test_where_one_does_not_come_back_nobody_else_is_rebooted_and_the_next_run_takes_the_rest(place: Place) -> None:
    place.waiting = dict.fromkeys(place.boots, "4230.1.0")
    plan = place.plan()
    first, second, third = (one.name for one in plan.masters)
    place.stays_away = second
    with pytest.raises(WorkflowError, match="go on with fleetkit etcd reboot demo") as stopped:
        place.apply(plan)
    assert stopped.value.completed == (first,)
    assert third not in place.order
    assert verify_reboot(place.workspace, patience=SOON).outcome == "findings"

    place.stays_away = ""
    assert {one.name for one in place.plan().masters} == {second, third}
    place.apply(place.plan())
    assert verify_reboot(place.workspace, patience=SOON).findings == ()


def test_nothing_is_done_while_a_member_is_ill_or_after_somebody_else_rebooted(place: Place) -> None:
    stale = place.plan(everybody=True)
    place.boots["etcd3"] += 1
    with pytest.raises(StalePlanError, match="rebooted since the plan was made: etcd3"):
        place.apply(stale)
    place.etcd.pause("etcd1")
    try:
        with pytest.raises(QuorumAtRiskError, match="no master of demo can be rebooted now"):
            place.plan(everybody=True).check()
    finally:
        place.etcd.resume("etcd1")
    assert place.order == []
