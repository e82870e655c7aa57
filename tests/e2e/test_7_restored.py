"""A cluster whose three disks were wiped comes back from S3, with what fleet was to run, and says what it lost."""

from __future__ import annotations

import subprocess
import tomllib
from collections.abc import Iterator
from typing import Any

import pytest
from support.e2e_units import lasting_unit, process_of
from support.e2e_world import BACKUP_BUCKET, CLUSTER, Ended, World

from fleetkit.core import NotYet, Patience, wait_until

pytestmark = [pytest.mark.sandbox, pytest.mark.slow, pytest.mark.timeout(900)]

PLACE = f"s3://{BACKUP_BUCKET}/restored"
FLEET = "/_coreos.com/fleet"
UNIT = "lasting.service"
LIVE = {f"{FLEET}/lease/written-by-a-test": "fleetd"}
PLAIN = {"/config/colour": "green"}


def _shell(world: World, address: str, *argv: str) -> Ended:
    return world.fleetkit("sandbox", "shell", "--dir", str(world.box), address, "--", *argv).must(0)


def _v2(world: World, key: str, *argv: str) -> dict[str, Any]:
    """Ask the v2 store as fleet does, from a master and with fleet's own certificate."""
    pki = "/etc/fleet/pki"
    tls = ("--cacert", f"{pki}/ca.crt", "--cert", f"{pki}/client.crt", "--key", f"{pki}/client.key")
    address = world.instances_of("master")[0]["PrivateIpAddress"]
    asked = ("curl", "--silent", "--max-time", "20", *tls, *argv, f"https://127.0.0.1:2379/v2/keys{key}")
    return dict(_shell(world, address, *asked).json())


def _on_masters(world: World, command: str) -> None:
    for one in world.instances_of("master"):
        _shell(world, one["PrivateIpAddress"], "bash", "-c", command)


def _kill_at(process: subprocess.Popen[str], line: str) -> bool:
    """Kill it when it says that the new data are in place, and say whether it was."""
    if "waiting for the quorum" not in line:
        return False
    process.kill()
    return True


def _fleets(world: World) -> dict[str, str]:
    """Return address to the process of fleetd, of every machine that has one."""
    machines = [one for role in ("master", "internal", "public") for one in world.instances_of(role)]
    asked = ("systemctl", "show", "--property", "MainPID", "--value", "fleet.service")
    return {one["PrivateIpAddress"]: _shell(world, one["PrivateIpAddress"], *asked).out.strip() for one in machines}


@pytest.fixture(scope="module")
def fleets(world: World) -> dict[str, str]:
    return _fleets(world)


