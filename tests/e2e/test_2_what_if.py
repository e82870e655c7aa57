"""What if, of a cluster that is there: read as it is, and what it foretells is what then happens."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from support.e2e_world import CLUSTER, World, wait_for
from support.security_rules import list_rules, taken_away

from fleetkit.core import Patience

pytestmark = [pytest.mark.sandbox, pytest.mark.timeout(300)]

_PATIENCE = Patience(deadline_s=60, interval_s=1)
PEERS = "etcd-peer-from-master-to-master"


def suppose(world: World, *words: str, live: bool = True) -> dict[str, Any]:
    ended = world.fleetkit("what-if", CLUSTER, *words, "--json", *(["--live"] if live else []))
    found: dict[str, Any] = ended.json()
    assert ended.code == {"done": 0, "findings": 3, "failed": 1}[found["outcome"]], ended.text
    return found


def effects(found: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {one["name"]: one for one in found["effects"]}


def test_what_is_there_is_what_the_file_said_there_would_be(world: World) -> None:
    zone = ("--zone", "us-west-2a")
    planned, live = suppose(world, *zone, live=False), suppose(world, *zone)
    assert (live["unknown"], live["outcome"]) == ([], "findings")
    assert live["quorum"] == planned["quorum"]
    for name in ("quorum", "way in", "egress"):
        assert effects(live)[name] == effects(planned)[name]
    for name in ("pool internal", "pool public"):
        there, wanted = effects(live)[name], effects(planned)[name]
        assert there["before"] == wanted["before"]
        assert there["left"] >= wanted["left"], "what the file foretells is the worst"
    assert not [name for name in effects(live) if name.startswith("rule")], "every rule is there"


def test_load_balancers_have_the_targets_that_an_inspection_counts(world: World) -> None:
    rows = world.inspect()["parts"]["targets"]["rows"]
    healthy = Counter(one["target group"] for one in rows if one["health"] == "healthy")
    balancers = {
        name: one["left"]
        for name, one in effects(suppose(world, "--on", "2000-01-01")).items()
        if one["part"] == "load balancer"
    }
    assert balancers == {name: healthy[name] for name in balancers}
    assert set(balancers) >= {one["target group"] for one in rows}


def test_a_rule_that_somebody_took_away_is_missing_already(world: World) -> None:
    rule = next(one for one in list_rules(world) if one.direction == "in" and one.flow == "master > master:2380")
    with taken_away(world, rule):
        found = effects(suppose(world, "--member", "etcd1"))
    assert (found[f"rule {PEERS}"]["fate"], found["quorum"]["fate"]) == ("lost", "lost")
    wait_for("health", lambda: world.health()["verdict"] == "healthy", patience=_PATIENCE)


@pytest.mark.slow
def test_an_ill_member_counts_as_lost_and_what_was_foretold_then_happens(world: World) -> None:
    assert suppose(world, "--member", "etcd2")["quorum"]["state"] == "degraded"
    assert suppose(world, "--member", "etcd2", "--member", "etcd3")["quorum"]["state"] == "lost"
    fault = ("sandbox", "fault")
    try:
        world.fleetkit(*fault, "freeze", "--dir", str(world.box), "demo-etcd2").must(0)
        wait_for("the ill member", lambda: world.health()["verdict"] == "degraded", patience=_PATIENCE)
        found = suppose(world, "--member", "etcd3")
        assert found["quorum"]["state"] == "lost"
        assert "etcd2 (not healthy before)" in effects(found)["quorum"]["says"]
        world.fleetkit(*fault, "freeze", "--dir", str(world.box), "demo-etcd3").must(0)
        wait_for("the loss", lambda: world.health()["verdict"] == "lost", patience=_PATIENCE)
    finally:
        world.fleetkit(*fault, "heal", "--dir", str(world.box)).must(0)
    wait_for("health", lambda: world.health()["verdict"] == "healthy", patience=_PATIENCE)
