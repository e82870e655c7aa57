"""The whole path over a fleet that really runs its units: an instance that stops answering leaves the zone."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.aws_moto import emulated_aws, make_vpc
from support.aws_zones import make_zone
from support.cluster_files import write_cluster
from support.etcd_cluster import EtcdCluster, free_port
from support.fleet_cluster import PATIENCE, FleetCluster

from fleetkit import aws
from fleetkit.core import NotYet, wait_until
from fleetkit.fleet import FleetEndpoint, parse_fleet_endpoint
from fleetkit.workflows import (
    DnsSyncPlan,
    Workspace,
    apply_dns_sync,
    approve,
    open_workspace,
    plan_dns_sync,
    verify_dns_sync,
)

pytestmark = pytest.mark.sandbox

ZONE = "demo.internal"
FIRST, SECOND = "127.0.0.11", "127.0.0.12"
MACHINES = {f"{number}" * 32: (f"127.0.0.1{number}", f"etcd=internal,number={number}") for number in (1, 2)}
QUICK = {"FLEET_AGENT_TTL": "4s", "FLEET_ENGINE_RECONCILE_INTERVAL": "1"}

SERVER = """
import http.server, pathlib, sys

address, port, ill = sys.argv[1], int(sys.argv[2]), pathlib.Path(sys.argv[3])

class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(404 if self.path != "/health" else 503 if ill.exists() else 200)
        self.end_headers()

http.server.ThreadingHTTPServer((address, port), Page).serve_forever()
"""


@pytest.fixture
def fleet(tmp_path: Path) -> Iterator[FleetCluster]:
    """Two machines, each with an instance of a page that answers as a file beside it says."""
    server, port = tmp_path / "server.py", free_port()
    server.write_text(SERVER)
    with (
        EtcdCluster(tmp_path / "etcd", size=1) as etcd,
        FleetCluster(etcd, tmp_path / "fleet", **QUICK) as cluster,
    ):
        cluster.start(MACHINES)
        for number in (1, 2):
            ill = tmp_path / f"ill-{number}"
            options = [
                ("Service", "ExecStart", f"{sys.executable} {server} 127.0.0.1%i {port} {ill}"),
                ("X-Service", "Name", "page"),
                ("X-Service", "Port", str(port)),
                ("X-Service", "Probe", "http:/health"),
                ("X-Fleet", "MachineMetadata", f"number={number}"),
            ]
            assert cluster.any.put(f"page@{number}.service", options) == 201
        yield cluster


@pytest.fixture
def endpoint(fleet: FleetCluster) -> FleetEndpoint:
    return parse_fleet_endpoint(f"http://127.0.0.1:{fleet['1'].port}")


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    write_cluster(tmp_path, **{"network.dns_zone": ZONE})
    with emulated_aws() as session:
        make_zone(session, "demo", make_vpc(session), name=ZONE)
        yield open_workspace("demo", folder=tmp_path, environ={"HOME": str(tmp_path)})


def addresses(workspace: Workspace) -> tuple[str, ...]:
    zone = aws.find_private_zone(workspace.session, "demo", name=ZONE)
    records = aws.list_zone_records(workspace.session, zone)
    return next((one.values for one in records if (one.name, one.kind) == (f"page.{ZONE}", "A")), ())


def sync(workspace: Workspace, endpoint: FleetEndpoint) -> DnsSyncPlan:
    plan = plan_dns_sync(workspace, endpoint=endpoint)
    apply_dns_sync(workspace, approve(plan, "demo"))
    return plan


def sync_until(workspace: Workspace, endpoint: FleetEndpoint, wanted: tuple[str, ...]) -> None:
    """Sync as a schedule does, until the zone has these addresses."""

    def look() -> bool | NotYet[bool]:
        plan = sync(workspace, endpoint)
        found = addresses(workspace)
        return True if found == wanted else NotYet(f"{found}: {plan.text}")

    wait_until(look, what=f"the zone to have {wanted}", patience=PATIENCE)


def test_an_instance_that_stops_answering_leaves_at_the_next_sync(
    workspace: Workspace, endpoint: FleetEndpoint, fleet: FleetCluster, tmp_path: Path
) -> None:
    sync_until(workspace, endpoint, (FIRST, SECOND))
    assert sync(workspace, endpoint).is_empty

    # Its unit runs, and it does not serve.
    (tmp_path / "ill-2").touch()
    assert "127.0.0.12: it answered 503" in sync(workspace, endpoint).text
    assert addresses(workspace) == (FIRST,)
    (tmp_path / "ill-2").unlink()
    sync(workspace, endpoint)
    assert addresses(workspace) == (FIRST, SECOND)

    # Its machine dies, of which fleet does not know for a while.
    fleet["2"].end(signal.SIGKILL)
    sync_until(workspace, endpoint, (FIRST,))
    assert verify_dns_sync(workspace, endpoint=endpoint).zone == ZONE

    # The last one falls ill, and stays named.
    (tmp_path / "ill-1").touch()
    plan = sync(workspace, endpoint)
    assert plan.is_empty
    assert "its names stay as they are" in plan.text
    assert addresses(workspace) == (FIRST,)
    assert verify_dns_sync(workspace, endpoint=endpoint).outcome == "findings"


def test_a_unit_that_is_taken_away_takes_its_name_with_it(
    workspace: Workspace, endpoint: FleetEndpoint, fleet: FleetCluster
) -> None:
    sync_until(workspace, endpoint, (FIRST, SECOND))
    assert fleet.any.put("page@1.service", wanted="inactive") == 204
    sync_until(workspace, endpoint, (SECOND,))
