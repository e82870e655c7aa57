"""Units of fleet in a deployed cluster: deployed through the bastion, seen where they run, read, and destroyed."""

from __future__ import annotations

import shlex
from collections import Counter
from pathlib import Path

import pytest
from support.e2e_units import deploy_units
from support.e2e_world import CLUSTER, Ended, World

from fleetkit.runs import find_run

pytestmark = [pytest.mark.sandbox, pytest.mark.timeout(600)]

HELLO = "[Service]\nExecStart=/bin/sh -c 'echo hello from a unit; exec sleep 100000'\n"
UNITS = {
    "hello@.service": HELLO,
    "everywhere.service": f"[Unit]\nAfter=hello@1.service\n{HELLO}[X-Fleet]\nGlobal=true\n",
}
NAMES = ["everywhere.service", "hello@.service", "hello@1.service", "hello@2.service"]


def test_a_folder_is_deployed_and_each_unit_is_seen_where_it_runs_and_heard(world: World, tmp_path: Path) -> None:
    deploy_units(world, tmp_path / "units", UNITS, "--instances", "hello@{1..2}.service")
    told = world.fleetkit("units", "list", CLUSTER, "--files", str(tmp_path / "units"), "--json").must(0).json()
    assert [one["name"] for one in sorted(told["units"], key=lambda one: one["name"])] == NAMES
    assert Counter(one["verdict"] for one in told["units"]) == {"running": 3, "inactive": 1}
    machines = world.fleetkit("machines", "list", CLUSTER, "--json").must(0).json()["machines"]
    addresses = {
        one["PrivateIpAddress"] for role in ("master", "internal", "public") for one in world.instances_of(role)
    }
    assert {one["address"] for one in machines} == addresses
    (everywhere,) = (one for one in told["units"] if one["name"] == "everywhere.service")
    assert {one["machine_id"] for one in everywhere["states"]} == {one["id"] for one in machines}
    heard = world.fleetkit("units", "journal", CLUSTER, "everywhere.service", "--json").must(0).json()["machines"]
    assert heard.keys() == addresses
    assert all("hello from a unit" in "\n".join(lines) for lines in heard.values())
    assert world.inspect()["parts"]["machines"]["findings"] == []


def test_a_machine_is_logged_in_to_by_its_name_by_a_unit_and_through_the_bastion_alone(world: World) -> None:
    def login(*words: str) -> Ended:
        return world.fleetkit("machines", "ssh", CLUSTER, *words)

    address = "ip -4 -oneline address show scope global"
    worker = world.instances_of("internal")[0]
    assert f" {worker['PrivateIpAddress']}/" in login(worker["InstanceId"], "--", *address.split()).must(0).out
    assert login("etcd1", "--", "sh", "-c", "echo $ETCD_NAME'x y'; exit 7").must(7).out == "x y\n"
    units = world.fleetkit("units", "list", CLUSTER, "--json").must(0).json()["units"]
    (hello,) = (one["machine_id"] for one in units if one["name"] == "hello@1.service")
    assert login("hello@1.service", "--", "cat", "/etc/machine-id").must(0).out.strip() == hello
    (bastion,) = world.instances_of("bastion")
    assert f" {bastion['PrivateIpAddress']}/" in login("bastion", "--", *address.split()).must(0).out
    shown = login("etcd1", "--print").must(0).out
    assert "StrictHostKeyChecking=yes" in shown
    assert "ProxyCommand=" in shown
    assert "known: bastion, etcd1 (master," in login("etcd9").must(2).err


def test_a_machine_that_shows_another_host_key_is_not_logged_in_to(world: World) -> None:
    file = world.file.with_suffix("") / f"known_hosts_{world.instances_of('master')[0]['PrivateIpAddress']}"
    words = world.fleetkit("machines", "ssh", CLUSTER, "etcd1", "--print").must(0).out
    lines = file.read_text().splitlines()
    swapped = [line.split(" ", 1)[0] for line in lines], [line.split(" ", 1)[1] for line in lines][::-1]
    file.write_text("".join(f"{host} {key}\n" for host, key in zip(*swapped, strict=True)))
    refused = world.run(*shlex.split(words), "true")
    assert refused.code == 255
    assert "Host key verification failed" in refused.err


