"""A master that is replaced on a whole cluster: by the command, killed in the middle, and finished by the notebook."""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Callable

import pytest
from support.e2e_world import CLUSTER, Ended, World, leader, run_notebook, tags_of, wait_for

from fleetkit.core import NotYet, Patience, wait_until
from fleetkit.runs import EventKind

pytestmark = [pytest.mark.sandbox, pytest.mark.timeout(900)]

PATIENCE = Patience(deadline_s=120, interval_s=1)
MEMBERS = ["etcd1", "etcd2", "etcd3"]


def instances(world: World) -> dict[str, tuple[str, str]]:
    """Return id and address of each master's instance."""
    found = {tags_of(one)["fleetkit:member"]: one for one in world.instances_of("master")}
    return {name: (one["InstanceId"], one["PrivateIpAddress"]) for name, one in found.items()}


def ids(world: World) -> dict[str, str]:
    told = world.fleetkit("etcd", "members", CLUSTER, "--json").must(0).json()
    return {one["name"]: one["id"] for one in told["members"]}


def put(world: World, key: str, *, member: str) -> None:
    def written() -> bool:
        return world.etcdctl("put", key, f"value of {key}", member=member).code == 0

    wait_for(f"{key} to be written", written)


def kill_when(world: World, member: str, reached: Callable[[str], bool]) -> None:
    """Run the command, and kill it as soon as what it says, or the world, is as wanted."""
    process = world.start("fleetkit", "etcd", "replace", CLUSTER, member, "--approve", CLUSTER)
    said: list[str] = []
    try:
        assert process.stderr is not None
        for line in process.stderr:
            said.append(line)
            if reached(line):
                return
        raise AssertionError(f"it ended before it was killed:\n{''.join(said)[-4000:]}")
    finally:
        process.kill()
        # What it started ends by itself, and holds the pipes until then.
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.communicate(timeout=60)


def until_done(run: Callable[[], Ended]) -> Ended:
    """Run again while what a kill left behind is still ending: it holds the state meanwhile."""

    def ended() -> Ended | NotYet[Ended]:
        found = run()
        is_busy = found.code == 1 and any(
            one in found.text for one in ("is at work", "found the state locked", "the working copy")
        )
        return NotYet(found.text[-500:]) if is_busy else found

    return wait_until(ended, what="the state to be free", patience=PATIENCE)


def check(world: World, member: str, *, before: dict[str, tuple[str, str]], keys: list[str]) -> None:
    """Check that just this master is another one, at its address, and that nothing is amiss or pending."""
    after = instances(world)
    assert {name for name in after if after[name][0] != before[name][0]} == {member}
    assert after[member][1] == before[member][1]
    world.become_healthy()
    assert sorted(ids(world)) == MEMBERS
    for key in keys:
        assert world.etcdctl("get", key, "--print-value-only", member=member).must(0).out.strip() == f"value of {key}"
    assert world.fleetkit("etcd", "hash", CLUSTER, "--json").must(0).json()["agree"]
    assert "No changes." in world.fleetkit("plan", CLUSTER).must(0).out
    assert not (world.work / "clusters" / CLUSTER / "replacement.json").exists()


def test_a_wrong_name_and_a_missing_approval_change_nothing(world: World) -> None:
    members, machines = ids(world), instances(world)
    wrong = world.fleetkit("etcd", "replace", CLUSTER, "etcd9", "--approve", CLUSTER).must(2)
    assert "known: etcd1, etcd2, etcd3" in wrong.err
    planned = world.fleetkit("etcd", "replace", CLUSTER, "etcd2").must(4)
    assert 'module.etcd.aws_instance.member["etcd2"]' in planned.out
    assert "This plan replaces a master" in planned.out
    assert 'member["etcd1"]' not in planned.out
    assert (ids(world), instances(world)) == (members, machines)


@pytest.mark.slow
def test_a_leader_whose_replacement_was_killed_is_replaced_by_the_notebook(world: World) -> None:
    led, before = leader(world), instances(world)
    other = next(one for one in MEMBERS if one != led)
    put(world, "before", member=other)
    kill_when(world, led, lambda line: "replacing the machine" in line)
    put(world, "between", member=other)

    # Terraform ends by itself after a kill, and holds the working copy until then; how far it came is not the test's.
    left = until_done(lambda: world.fleetkit("etcd", "replace", CLUSTER, led, "--json")).must(4).json()["steps"]
    assert left in (["settings", "machine", "promotion"], ["settings", "promotion"])
    assert "machine" in left or instances(world)[led][0] != before[led][0]
    told = run_notebook(world, "replace-member", "-p", "member", led, "--approve", CLUSTER, code=0)
    steps = [data["step"] for kind, data in told if kind is EventKind.CHANGE and data.get("what") == "replacement"]
    assert steps == left
    assert [data["ok"] for kind, data in told if kind is EventKind.VERIFIED] == [True]
    check(world, led, before=before, keys=["before", "between"])
    parts = world.inspect()["parts"]
    for part in ("machines", "members", "quorum", "certificates", "drift", "pending"):
        assert parts[part]["findings"] == [], part


@pytest.mark.slow
@pytest.mark.parametrize("at", ["putting what", "removing the member", "as a learner at", "gone", "made", "promoting"])
def test_killed_anywhere_the_same_command_ends_it_well(world: World, at: str) -> None:
    before, member = instances(world), "etcd2"
    old = before[member][0]

    def reached(line: str) -> bool:
        if at not in ("gone", "made"):
            return at in line
        # Terraform's events come all the while; what counts is what they have come to.
        now = {one["InstanceId"] for one in world.instances_of("master", "pending", "running")}
        return old not in now if at == "gone" else bool(now - {one for one, _ in before.values()})

    put(world, f"before {at}", member="etcd1")
    kill_when(world, member, reached)
    put(world, f"after {at}", member="etcd1")
    until_done(lambda: world.fleetkit("etcd", "replace", CLUSTER, member, "--approve", CLUSTER)).must(0)
    check(world, member, before=before, keys=[f"before {at}", f"after {at}"])


@pytest.mark.slow
def test_a_master_that_somebody_terminated_is_replaced(world: World) -> None:
    before, ec2 = instances(world), world.client("ec2")
    instance_id = before["etcd3"][0]
    ec2.modify_instance_attribute(InstanceId=instance_id, DisableApiTermination={"Value": False})
    ec2.terminate_instances(InstanceIds=[instance_id])

    def is_known() -> bool:
        return "is replaced: fleetkit etcd replace demo etcd3" in world.fleetkit("etcd", "health", CLUSTER).out

    wait_for("the loss to be seen, with what mends it", is_known, patience=PATIENCE)
    put(world, "without it", member="etcd1")
    world.fleetkit("etcd", "replace", CLUSTER, "etcd1", "--approve", CLUSTER).must(4)
    ended = world.fleetkit("etcd", "replace", CLUSTER, "etcd3", "--approve", CLUSTER, "--json").must(0)
    assert ended.json()["verified"]["findings"] == []
    check(world, "etcd3", before=before, keys=["without it"])
