"""Instances of a template are replaced some at a time, and whoever uses them does not notice."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.etcd_cluster import EtcdCluster, free_port
from support.fleet_cluster import THREE_MACHINES, FleetCluster
from support.steady_client import SERVICE, SteadyClient

from fleetkit.core import Patience
from fleetkit.fleet import FleetEndpoint, parse_fleet_endpoint, read_unit_files
from fleetkit.workflows import UnitGate, UnitsPlan, apply_units, approve, plan_unit_deploy, read_units

pytestmark = pytest.mark.sandbox

FIVE = range(1, 6)
GATE = UnitGate(patience=Patience(deadline_s=60, interval_s=0.3), steady_s=2.0)
QUICK = {"FLEET_AGENT_TTL": "6s", "FLEET_ENGINE_RECONCILE_INTERVAL": "1"}


@pytest.fixture
def endpoint(tmp_path: Path) -> Iterator[FleetEndpoint]:
    with (
        EtcdCluster(tmp_path / "etcd", size=1) as etcd,
        FleetCluster(etcd, tmp_path / "f", **QUICK) as cluster,
    ):
        cluster.start(dict(list(THREE_MACHINES.items())[:2]))
        yield parse_fleet_endpoint(f"http://127.0.0.1:{cluster.any.port}")


def plan_version(endpoint: FleetEndpoint, folder: Path, version: str, ports: dict[int, int]) -> UnitsPlan:
    """Write the template of a version, and plan to roll it out one by one; each instance knows its port by a file."""
    (folder / "service.py").write_text(SERVICE)
    for number, port in ports.items():
        (folder / f"port-{number}").write_text(str(port))
    run = f"exec {sys.executable} {folder}/service.py {version} $(cat {folder}/port-%i)"
    (folder / "web@.service").write_text(f"[Service]\nExecStart=/bin/sh -c '{run}'\n")
    files = read_unit_files([folder / "web@.service"])
    return plan_unit_deploy(endpoint, files, instances=["web@{1..5}.service"], at_once=1)


def roll(endpoint: FleetEndpoint, plan: UnitsPlan) -> dict[str, str]:
    return apply_units(endpoint, approve(plan, plan.cluster), gate=GATE, roll_back=True).failed


def test_five_instances_become_new_ones_under_a_steady_client_that_sees_no_failure(
    endpoint: FleetEndpoint, tmp_path: Path
) -> None:
    ports = {number: free_port() for number in FIVE}
    first = plan_version(endpoint, tmp_path, "one", ports)
    assert len(first.waves) == 1, "what is new is sent at once"
    assert roll(endpoint, first) == {}
    with SteadyClient(list(ports.values())) as client:
        plan = plan_version(endpoint, tmp_path, "two", ports)
        assert [[one.name for one in wave] for wave in plan.waves] == [
            ["web@.service", "web@1.service"],
            *([f"web@{number}.service"] for number in (2, 3, 4, 5)),
        ]
        assert roll(endpoint, plan) == {}
    assert client.failures == []
    assert client.answers.keys() == {"one", "two"}
    assert min(client.answers.values()) > 20


def test_one_that_fails_halts_the_rest_and_the_others_become_what_they_were(
    endpoint: FleetEndpoint, tmp_path: Path
) -> None:
    ports = {number: free_port() for number in FIVE}
    assert roll(endpoint, plan_version(endpoint, tmp_path, "one", ports)) == {}
    before = {one.name: one.text.unit_hash for one in read_units(endpoint).units}
    with SteadyClient(list(ports.values())) as client:
        plan = plan_version(endpoint, tmp_path, "two", ports)
        (tmp_path / "port-2").write_text("no port")
        applied = apply_units(endpoint, approve(plan, plan.cluster), gate=GATE, roll_back=True)
        # The file is what broke it, and it breaks the version before as well.
        assert applied.failed.keys() == {"web@2.service"}
        assert applied.unsent == ("web@3.service", "web@4.service", "web@5.service")
        assert applied.not_put_back.keys() == {"web@2.service"}
    assert client.failures == []
    assert {one.name: one.text.unit_hash for one in read_units(endpoint).units} == before
