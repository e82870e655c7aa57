"""A cluster of masters alone grows and shrinks under a writer, killed on the way, and loses nothing acknowledged."""

from __future__ import annotations

import contextlib
import ipaddress
import subprocess
import tomllib
from collections.abc import Iterator
from typing import Any

import pytest
from support import e2e_world
from support.by_hand import lead_by_hand, page
from support.drill_ground import open_writer
from support.e2e_world import CLUSTER, Ended, World, leader, run_notebook, tags_of
from support.lab_browser import chromium
from support.lab_by_hand import lab_by_hand

from fleetkit.config import change_cluster_file
from fleetkit.core import NotYet, Patience, wait_until
from fleetkit.runs import EventKind

__all__ = ["chromium", "page"]

pytestmark = [pytest.mark.browser, pytest.mark.sandbox, pytest.mark.slow, pytest.mark.timeout(1500)]

PATIENCE = Patience(deadline_s=180, interval_s=1)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Return a deployed cluster of three masters and no workers."""
    world = e2e_world.bring_up(tmp_path_factory.mktemp("resized"))
    try:
        e2e_world.deploy(world, workers=False, agent_ttl_s=10)
        yield world
    finally:
        e2e_world.take_down(world)


def name_masters(world: World, count: int) -> list[str]:
    """Have the cluster file name so many masters, dealt to its zones in turn, and return their names."""
    text = world.file.read_text(encoding="utf-8")
    data = tomllib.loads(text)
    names = [f"etcd{number}" for number in range(1, count + 1)]
    changes: dict[str, object] = {}
    for number, name in enumerate(names):
        zone = number % len(data["zones"])
        subnet = ipaddress.IPv4Network(data["network"]["private_subnets"][zone])
        if name not in data["masters"]:
            changes[f"masters.{name}.zone"] = data["zones"][zone]
            changes[f"masters.{name}.address"] = str(subnet[40 + number])
    gone = [f"masters.{name}" for name in data["masters"] if name not in names]
    world.file.write_text(change_cluster_file(text, changes, remove=gone), encoding="utf-8")
    return names


@contextlib.contextmanager
def writing(world: World) -> Iterator[None]:
    """Have a writer at work on the member that stays throughout, and see afterwards that nothing is lost."""
    with open_writer(world, "etcd1") as writer:
        writer.wait_for_more()
        yield
        writer.wait_for_more()
        writer.stop()
        lost = writer.find_lost()
        assert lost.count == 0, f"acknowledged and not there: {lost}"


def resize(world: World, *words: str) -> Ended:
    """Run the command, and again while what a kill left behind still ends, or a busy member was slow to answer."""

    def ended() -> Ended | NotYet[Ended]:
        found = world.fleetkit("etcd", "resize", CLUSTER, "--approve", CLUSTER, *words)
        waits = ("is at work", "found the state locked", "the working copy", "all voters have to be well")
        return NotYet(found.text[-500:]) if found.code in (1, 4) and any(one in found.text for one in waits) else found

    return wait_until(ended, what="the state to be free", patience=PATIENCE)


def kill_at(world: World, words: str) -> None:
    """Run the command, and kill it as soon as it says some words."""
    process = world.start("fleetkit", "etcd", "resize", CLUSTER, "--approve", CLUSTER)
    said: list[str] = []
    try:
        assert process.stderr is not None
        for line in process.stderr:
            said.append(line)
            if words in line:
                return
        raise AssertionError(f"it ended before it was killed:\n{''.join(said)[-4000:]}")
    finally:
        process.kill()
        # What it started ends by itself, and holds the pipes until then.
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.communicate(timeout=60)


def check(world: World, names: list[str]) -> None:
    """Check that just these are members and masters, that they vote and hold the same, and that nothing is pending."""
    told = world.fleetkit("etcd", "members", CLUSTER, "--json").must(0).json()["members"]
    assert sorted((one["name"], one["is_learner"]) for one in told) == [(name, False) for name in names]
    assert sorted(tags_of(one)["fleetkit:member"] for one in world.instances_of("master")) == names
    world.become_healthy()
    assert world.fleetkit("etcd", "hash", CLUSTER, "--json").must(0).json()["agree"]
    assert "No changes." in world.fleetkit("plan", CLUSTER).must(0).out


def test_three_grow_to_five_and_a_deploy_points_to_how(world: World) -> None:
    names = name_masters(world, 5)
    refused = world.fleetkit("deploy", CLUSTER, "--approve", CLUSTER).must(4)
    assert "fleetkit etcd resize demo" in refused.err
    planned = world.fleetkit("etcd", "resize", CLUSTER).must(4)
    assert 'module.etcd.aws_instance.member["etcd4"]' in planned.out
    assert "from 3 to 5 voting members" in planned.out
    assert len(world.instances_of("master")) == 3
    name_masters(world, 3)
    with writing(world):
        name_masters(world, 5)
        ended = resize(world, "--json").must(0)
    assert ended.json()["verified"]["findings"] == []
    check(world, names)
    assert resize(world).must(0).out.startswith("Nothing to do")


def test_five_shrink_to_three_though_the_leader_goes_and_the_command_is_killed(world: World) -> None:
    world.etcdctl("move-leader", member_id(world, "etcd5"), member=leader(world)).must(0)
    with writing(world):
        names = name_masters(world, 3)
        refused = world.fleetkit("deploy", CLUSTER, "--approve", CLUSTER).must(4)
        assert "fleetkit etcd resize demo" in refused.err
        halted = world.fleetkit("etcd", "replace", CLUSTER, "etcd1", "--approve", CLUSTER).must(4)
        assert "does not name all masters that there are" in halted.err
        kill_at(world, "destroying the machine of etcd4")
        resize(world).must(0)
    check(world, names)


def test_a_growth_that_was_killed_is_finished_by_the_notebook(world: World) -> None:
    with writing(world):
        names = name_masters(world, 5)
        kill_at(world, "making the machine of etcd4")

        def planned() -> bool | NotYet[bool]:
            found = world.fleetkit("etcd", "resize", CLUSTER)
            return True if found.code == 4 and "etcd5 joins" in found.out else NotYet(found.text[-500:])

        wait_until(planned, what="the state to be free", patience=PATIENCE)
        told = run_notebook(world, "resize-etcd", "--approve", CLUSTER, code=0)
    steps = [(data["member"], data["step"]) for kind, data in told if kind is EventKind.CHANGE and "member" in data]
    assert ("etcd4", "learner") not in steps
    assert steps[-1] == ("etcd5", "promotion")
    check(world, names)


def test_five_shrink_to_one_and_grow_to_three_by_hand(world: World, page: Any) -> None:
    with writing(world):
        names = name_masters(world, 1)
        resize(world).must(0)
    check(world, names)
    with writing(world), lab_by_hand(world, CLUSTER) as lab:
        # etcd2 and etcd3 come back at other addresses than they had.
        names = name_masters(world, 3)
        assert "fleetkit etcd resize demo" in world.fleetkit("deploy", CLUSTER, "--approve", CLUSTER).must(4).err
        guide = lead_by_hand(world, page, lab, "operate/34-resize-etcd.ipynb", button="Resize")
        assert all(name in guide.text("Apply") for name in ("etcd2", "etcd3"))
    check(world, names)


def test_a_member_that_is_ill_is_no_ground_to_grow_on(world: World) -> None:
    name_masters(world, 5)
    world.sandbox_fault("freeze", f"{CLUSTER}-etcd2")
    try:
        refused = world.fleetkit("etcd", "resize", CLUSTER, "--approve", CLUSTER).must(4)
        assert "all voters have to be well" in refused.text
        assert "etcd2" in refused.text
        assert len(world.instances_of("master")) == 3
    finally:
        world.sandbox_fault("heal")


def member_id(world: World, name: str) -> str:
    """Return a member's id, as etcdctl wants it."""
    told = world.fleetkit("etcd", "members", CLUSTER, "--json").must(0).json()["members"]
    return str(next(one["id"] for one in told if one["name"] == name))
