"""A new launch template reaches the machines of a pool one by one; units are elsewhere before their machine ends."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.e2e_units import deploy_units
from support.e2e_world import CLUSTER, World, tags_of

from fleetkit.config import change_cluster_file

pytestmark = [pytest.mark.sandbox, pytest.mark.slow, pytest.mark.timeout(900)]

POOL, TYPE = "internal", "t3.large"
NAMES = ["moving@1.service", "moving@2.service"]
UNIT = "[Service]\nExecStart=/bin/sleep 100000\n[X-Fleet]\nMachineMetadata=etcd=internal\n"


def workers(world: World) -> dict[str, str]:
    """Return instance id to type of each machine of the pool."""
    found = world.instances("running")
    return {one["InstanceId"]: one["InstanceType"] for one in found if tags_of(one).get("fleetkit:role") == POOL}


def findings(world: World) -> list[str]:
    return [one for one in world.findings("pools") if "older launch template" in one]


@pytest.fixture(scope="module", autouse=True)
def left_as_it_was(world: World) -> Iterator[None]:
    """Take the units away whatever becomes of the tests: others count what fleet has on this cluster."""
    yield
    world.fleetkit("units", "destroy", CLUSTER, *NAMES, "moving@.service", "--approve", CLUSTER)


def test_after_a_deploy_of_another_machine_type_those_that_run_are_named_and_stay(world: World, tmp_path: Path) -> None:
    deploy_units(world, tmp_path / "units", {"moving@.service": UNIT}, "--instances", "moving@{1..2}.service")
    before = workers(world)
    text = world.file.read_text(encoding="utf-8")
    world.file.write_text(change_cluster_file(text, {f"pools.{POOL}.instance_type": TYPE}), encoding="utf-8")
    deployed = world.fleetkit("deploy", CLUSTER, "--approve", CLUSTER).must(0)
    assert f"fleetkit machines refresh {CLUSTER} {POOL}" in deployed.text
    assert workers(world) == before
    assert len(findings(world)) == 1
    assert world.fleetkit("plan", CLUSTER).must(0).out == "No changes.\n"


def test_they_are_replaced_one_by_one_and_each_unit_runs_afterwards(world: World) -> None:
    before = workers(world)
    assert f"replaces {len(before)} machine" in world.fleetkit("machines", "refresh", CLUSTER, POOL).must(4).out
    words = ("machines", "refresh", CLUSTER, POOL, "--approve", CLUSTER)
    refreshed = world.fleetkit(*words).must(0)
    after = workers(world)
    assert len(after) == len(before)
    assert not after.keys() & before.keys(), refreshed.text
    assert set(after.values()) == {TYPE}
    units = world.fleetkit("units", "list", CLUSTER, "--json").must(0).json()["units"]
    assert {one["name"]: one["verdict"] for one in units if one["name"] in NAMES} == dict.fromkeys(NAMES, "running")
    assert findings(world) == []
    assert "Nothing to do" in world.fleetkit(*words).must(0).out


def test_another_pool_is_as_it_was_and_no_pool_of_that_name_is_wrong_use(world: World) -> None:
    assert "Nothing to do" in world.fleetkit("machines", "refresh", CLUSTER, "public").must(0).out
    assert "no pool 'web'" in world.fleetkit("machines", "refresh", CLUSTER, "web").must(2).text
