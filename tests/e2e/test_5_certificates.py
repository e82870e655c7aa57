"""Rotation of a deployed cluster's certificates: by command and by notebook, with members and fleet running on."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from support.e2e_units import lasting_unit, process_of
from support.e2e_world import CLUSTER, World

from fleetkit.core import data_folder
from fleetkit.runs import EventKind, read_journal

pytestmark = [pytest.mark.sandbox, pytest.mark.timeout(600)]

LONGEST_S = 300


def listed(world: World) -> dict[str, dict[str, Any]]:
    told = world.fleetkit("certificates", "list", CLUSTER, "--json").must(0).json()
    assert told["unknown"] == []
    return {one["name"]: one for one in told["certificates"]}


def etcd_processes(world: World) -> dict[str, str]:
    """Return each master's address to the process of its etcd."""
    asked = ("systemctl", "show", "--property", "MainPID", "--value", "etcd-member.service")
    found = {}
    for one in world.instances_of("master"):
        address = one["PrivateIpAddress"]
        told = world.fleetkit("sandbox", "shell", "--dir", str(world.box), address, "--", *asked).must(0)
        found[address] = told.out.strip()
    assert all(int(pid) > 0 for pid in found.values())
    return found


@contextmanager
def watched_machines(world: World) -> Iterator[list[str]]:
    """Watch fleet's machines in etcd for the length of a block; filled at its end with what was done to them."""
    url = "https://127.0.0.1:2379/v2/keys/_coreos.com/fleet/machines?wait=true&recursive=true&stream=true"
    words = ["curl", "--silent", "--show-error", "--no-buffer", "--max-time", str(LONGEST_S)]
    for option, file in (("cacert", "ca.crt"), ("cert", "server.crt"), ("key", "server.key")):
        words += [f"--{option}", f"/etc/etcd/pki/{file}"]
    process = world.start("fleetkit", "sandbox", "shell", "--dir", str(world.box), "10.10.3.100", "--", *words, url)
    actions: list[str] = []
    try:
        yield actions
    finally:
        process.terminate()
        told, complaints = process.communicate(timeout=LONGEST_S + 60)
    assert told, complaints
    actions += [json.loads(line)["action"] for line in told.splitlines() if line.endswith("}")]


def test_every_certificate_is_replaced_while_members_fleet_and_its_units_run_on(world: World, tmp_path: Path) -> None:
    before = listed(world)
    assert {f"served by {name}" for name in ("etcd1", "etcd2", "etcd3")} < set(before)
    processes = etcd_processes(world)
    with lasting_unit(world, tmp_path) as unit, watched_machines(world) as actions:
        running = process_of(world, unit)
        told = world.fleetkit("certificates", "rotate", CLUSTER, "--all", "--approve", CLUSTER, "--json").must(0).json()
        assert process_of(world, unit) == running
    assert len(told["renewed"]) == len(told["verified"]["proven"]) == 9
    machines = {one["name"] for one in told["machines"] if one["is_running"]}
    assert set(told["applied"]["fetched"]) == machines
    assert {"etcd1", "etcd2", "etcd3"} < machines
    after = listed(world)
    assert [name for name in before if name != "ca" and before[name]["serial"] == after[name]["serial"]] == []
    assert after["ca"]["serial"] == before["ca"]["serial"]
    # Nobody was asked to end: a fleetd that is takes its machine out of the cluster, and its units with it.
    assert "set" in actions
    assert "delete" not in actions
    assert etcd_processes(world) == processes


def test_the_second_time_there_is_nothing_to_do(world: World) -> None:
    told = world.fleetkit("certificates", "rotate", CLUSTER, "--json").must(0).json()
    assert (told["renewed"], told["undelivered"], told["applied"]["fetched"]) == ([], [], [])
    refused = world.fleetkit("certificates", "rotate", CLUSTER, "--only", "etcd9", "--json").must(2)
    assert "members/etcd1/server" in refused.err


def test_the_notebook_rotates_one_member_and_only_with_an_approval(world: World) -> None:
    folder = world.work / "runs" / CLUSTER
    before = listed(world)
    seen = set(folder.glob("*"))
    world.fleetkit("run", "rotate-certificates", "--cluster", CLUSTER, "-p", "only", "etcd2").must(4)
    assert listed(world) == before
    seen |= set(folder.glob("*"))
    notebook = data_folder("notebooks") / "operate" / "33-rotate-certificates.ipynb"
    given = {"cluster": CLUSTER, "approve": CLUSTER, "only": "etcd2"}
    words = [word for key, value in given.items() for word in ("-p", key, value)]
    world.run("papermill", str(notebook), "out.ipynb", *words).must(0)
    (record,) = {one for one in folder.glob("*") if one.is_dir()} - seen
    told = [(one.kind, one.data) for one in read_journal(record)]
    fetched = [data["machine"] for kind, data in told if kind is EventKind.CHANGE and "fetched" in data["what"]]
    assert fetched == ["etcd2"]
    assert [data["ok"] for kind, data in told if kind is EventKind.VERIFIED] == [True]
    after = listed(world)
    assert {name for name in before if before[name]["serial"] != after[name]["serial"]} == {
        "members/etcd2/server",
        "members/etcd2/peer",
        "served by etcd2",
    }
    world.become_healthy()
