"""What an operator sees when a rule or a grant is missing: no quorum, a pool without its machine, a boot that fails."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator

import pytest
from support.e2e_world import CLUSTER, World, wait_for
from support.security_grants import Grant, list_grants, withdrawn
from support.security_needs import Scene, set_scene
from support.security_rules import Rule, list_rules, taken_away

from fleetkit.core import Patience

pytestmark = [pytest.mark.sandbox, pytest.mark.slow, pytest.mark.timeout(900)]

_PATIENCE = Patience(deadline_s=120, interval_s=1)
_BOTH = ("in", "out")


@pytest.fixture(scope="module")
def scene(world: World) -> Iterator[Scene]:
    with set_scene(world) as made:
        yield made


def rule_of(scene: Scene, direction: str, flow: str) -> Rule:
    (found,) = [one for one in list_rules(scene.world) if str(one) == f"{direction} {flow}"]
    return found


def grant_of(scene: Scene, text: str) -> Grant:
    (found,) = [one for one in list_grants(scene.world) if str(one) == text]
    return found


def on(scene: Scene, address: str, *argv: str) -> str:
    """Run a program on a machine and return what it wrote, however it ended."""
    done = scene.sandbox.run_on(address, argv)
    return (done.stdout + done.stderr).decode()


def api_of(scene: Scene, address: str) -> dict[str, object]:
    """Return what fleet's API on a machine answers about the machines; nothing where nobody answers."""
    said = on(
        scene, address, "curl", "-s", "-m", "5", "--unix-socket", "/run/fleet.sock", "http://fleet/fleet/v1/machines"
    )
    return dict(json.loads(said)) if said else {}


def joined(scene: Scene) -> set[str]:
    """Return the addresses of the machines that the first master's fleet lists."""
    listed = api_of(scene, scene.machines["master"][0]).get("machines", [])
    assert isinstance(listed, list)
    return {one["primaryIP"] for one in listed}


@pytest.mark.parametrize("direction", _BOTH)
def test_without_the_rule_between_members_a_restart_loses_the_quorum(scene: Scene, direction: str) -> None:
    with taken_away(scene.world, rule_of(scene, direction, "master > master:2380")):
        # Connections that are open outlive their rule, so two members begin anew.
        for address in scene.machines["master"][:2]:
            on(scene, address, "systemctl", "restart", "etcd-member")
        wait_for("the quorum to be lost", lambda: scene.world.health()["verdict"] == "lost", patience=_PATIENCE)
    wait_for("the quorum to be back", lambda: scene.world.health()["verdict"] == "healthy", patience=_PATIENCE)


@contextlib.contextmanager
def _own_member_stopped(scene: Scene, role: str, address: str) -> Iterator[None]:
    """Stop a master's own member, which its fleet would ask otherwise; workers have none."""
    if role != "master":
        yield
        return
    on(scene, address, "systemctl", "stop", "etcd-member")
    try:
        yield
    finally:
        on(scene, address, "systemctl", "start", "etcd-member")


@pytest.mark.parametrize("direction", _BOTH)
@pytest.mark.parametrize("role", ["master", "internal", "public"])
def test_without_its_rule_to_etcd_a_machine_does_not_join_fleet(scene: Scene, role: str, direction: str) -> None:
    address = scene.machines[role][-1]
    with _own_member_stopped(scene, role, address):
        on(scene, address, "systemctl", "stop", "fleet.service")
        wait_for("it to have left", lambda: address not in joined(scene), patience=_PATIENCE)
        with taken_away(scene.world, rule_of(scene, direction, f"{role} > master:2379")):
            on(scene, address, "systemctl", "start", "fleet.service")
            wait_for("fleet to say why not", lambda: "communicate with etcd" in str(api_of(scene, address)))
            assert address not in joined(scene)
        wait_for("it to join", lambda: address in joined(scene), patience=_PATIENCE)
    wait_for("health", lambda: scene.world.health()["verdict"] == "healthy", patience=_PATIENCE)


def _replaced(scene: Scene, pool: str) -> str:
    """Terminate a machine of a pool, and return the address of the one that comes for it."""
    ec2 = scene.world.client("ec2")
    before = {one["InstanceId"] for one in scene.world.instances_of(pool)}
    ec2.terminate_instances(InstanceIds=[min(before)])
    found: list[str] = []

    def look() -> bool:
        # An auto scaling group is looked at, and acts, when somebody asks for it.
        scene.world.client("autoscaling").describe_auto_scaling_groups()
        fresh = [one for one in scene.world.instances_of(pool) if one["InstanceId"] not in before]
        found[:] = [one["PrivateIpAddress"] for one in fresh]
        return bool(found)

    wait_for("a new machine", look)
    return found[0]


def _states(scene: Scene) -> dict[str, str]:
    return {one["address"]: one["state"] for one in scene.sandbox.machines()}


