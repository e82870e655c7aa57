"""Masters reboot truly, one by one and under the writer: who has an update that waits, and then none has."""

from __future__ import annotations

import pytest
from support.drill_ground import MEMBERS, DrillGround
from support.e2e_world import CLUSTER

pytestmark = [pytest.mark.sandbox, pytest.mark.slow, pytest.mark.timeout(900)]


def test_masters_with_an_update_that_waits_reboot_one_by_one_and_nothing_acknowledged_is_lost(
    ground: DrillGround,
) -> None:
    world = ground.world
    assert "Nothing to do" in world.fleetkit("etcd", "reboot", CLUSTER).must(0).out
    for name in MEMBERS:
        ground.run_on(name, "echo 4230.1.0 > /run/update-waits")
    ground.writer.wait_for_more()
    told = world.fleetkit("etcd", "reboot", CLUSTER, "--approve", CLUSTER, "--json").must(0).json()
    assert [one["waiting"] for one in told["masters"]] == ["4230.1.0"] * 3
    boots = {one["name"]: one["boot_id"] for one in told["masters"]}
    now = {one["name"]: one["boot_id"] for one in told["verified"]["masters"]}
    assert sorted(told["applied"]["done"]) == MEMBERS
    assert [name for name in MEMBERS if boots[name] == now[name]] == []
    ground.writer.wait_for_more()
    ground.writer.stop()
    try:
        assert ground.writer.find_lost().count == 0
    finally:
        ground.writer.start()
    assert world.health()["verdict"] == "healthy"
