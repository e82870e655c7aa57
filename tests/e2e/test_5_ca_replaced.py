"""The CA of a deployed cluster is replaced by command, killed in the middle, and gone on with by the notebook."""

from __future__ import annotations

import subprocess

import pytest
from support.e2e_world import CLUSTER, Ended, World, run_notebook

from fleetkit.runs import EventKind

pytestmark = [pytest.mark.sandbox, pytest.mark.slow, pytest.mark.timeout(900)]


def _kill_at_the_second_restart(process: subprocess.Popen[str]) -> int:
    """Kill it when it says so of a second member, and return how often it said that."""
    assert process.stderr is not None
    seen = 0
    for line in iter(process.stderr.readline, ""):
        seen += "restarts, to trust both CAs" in line
        if seen == 2:
            process.kill()
            break
    process.communicate()
    return seen


def test_a_ca_is_replaced_though_the_command_was_killed_between_two_members(world: World) -> None:
    world.etcdctl("put", "before", "the new CA").must(0)
    old = (world.pki / "ca.crt").read_text()
    command = ("certificates", "rotate", CLUSTER, "--ca", "--approve", CLUSTER)
    assert _kill_at_the_second_restart(world.start("fleetkit", *command)) == 2

    listed = world.fleetkit("certificates", "list", CLUSTER, "--json").json()["certificates"]
    assert [one["verdict"] for one in listed if one["name"] == "ca"] == ["being replaced"]
    assert world.health()["verdict"] == "healthy"
    assert (world.pki / "ca.crt").read_text().startswith(old)

    told = run_notebook(world, "rotate-certificates", "-p", "ca", "true", "--approve", CLUSTER, code=0)
    changes = [data for kind, data in told if kind is EventKind.CHANGE]
    restarted = [one["member"] for one in changes if one["what"] == "member restarted"]
    assert len(restarted) in (4, 5, 6), "each twice but for those that the killed command had done"
    assert [one["what"] for one in changes][-1] == "CA replaced"

    assert old not in (world.pki / "ca.crt").read_text()
    assert world.etcdctl("get", "before", "--print-value-only").must(0).out.strip() == "the new CA"
    assert world.health()["verdict"] == "healthy"
    ended: Ended = world.fleetkit("certificates", "list", CLUSTER, "--json").must(0)
    assert {one["verdict"] for one in ended.json()["certificates"]} == {"ok"}
    world.fleetkit("plan", CLUSTER).must(0)
    for one in world.instances_of("master") + world.instances_of("internal"):
        shell = ("sandbox", "shell", "--dir", str(world.box), one["PrivateIpAddress"], "--")
        held = world.fleetkit(*shell, "cat", "/etc/fleet/pki/ca.crt").must(0).out
        assert held.split() == (world.pki / "ca.crt").read_text().split()
