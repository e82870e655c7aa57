"""Without namespaces a cluster comes up, is healthy, is inspected through its bastion, and goes, all the same."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from support import e2e_world
from support.e2e_world import CLUSTER, World

pytestmark = [pytest.mark.sandbox, pytest.mark.slow, pytest.mark.timeout(1200)]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = e2e_world.bring_up(tmp_path, network="loopback")
    try:
        yield world
    finally:
        e2e_world.take_down(world)


def test_a_cluster_lives_in_loopback_mode_and_leaves_nothing(world: World) -> None:
    e2e_world.deploy(world)
    health = world.health()
    assert (health["verdict"], len(health["members"])) == ("healthy", 3)
    assert world.etcdctl("endpoint", "health").code == 0
    assert world.fleetkit("plan", CLUSTER).must(0).out.strip().endswith("No changes.")
    parts = world.inspect()["parts"]
    for part in ("machines", "members", "quorum", "pools", "certificates", "drift", "pending"):
        assert parts[part]["findings"] == [], part
    world.fleetkit("destroy", CLUSTER, "--approve", CLUSTER).must(0)
    assert world.instances("running", "stopped") == []
    assert world.sandbox("machines", "--json").must(0).json() == []
