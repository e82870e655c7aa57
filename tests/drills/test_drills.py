"""The drills of the table: each fault under a steady writer, what is said of it, its runbook, and what is lost."""

from __future__ import annotations

import pytest
from support.debian_programs import require_program
from support.drill_ground import MEMBERS, DrillGround
from support.e2e_world import CLUSTER

pytestmark = [pytest.mark.sandbox, pytest.mark.slow, pytest.mark.timeout(600)]


def restore(ground: DrillGround, *words: str) -> None:
    """Put the newest backup back, which says what is lost by that."""
    # With findings where the writer left no moment at which members of 3.5.1 could be compared; the drill does later.
    told = ground.world.fleetkit("etcd", "restore", CLUSTER, *words, "--approve", CLUSTER).must(0, 3)
    assert "Restored: both stores are as they were backed up; lost is what was written since" in told.out


# The restores come first: they put back key after key of the v2 store, which grows with each drill.
def test_stop_and_wipe_all(ground: DrillGround) -> None:
    def stop_and_wipe() -> None:
        ground.back_up()
        ground.writer.wait_for_more()
        for member in MEMBERS:
            ground.run_on(member, "systemctl stop etcd-member")
        ground.fault("wipe", MEMBERS)

    ground.drill("stop and wipe all", MEMBERS, stop_and_wipe, lambda: restore(ground))


def test_kill_and_wipe_the_majority(ground: DrillGround) -> None:
    def wipe() -> None:
        ground.back_up()
        ground.writer.wait_for_more()
        ground.fault("wipe", hit)

    hit = [ground.leader(), ground.followers()[0]]
    drill = "kill and wipe the majority"
    ground.drill(drill, hit, wipe, lambda: restore(ground), also_ill=True, notebook=True)


def test_kill_and_wipe_all(ground: DrillGround) -> None:
    def wipe() -> None:
        ground.back_up()
        ground.writer.wait_for_more()
        ground.fault("wipe", MEMBERS)

    # The writer goes on, so that the new etcd holds something.
    ground.drill("kill and wipe all", [], wipe, lambda: restore(ground, "--overwrite"), notebook=True)


def test_pause_a_follower(ground: DrillGround) -> None:
    hit = ground.followers()[:1]
    ground.drill("pause a follower", hit, lambda: ground.fault("freeze", hit), ground.heal)


def test_pause_the_leader(ground: DrillGround) -> None:
    hit = [ground.leader()]
    ground.drill("pause the leader", hit, lambda: ground.fault("freeze", hit), ground.heal, notebook=True)


def test_cut_peer_traffic(ground: DrillGround) -> None:
    hit = ground.followers()[:1]
    ground.drill("cut peer traffic", hit, lambda: ground.fault("cut", hit, "--port", "2380"), ground.heal)


def test_cut_client_traffic(ground: DrillGround) -> None:
    hit = ground.followers()[:1]
    ground.drill("cut client traffic", hit, lambda: ground.fault("cut", hit, "--port", "2379"), ground.heal)


def test_fill_the_quota(ground: DrillGround) -> None:
    def mend() -> None:
        # It says that an alarm is raised still: taking that back is the next step.
        ground.world.fleetkit("etcd", "defragment", CLUSTER, "--compact", "--all", "--approve", CLUSTER)
        ground.world.fleetkit("etcd", "alarms", CLUSTER, "--disarm", "--approve", CLUSTER).must(0)

    ground.drill("fill the quota", MEMBERS, lambda: ground.fault("fill", MEMBERS), mend)
    for member in MEMBERS:
        ground.run_on(member, "systemctl restart fleetkit-fetch etcd-member")


def rotate(ground: DrillGround) -> None:
    ground.world.fleetkit("certificates", "rotate", CLUSTER, "--approve", CLUSTER).must(0)


def test_expire_a_members_certificates(ground: DrillGround) -> None:
    hit = ground.followers()[:1]
    asked = ("sandbox", "fault", "expire", "--dir", str(ground.world.box), f"{CLUSTER}-bastion")
    assert "is no master of demo in this sandbox" in ground.world.fleetkit(*asked).must(2).err
    name = "expire a member's certificates"
    ground.drill(name, hit, lambda: ground.fault("expire", hit), lambda: rotate(ground))


def test_swap_in_a_wrong_certificate(ground: DrillGround) -> None:
    hit = ground.followers()[:1]
    ground.drill("swap in a wrong certificate", hit, lambda: ground.fault("swap", hit), lambda: rotate(ground))


def test_slow_a_disk(ground: DrillGround) -> None:
    def slow() -> None:
        require_program("strace")
        told = ground.world.fleetkit("sandbox", "fault", "slow", "--dir", str(ground.world.box), f"{CLUSTER}-{hit[0]}")
        if "Operation not permitted" in told.err:
            pytest.skip("this kernel lets no process of ours follow another, and strace slows no disk without that")
        told.must(0)

    hit = ground.followers()[:1]
    # The computer's own disk may be slow as well, and of every member the same is said then.
    ground.drill("slow a disk", hit, slow, ground.heal, also_ill=True)


def test_kill_one_follower(ground: DrillGround) -> None:
    hit = ground.followers()[:1]
    ground.drill("kill one follower", hit, lambda: ground.fault("kill", hit), passes=True)


def test_kill_the_leader(ground: DrillGround) -> None:
    hit = [ground.leader()]
    ground.drill("kill the leader", hit, lambda: ground.fault("kill", hit), passes=True)


def test_kill_the_majority(ground: DrillGround) -> None:
    hit = [ground.leader(), ground.followers()[0]]
    ground.drill("kill the majority", hit, lambda: ground.fault("kill", hit), also_ill=True, passes=True)


def test_kill_all(ground: DrillGround) -> None:
    ground.drill("kill all", MEMBERS, lambda: ground.fault("kill", MEMBERS), passes=True)


def test_kill_and_wipe_one_follower(ground: DrillGround) -> None:
    (hit, *_) = ground.followers()

    def replace() -> None:
        ground.world.fleetkit("etcd", "replace", CLUSTER, hit, "--approve", CLUSTER).must(0, 3)

    ground.drill("kill and wipe one follower", [hit], lambda: ground.fault("wipe", [hit]), replace)
