"""``fleetkit machines rebalance`` against a fleet to which a machine comes back."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from support.etcd_cluster import EtcdCluster
from support.fleet_cluster import PATIENCE, THREE_MACHINES, FleetCluster, FleetMachine

from fleetkit.cli import main
from fleetkit.core import NotYet, wait_until

pytestmark = pytest.mark.sandbox

_SLEEPS = ("Service", "ExecStart", "/bin/sleep 100000")


@pytest.fixture(scope="module")
def etcd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EtcdCluster]:
    with EtcdCluster(tmp_path_factory.mktemp("etcd"), size=1) as cluster:
        yield cluster


@pytest.fixture
def fleet(etcd: EtcdCluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[FleetCluster]:
    """One machine; the keys that an earlier fleet left are gone."""
    etcd.etcdctl_v2("rm", "--recursive", "/_coreos.com/fleet")
    quick = {"FLEET_AGENT_TTL": "6s", "FLEET_ENGINE_RECONCILE_INTERVAL": "1"}
    with FleetCluster(etcd, tmp_path_factory.mktemp("fleet"), **quick) as cluster:
        yield cluster.start(dict(list(THREE_MACHINES.items())[:1]))


def wait_for(machine: FleetMachine, *, running: int) -> None:
    def look() -> bool | NotYet[bool]:
        active = [one for one in machine.states().values() if one == "active"]
        return True if len(active) == running else NotYet(str(machine.states()))

    wait_until(look, what=f"{running} to run", patience=PATIENCE)


def come_back(fleet: FleetCluster) -> FleetMachine:
    return fleet.start(dict(list(THREE_MACHINES.items())[1:2]))["4664"]


def count_units(machine: FleetMachine) -> dict[str, list[str]]:
    """Return the address of each machine to the units that it has, global ones too."""
    found: dict[str, list[str]] = {}
    for name, where in sorted(machine.states()):
        found.setdefault(THREE_MACHINES[where][0], []).append(name.removesuffix(".service"))
    return {address: sorted(names) for address, names in found.items()}


@pytest.fixture
def rebalance(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, Any, str]]:
    def run(machine: FleetMachine, *words: str) -> tuple[int, Any, str]:
        endpoint = f"127.0.0.1:{machine.port}"
        approved = [endpoint if one == "IT" else one for one in words]
        asked = ["machines", "rebalance", "--endpoint", f"http://{endpoint}", "--steady", "1s", "--json"]
        code = main([*asked, *approved])
        told = capsys.readouterr()
        return code, json.loads(told.out) if told.out else None, told.err

    return run


def test_units_spread_to_a_machine_that_comes_back_and_their_template_serves_on(
    fleet: FleetCluster, rebalance: Callable[..., tuple[int, Any, str]]
) -> None:
    machine = fleet.any
    for number in range(1, 4):
        assert machine.put(f"web@{number}.service", [_SLEEPS]) == 201
    assert machine.put("app.service", [_SLEEPS]) == 201
    assert machine.put("app-side.service", [_SLEEPS, ("X-Fleet", "MachineOf", "app.service")]) == 201
    assert machine.put("db.service", [_SLEEPS, ("X-Fleet", "MachineMetadata", "disk=ssd")]) == 201
    assert machine.put("agent.service", [_SLEEPS, ("X-Fleet", "Global", "true")]) == 201
    wait_for(machine, running=7)
    code, told, said = rebalance(machine)
    assert (code, told["moves"]) == (0, []), said
    come_back(fleet)
    wait_for(machine, running=8)

    code, told, _ = rebalance(machine)
    assert (code, told["applied"]) == (4, None)
    assert [one["names"] for one in told["moves"]] == [["web@1.service"], ["web@2.service"], ["web@3.service"]]
    assert [(one["units"], one["units_after"]) for one in told["machines"]] == [(7, 4), (1, 4)]
    assert len(count_units(machine)["10.77.0.12"]) == 1

    seen, ended = [], threading.Event()

    def watch() -> None:
        while not ended.wait(0.1):
            states = machine.states()
            seen.append(sum(its == "active" for (name, _), its in states.items() if name.startswith("web@")))

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        code, told, said = rebalance(machine, "--at-once", "3", "--approve", "IT")
    finally:
        ended.set()
        watcher.join()
    assert code == 0, said
    assert told["applied"]["moved"] == {f"web@{number}.service": "10.77.0.12" for number in range(1, 4)}
    assert told["verified"]["loads"] == {"10.77.0.13": 4, "10.77.0.12": 4}
    assert min(seen) == 2
    assert count_units(machine) == {
        "10.77.0.13": ["agent", "app", "app-side", "db"],
        "10.77.0.12": ["agent", "web@1", "web@2", "web@3"],
    }
    assert rebalance(machine)[0] == 0


def test_where_a_unit_does_not_run_on_the_other_machine_the_rest_stays(
    fleet: FleetCluster, rebalance: Callable[..., tuple[int, Any, str]], tmp_path: Path
) -> None:
    machine, mark = fleet.any, tmp_path / "mark"
    mark.mkdir()
    # It can be started once: what it takes away is not there the second time.
    once = [("Service", "ExecStartPre", f"/bin/rmdir {mark}"), _SLEEPS]
    assert machine.put("a.service", once) == 201
    for name in ("b.service", "c.service", "d.service"):
        assert machine.put(name, [_SLEEPS]) == 201
    wait_for(machine, running=4)
    come_back(fleet)
    code, told, said = rebalance(machine, "--approve", "IT")
    assert code == 3, said
    applied = told["applied"]
    assert (list(applied["failed"]), applied["unsent"], applied["owed"]) == (["a.service"], ["b.service"], [])
    assert "a.service is failed" in said
    assert count_units(machine)["10.77.0.13"] == ["b", "c", "d"]
    wanted = {one["name"]: one["desiredState"] for one in machine.get("/units")["units"]}
    assert set(wanted.values()) == {"launched"}


def test_units_that_belong_together_go_together(
    fleet: FleetCluster, rebalance: Callable[..., tuple[int, Any, str]]
) -> None:
    machine = fleet.any
    assert machine.put("app.service", [_SLEEPS]) == 201
    assert machine.put("app-side.service", [_SLEEPS, ("X-Fleet", "MachineOf", "app.service")]) == 201
    assert machine.put("db.service", [_SLEEPS, ("X-Fleet", "MachineMetadata", "disk=ssd")]) == 201
    wait_for(machine, running=3)
    come_back(fleet)
    code, told, said = rebalance(machine, "--approve", "IT")
    assert code == 0, said
    assert sorted(told["applied"]["moved"]) == ["app-side.service", "app.service"]
    assert count_units(machine) == {"10.77.0.13": ["db"], "10.77.0.12": ["app", "app-side"]}
