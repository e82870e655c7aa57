"""The whole path over a fleet that really runs its units: a version that runs and does not serve goes no further."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.etcd_cluster import EtcdCluster, free_port
from support.fleet_cluster import FleetCluster

from fleetkit.core import Patience
from fleetkit.fleet import FleetEndpoint, ProbeRule, parse_fleet_endpoint, read_unit_files
from fleetkit.workflows import AppliedUnits, UnitGate, apply_units, approve, plan_unit_deploy, read_units

pytestmark = pytest.mark.sandbox

GATE = UnitGate(patience=Patience(deadline_s=10, interval_s=0.3), steady_s=1.0)
MACHINES = {"1" * 32: ("127.0.0.11", "etcd=internal")}
QUICK = {"FLEET_AGENT_TTL": "6s", "FLEET_ENGINE_RECONCILE_INTERVAL": "1"}

SERVER = """
import http.server, sys, time

port, status, slow_s = int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])

class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(status)
        self.end_headers()

time.sleep(slow_s)
http.server.ThreadingHTTPServer(("127.0.0.11", port), Page).serve_forever()
"""


@pytest.fixture
def endpoint(tmp_path: Path) -> Iterator[FleetEndpoint]:
    with (
        EtcdCluster(tmp_path / "etcd", size=1) as etcd,
        FleetCluster(etcd, tmp_path / "fleet", **QUICK) as cluster,
    ):
        cluster.start(MACHINES)
        yield parse_fleet_endpoint(f"http://127.0.0.1:{cluster.any.port}")


def roll(endpoint: FleetEndpoint, folder: Path, port: int, *, status: int, slow_s: float = 0.0) -> AppliedUnits:
    (folder / "server.py").write_text(SERVER)
    run = f"{sys.executable} {folder}/server.py {port} {status} {slow_s}"
    service = f"[X-Service]\nName=page\nPort={port}\nProbe=http:/health\n"
    (folder / "page@.service").write_text(f"[Service]\nExecStart={run}\n{service}")
    files = read_unit_files([folder / "page@.service"])
    plan = plan_unit_deploy(endpoint, files, instances=["page@1.service"], at_once=1, rule=ProbeRule.parse("declared"))
    return apply_units(endpoint, approve(plan, plan.cluster), gate=GATE, roll_back=True)


def test_one_that_serves_late_is_waited_for_and_one_that_does_not_is_put_back(
    endpoint: FleetEndpoint, tmp_path: Path
) -> None:
    port = free_port()
    assert roll(endpoint, tmp_path, port, status=200, slow_s=2.0).failed == {}
    before = {one.name: one.text.unit_hash for one in read_units(endpoint).units}
    applied = roll(endpoint, tmp_path, port, status=503)
    assert f"127.0.0.11:{port}/health: it answered 503" in applied.failed["page@1.service"]
    assert applied.is_put_back
    assert {one.name: one.text.unit_hash for one in read_units(endpoint).units} == before