@pytest.mark.parametrize(
    ("pool", "missing", "said"),
    [
        ("internal", "internal may s3:GetObject roles/internal/*", "403"),
        ("public", "public may s3:GetObject archives/*", "403"),
        ("public", "public may be sts:AssumeRole by ec2.amazonaws.com", "without usable credentials"),
        ("internal", "out internal > world:443", "s3://"),
        ("public", "out public > world:443", "s3://"),
    ],
)
def test_a_machine_that_boots_without_it_fails_and_joins_once_it_is_there(
    scene: Scene, pool: str, missing: str, said: str
) -> None:
    direction, _, flow = missing.partition(" ")
    away = (
        taken_away(scene.world, rule_of(scene, direction, flow))
        if direction in _BOTH
        else withdrawn(scene.world, grant_of(scene, missing))
    )
    with away:
        address = _replaced(scene, pool)
        journal = ("journalctl", "-u", "fleetkit-fetch")
        wait_for("the boot", lambda: _states(scene).get(address) in ("booting", "running"))
        wait_for("the fetch to fail", lambda: said in on(scene, address, *journal), patience=_PATIENCE)
        assert address not in joined(scene)
    wait_for("it to join", lambda: address in joined(scene), patience=_PATIENCE)


def test_a_master_that_reboots_while_it_may_not_fetch_comes_up_with_the_files_it_has(scene: Scene) -> None:
    master = scene.world.instances_of("master")[-1]
    address = master["PrivateIpAddress"]
    boot = on(scene, address, "cat", "/proc/sys/kernel/random/boot_id")
    with withdrawn(scene.world, grant_of(scene, "master may s3:GetObject roles/master/*")):
        scene.world.client("ec2").reboot_instances(InstanceIds=[master["InstanceId"]])
        wait_for("the reboot", lambda: on(scene, address, "cat", "/proc/sys/kernel/random/boot_id") not in ("", boot))
        wait_for("the fetch to fail", lambda: "403" in on(scene, address, "journalctl", "-u", "fleetkit-fetch"))
        wait_for("health", lambda: scene.world.health()["verdict"] == "healthy", patience=_PATIENCE)
    state = ("systemctl", "is-active", "fleetkit-fetch")
    wait_for("the fetch to be made good", lambda: on(scene, address, *state).strip() == "active", patience=_PATIENCE)


def _unhealthy_groups(scene: Scene) -> set[str]:
    elb = scene.world.client("elbv2")
    groups = elb.describe_target_groups()["TargetGroups"]
    states = {
        one["TargetGroupName"]: {
            target["TargetHealth"]["State"]
            for target in elb.describe_target_health(TargetGroupArn=one["TargetGroupArn"])["TargetHealthDescriptions"]
        }
        for one in groups
    }
    return {name.removeprefix(f"{CLUSTER}-") for name, found in states.items() if found != {"healthy"}}


_BALANCED = {
    "lb-public > public:80": "web",
    "lb-internal > internal:80": "internal",
    "lb-internal > internal:22": "ssh",
    "lb-ui > master:3000": "fleet-ui",
    "lb-ui > master:8000": "etcd-ui",
}
"""Flow to the group whose targets are reached by it."""


@pytest.mark.parametrize("direction", _BOTH)
def test_without_their_rules_targets_are_unhealthy(world: World, direction: str) -> None:
    """All at once, because a health check takes its time; no group's health hangs on another's rule."""
    # Machines may have been replaced meanwhile.
    with set_scene(world) as scene:
        wait_for("health of all targets", lambda: _unhealthy_groups(scene) == set(), patience=_PATIENCE)
        with taken_away(scene.world, *(rule_of(scene, direction, flow) for flow in _BALANCED)):
            ill = set(_BALANCED.values())
            wait_for("all to fall ill", lambda: _unhealthy_groups(scene) == ill, patience=_PATIENCE)
        wait_for("health of all targets", lambda: _unhealthy_groups(scene) == set(), patience=_PATIENCE)


@pytest.mark.parametrize(
    ("rule", "code", "said"),
    [
        ("in operator > bastion:22", 1, "did not speak SSH"),
        ("out bastion > master:2379", 3, "etcd1"),
        ("in bastion > master:2379", 3, "etcd1"),
    ],
)
def test_without_the_way_in_health_says_what_is_shut(scene: Scene, rule: str, code: int, said: str) -> None:
    direction, _, flow = rule.partition(" ")
    with taken_away(scene.world, rule_of(scene, direction, flow)):
        wait_for("the way to be shut", lambda: scene.world.fleetkit("etcd", "health", CLUSTER).code == code)
        assert said in scene.world.fleetkit("etcd", "health", CLUSTER).must(code).text
    wait_for("health", lambda: scene.world.health()["verdict"] == "healthy")


def test_all_is_put_back_as_it_was(world: World) -> None:
    assert world.fleetkit("plan", CLUSTER).must(0).out == "No changes.\n"