def test_one_that_fails_is_shown_with_its_last_words_and_all_is_put_back(world: World, tmp_path: Path) -> None:
    (tmp_path / "hello@.service").write_text("[Service]\nExecStart=/bin/sh -c 'echo this is why >&2; exit 7'\n")
    words = ("units", "deploy", CLUSTER, str(tmp_path), "--approve", CLUSTER)
    failed = world.fleetkit(*words).must(3)
    assert "hello@1.service is failed" in failed.out
    assert "this is why" in failed.out
    world.fleetkit("run", "browse-units", "--cluster", CLUSTER).must(3)
    report = find_run(world.work / "runs", "latest").report.read_text()
    assert "this is why" in report
    assert "hello@1.service is failed" in report
    (tmp_path / "hello@.service").write_text(HELLO.replace("hello from", "goodbye from"))
    world.fleetkit(*words).must(0)
    (tmp_path / "hello@.service").write_text("[Service]\nExecStart=/bin/false\n")
    back = world.fleetkit(*words, "--roll-back").must(3)
    assert "All that was sent was put back" in back.out
    told = world.fleetkit("units", "show", CLUSTER, "hello@1.service").must(0)
    assert "goodbye from" in told.out


def test_the_last_change_is_undone(world: World) -> None:
    world.fleetkit("units", "destroy", CLUSTER, "hello@2.service", "--approve", CLUSTER).must(0)
    assert "1 to create" in world.fleetkit("units", "undo", CLUSTER).must(4).out
    world.fleetkit("units", "undo", CLUSTER, "--approve", CLUSTER).must(0)
    assert "goodbye from" in world.fleetkit("units", "show", CLUSTER, "hello@2.service").must(0).out


def test_a_machine_is_emptied_and_taken_back(world: World) -> None:
    def where() -> dict[str, str]:
        units = world.fleetkit("units", "list", CLUSTER, "--json").must(0).json()["units"]
        return {
            one["name"]: one["machine_id"] for one in units if one["name"].startswith("hello@") and one["machine_id"]
        }

    def machines() -> dict[str, str]:
        found = world.fleetkit("machines", "list", CLUSTER, "--json").must(0).json()["machines"]
        return {one["id"]: one["address"] for one in found}

    before, known = where(), machines()
    machine_id = before["hello@1.service"]
    world.fleetkit("machines", "drain", CLUSTER, machine_id[:8]).must(4)
    told = (
        world.fleetkit("machines", "drain", CLUSTER, known[machine_id], "--approve", CLUSTER, "--json").must(0).json()
    )
    assert "hello@1.service" in told["moving"]
    assert machine_id not in machines()
    assert machine_id not in where().values()
    assert where().keys() == before.keys()
    assert "Nothing to do" in world.fleetkit("machines", "drain", CLUSTER, known[machine_id]).must(0).out
    notebook = ("run", "drain-machine", "--cluster", CLUSTER, "--approve", CLUSTER)
    world.fleetkit(*notebook, "-p", "machine", known[machine_id], "-p", "back", "true").must(0)
    assert machines() == known


def test_they_are_destroyed_and_leave_nothing(world: World) -> None:
    world.fleetkit("units", "destroy", CLUSTER, *NAMES, "--approve", CLUSTER).must(0)
    told = world.fleetkit("units", "list", CLUSTER, "--json").must(0).json()
    assert told["units"] == []
    machines = world.fleetkit("machines", "list", CLUSTER, "--json").must(0).json()["machines"]
    assert {one["units"] for one in machines} == {0}
