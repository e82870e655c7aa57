"""The upkeep of etcd on a whole cluster: through the bastion, by notebook and by command, and with its record."""

from __future__ import annotations

import pytest
from support.e2e_world import CLUSTER, World, leader, run_notebook

from fleetkit.runs import EventKind

pytestmark = [pytest.mark.sandbox, pytest.mark.timeout(600)]


def test_members_are_defragmented_by_the_notebook_and_only_with_an_approval(world: World) -> None:
    led = leader(world)
    refused = run_notebook(world, "defragment-etcd", "-p", "everybody", "true", code=4)
    assert EventKind.CHANGE not in {kind for kind, _ in refused}
    assert leader(world) == led

    told = run_notebook(world, "defragment-etcd", "-p", "everybody", "true", "--approve", CLUSTER, code=0)
    changes = [data for kind, data in told if kind is EventKind.CHANGE]
    followers = [name for name in ("etcd1", "etcd2", "etcd3") if name != led]
    assert [one["member"] for one in changes if one["what"] == "defragmentation"] == [*followers, led]
    assert [(one["from"], one["to"]) for one in changes if one["what"] == "leadership"] == [(led, followers[0])]
    assert [data["ok"] for kind, data in told if kind is EventKind.VERIFIED] == [True]
    assert leader(world) == followers[0]
    assert world.health()["verdict"] == "healthy"


def test_the_commands_agree_that_nothing_is_left_to_do(world: World) -> None:
    told = world.fleetkit("etcd", "defragment", CLUSTER, "--json").must(0).json()
    assert (told["members"], len(told["left_out"]), told["applied"]["done"]) == ([], 3, {})
    assert world.fleetkit("etcd", "hash", CLUSTER, "--json").must(0).json()["agree"]
    assert world.fleetkit("etcd", "alarms", CLUSTER, "--json").must(0).json()["alarms"] == []
