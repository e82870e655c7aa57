"""The upkeep of etcd on a whole cluster: through the bastion, by notebook and by command, and with its record."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from support.e2e_world import CLUSTER, World

from fleetkit.runs import EventKind, read_journal

pytestmark = [pytest.mark.sandbox, pytest.mark.timeout(600)]


def run_notebook(world: World, *argv: str, code: int) -> list[tuple[EventKind, Any]]:
    """Run the notebook that defragments, and return what its journal tells."""
    folder = world.work / "runs" / CLUSTER
    before: set[Path] = set(folder.glob("*"))
    world.fleetkit("run", "defragment-etcd", "--cluster", CLUSTER, *argv).must(code)
    (record,) = {one for one in folder.glob("*") if one.is_dir()} - before
    return [(one.kind, one.data) for one in read_journal(record)]


def leader(world: World) -> str:
    told = world.fleetkit("etcd", "status", CLUSTER, "--json").must(0).json()
    return next(str(one["name"]) for one in told["members"] if one["is_leader"])


def test_members_are_defragmented_by_the_notebook_and_only_with_an_approval(world: World) -> None:
    led = leader(world)
    refused = run_notebook(world, "-p", "everybody", "true", code=4)
    assert EventKind.CHANGE not in {kind for kind, _ in refused}
    assert leader(world) == led

    told = run_notebook(world, "-p", "everybody", "true", "--approve", CLUSTER, code=0)
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
