"""Machines that are broken on purpose: what health says of them meanwhile, and that nothing of it stays."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from support.e2e_world import Ended, World, wait_for

from fleetkit.core import Patience

pytestmark = [pytest.mark.sandbox, pytest.mark.timeout(300)]

_PATIENCE = Patience(deadline_s=60, interval_s=1)
ETCD = ["demo-etcd1", "demo-etcd2", "demo-etcd3"]


@pytest.fixture(autouse=True)
def healed(world: World) -> Iterator[None]:
    """Leave the cluster as it was, whatever a test did to it."""
    yield
    fault(world, "heal").must(0)
    wait_for("health", lambda: world.health()["verdict"] == "healthy", patience=_PATIENCE)
    assert fault(world, "list", "--json").must(0).json() == []


def fault(world: World, verb: str, *words: str) -> Ended:
    return world.fleetkit("sandbox", "fault", verb, "--dir", str(world.box), *words)


def give(world: World, *words: str) -> dict[str, Any]:
    (given,) = fault(world, *words, "--json").must(0).json()
    assert fault(world, "list", "--json").must(0).json() == [given]
    return dict(given)


def ill(world: World) -> dict[str, str]:
    """Return why each member that is not healthy is not."""
    return {one["name"]: one["reason"] for one in world.health()["members"] if not one["healthy"]}


def wait_until_ill(world: World, expected: dict[str, str]) -> None:
    """Wait until just these members are ill, for reasons that hold these words."""

    def look() -> bool:
        found = ill(world)
        return found.keys() == expected.keys() and all(expected[name] in reason for name, reason in found.items())

    wait_for(f"{expected}", look, patience=_PATIENCE)


def test_a_frozen_member_takes_connections_and_says_nothing(world: World) -> None:
    given = give(world, "freeze", "demo-etcd2")
    assert (given["kind"], len(given["machines"])) == ("freeze", 1)
    wait_until_ill(world, {"etcd2": "did not speak TLS"})
    assert world.health()["verdict"] == "degraded"


def test_a_member_cut_off_from_its_peers_answers_and_has_no_leader(world: World) -> None:
    assert give(world, "cut", "demo-etcd3", "--port", "2380")["port"] == 2380
    wait_until_ill(world, {"etcd3": "leader"})


def test_a_member_whose_clients_are_cut_off_is_out_of_reach_alone(world: World) -> None:
    give(world, "cut", "demo-etcd1", "--port", "2379")
    found = world.health()
    assert [one["name"] for one in found["members"] if not one["healthy"]] == ["etcd1"]
    assert found["verdict"] == "degraded"


def test_a_quorum_that_is_frozen_is_lost(world: World) -> None:
    give(world, "freeze", *ETCD[:2])
    wait_for("the loss", lambda: world.health()["verdict"] == "lost", patience=_PATIENCE)


def test_a_member_parted_from_the_others_is_ill_and_an_unplugged_one_is_gone(world: World) -> None:
    give(world, "part", "demo-etcd1", "--from", "demo-etcd2", "--from", "demo-etcd3")
    wait_until_ill(world, {"etcd1": ""})
    fault(world, "heal").must(0)
    give(world, "unplug", "demo-etcd2")
    wait_until_ill(world, {"etcd2": ""})


def test_no_such_machine_breaks_nothing_and_names_those_there_are(world: World) -> None:
    refused = fault(world, "freeze", "demo-etcd1", "demo-etcd9").must(1)
    assert "no machine 'demo-etcd9' in this sandbox" in refused.err
    assert "demo-etcd3" in refused.err
    assert fault(world, "list", "--json").must(0).json() == []
    assert ill(world) == {}
