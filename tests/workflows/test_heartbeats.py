"""A machine is killed: what is told of its unit is true at each moment until another runs it."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from support.cluster_files import write_cluster
from support.etcd_cluster import EtcdCluster
from support.fleet_cluster import PATIENCE, THREE_MACHINES, FleetCluster

from fleetkit.core import NotYet, wait_until
from fleetkit.fleet import FleetClient, parse_fleet_endpoint
from fleetkit.workflows import UnitReading, Workspace, open_workspace
from fleetkit.workflows.reading_units import OpenFleet, read_units_through

pytestmark = pytest.mark.sandbox

TTL_S = 20
UNIT = "web.service"


@pytest.fixture(scope="module")
def etcd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EtcdCluster]:
    with EtcdCluster(tmp_path_factory.mktemp("etcd"), size=1) as cluster:
        yield cluster


@pytest.fixture
def fleet(etcd: EtcdCluster, tmp_path: Path) -> Iterator[FleetCluster]:
    """Three machines, and a unit that runs on one of them."""
    settings = {"FLEET_AGENT_TTL": f"{TTL_S}s", "FLEET_ENGINE_RECONCILE_INTERVAL": "1"}
    with FleetCluster(etcd, tmp_path / "fleet", **settings) as cluster:
        cluster.start(THREE_MACHINES)
        assert cluster.any.put(UNIT, [("Service", "ExecStart", "/bin/sleep 100000")]) == 201
        wait_until(
            lambda: True if list(cluster.any.states().values()) == ["active"] else NotYet("it starts"),
            what="the unit to run",
            patience=PATIENCE,
        )
        yield cluster


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    write_cluster(tmp_path, **{"fleet.agent_ttl_s": TTL_S})
    return open_workspace("demo", folder=tmp_path, environ={"HOME": str(tmp_path)})


def test_a_killed_machine_is_told_truly_at_each_moment(
    etcd: EtcdCluster, fleet: FleetCluster, workspace: Workspace
) -> None:
    ((_, lost),) = fleet.any.states()
    asked = next(one for one in fleet.machines.values() if one.id != lost)
    endpoint = parse_fleet_endpoint(f"http://127.0.0.1:{asked.port}")
    client = FleetClient(lambda: endpoint.connect(limit_s=10))
    with etcd.open_way(workspace) as way:

        def read() -> UnitReading:
            reading = read_units_through(client, asked="a test", names=[UNIT])
            return OpenFleet(client=client, reading=reading, way=way).doubt(reading)

        assert (str(read().statuses[0].verdict), read().unheard) == ("running", "")
        fleet.machines[lost].end(signal.SIGKILL)
        killed = time.monotonic()
        seen: list[tuple[str, bool]] = []

        def moved() -> bool | NotYet[bool]:
            age, reading = time.monotonic() - killed, read()
            (status,) = reading.statuses
            where = {one.machine_id for one in status.states if one.active == "active"}
            moment = (str(status.verdict), where == {lost})
            if not seen or seen[-1] != moment:
                seen.append(moment)
            # A key that was written just before lives longest; a machine is overdue after 0.6 of that and a second.
            # Where etcd is too busy to tell when each was heard of, that is told instead.
            late = age > 0.6 * TTL_S + 3 and not reading.unheard
            assert not (late and moment == ("running", True)), f"{age:.0f} s after its end: {status.reason}"
            if status.verdict == "stale" and where == {lost} and reading.unheard:
                assert "last heard of" in status.reason
                assert "was last heard of" in reading.unheard
            return True if moment == ("running", False) else NotYet(f"{moment}: {status.reason}")

        wait_until(moved, what="another machine to run it", patience=replace(PATIENCE, interval_s=0.5))
    assert seen[0] == ("running", True), "until it is overdue nobody can know"
    assert ("stale", True) in seen
    assert seen[-1] == ("running", False)
    assert {verdict for verdict, _ in seen} <= {"running", "stale", "waiting"}, seen