@pytest.fixture(scope="module")
def running(world: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """Have a unit of fleet run, and return its machine and its process."""
    with lasting_unit(world, tmp_path_factory.mktemp("units")) as unit:
        yield process_of(world, unit)


@pytest.fixture(scope="module")
def wiped(world: World, fleets: dict[str, str], running: tuple[str, str]) -> World:
    """Back up what is there, write on, and then wipe the disks of all three masters."""
    assert running
    world.make_backup_bucket()
    world.etcdctl("put", "kept", "before the backup").must(0)
    for key, value in {**LIVE, **PLAIN}.items():
        _v2(world, key, "-X", "PUT", "--data-urlencode", f"value={value}")
    world.fleetkit("etcd", "backup", CLUSTER, "--to", PLACE).must(0)
    world.etcdctl("put", "later", "after the backup").must(0)
    refused = world.fleetkit("etcd", "restore", CLUSTER, "--from", PLACE, "--approve", CLUSTER).must(4)
    assert "1 keys of the v3 store were written since, and would be lost or older: later" in refused.out
    assert "holds what a restore would overwrite" in refused.err
    _on_masters(world, "systemctl stop etcd-member.service; rm -rf /var/lib/etcd")
    return world


def test_a_dry_run_says_what_is_lost_and_changes_nothing(wiped: World) -> None:
    before = wiped.file.read_text()
    shown = wiped.fleetkit("etcd", "restore", CLUSTER, "--from", PLACE, "--dry-run").must(3)
    assert "lost is what was written since" in shown.out
    assert "etcd does not serve" in shown.out
    assert wiped.file.read_text() == before
    _on_masters(wiped, "test ! -e /var/lib/etcd && ! ls -d /var/lib/etcd-*")


def test_one_that_is_killed_in_the_middle_is_gone_on_with_and_both_stores_come_back(wiped: World) -> None:
    command = ("etcd", "restore", CLUSTER, "--from", PLACE, "--approve", CLUSTER)
    process = wiped.start("fleetkit", *command)
    assert process.stderr is not None
    said = [line for line in iter(process.stderr.readline, "") if process.poll() is None and _kill_at(process, line)]
    process.communicate()
    assert said, "it ended before it could be killed"

    ended = wiped.fleetkit(*command).must(0)
    assert "goes on with the restore of" in ended.out
    assert "both stores are as they were backed up; lost is what was written since" in ended.out
    assert wiped.etcdctl("get", "kept", "--print-value-only", member="etcd3").must(0).out.strip() == "before the backup"
    assert wiped.etcdctl("get", "later", "--print-value-only").must(0).out.strip() == ""
    for key, value in PLAIN.items():
        assert _v2(wiped, key)["node"]["value"] == value
    assert _v2(wiped, f"{FLEET}/job/{UNIT}/target-state")["node"]["value"] == "launched"
    for key in LIVE:
        assert _v2(wiped, key)["errorCode"] == 100


def test_fleet_goes_on_as_the_very_processes_that_it_was(wiped: World, fleets: dict[str, str]) -> None:
    assert _fleets(wiped) == fleets
    for address, process in fleets.items():
        state = _shell(wiped, address, "cat", f"/proc/{process}/stat").out.rpartition(")")[2].split()[0]
        assert state in "SR", "fleetd still stands still"


def test_units_run_on_and_fleet_tells_of_them(wiped: World, running: tuple[str, str]) -> None:
    def look() -> tuple[str, str] | NotYet[tuple[str, str]]:
        (told,) = wiped.fleetkit("units", "status", CLUSTER, UNIT, "--json").must(0, 3).json()["units"]
        return process_of(wiped, UNIT) if told["verdict"] == "running" else NotYet(str(told))

    # fleet's machines say anew what they have before the time to live of what they said has passed.
    assert (
        wait_until(look, what="fleet to tell of the unit", patience=Patience(deadline_s=120, interval_s=2)) == running
    )


def test_a_later_deploy_agrees_and_has_nothing_to_do(wiped: World) -> None:
    token = tomllib.loads(wiped.file.read_text())["etcd"]["token"]
    _on_masters(wiped, f"grep -q 'ETCD_INITIAL_CLUSTER_TOKEN={token}' /etc/etcd/etcd.env")
    _on_masters(wiped, "systemctl restart fleetkit-fetch.service; ! ls -d /var/lib/etcd-restore-*")
    wiped.fleetkit("plan", CLUSTER).must(0)


@pytest.fixture
def restored(wiped: World) -> World:
    """Have the cluster serve again, where the tests before did not: they may be left out."""
    if wiped.health()["verdict"] != "healthy":
        wiped.fleetkit("etcd", "restore", CLUSTER, "--from", PLACE, "--approve", CLUSTER).must(0)
    return wiped


def test_by_notebook_what_serves_is_overwritten_where_that_is_said_and_put_aside(restored: World) -> None:
    restored.etcdctl("put", "later", "again").must(0)
    notebook = ("run", "restore-etcd", "--cluster", CLUSTER, "--approve", CLUSTER, "-p", "place", PLACE)
    restored.fleetkit(*notebook).must(4)
    assert restored.etcdctl("get", "later", "--print-value-only").must(0).out.strip() == "again"
    restored.fleetkit(*notebook, "-p", "overwrite", "true").must(0)
    assert restored.etcdctl("get", "later", "--print-value-only").must(0).out.strip() == ""
    _on_masters(restored, "ls -d /var/lib/etcd-before-*/member")
