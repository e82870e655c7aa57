"""The notebook of a sync of names is run as a schedule runs it, over an AWS and a fleet that answer by HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.aws_moto import make_vpc
from support.aws_zones import make_zone
from support.cluster_files import write_cluster
from support.fleet_served import serve_fleet
from support.fleet_services import change_state, service_world
from support.fleet_worlds import ILL, World
from support.http_services import answer_with, serve_each
from support.runs_s3 import s3_server

from fleetkit.aws import AwsSession, find_private_zone, list_zone_records, open_session
from fleetkit.runs import Outcome, StoredRun, execute_notebook, find_notebook

__all__ = ["s3_server"]

pytestmark = pytest.mark.sandbox


@pytest.fixture
def session(s3_server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AwsSession:
    """Reach an AWS from this process and from a kernel's; the cluster ``demo`` has its zone there."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", s3_server)
    write_cluster(tmp_path, **{"network.dns_zone": "demo.internal"})
    session = open_session("us-west-2")
    make_zone(session, "demo", make_vpc(session))
    return session


@pytest.fixture
def world() -> Iterator[World]:
    with serve_each(answer_with(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")) as port:
        yield service_world({"127.0.0.1": port})


def run(folder: Path, endpoint: str, *, approve: str = "demo") -> StoredRun:
    parameters = {"cluster": "demo", "approve": approve, "endpoint": endpoint}
    return execute_notebook(find_notebook("sync-names"), cluster="demo", folder=folder, parameters=parameters)


def test_run_by_a_schedule_it_makes_names_true_and_tells_what_is_not(
    session: AwsSession, world: World, tmp_path: Path
) -> None:
    def read_addresses() -> list[tuple[str, ...]]:
        zone = find_private_zone(session, "demo", name="demo.internal")
        records = list_zone_records(session, zone)
        return [one.values for one in records if (one.name, one.kind) == ("web.demo.internal", "A")]

    with serve_fleet(world) as endpoint:
        refused = run(tmp_path, endpoint, approve="")
        assert (refused.record.outcome, refused.record.exit) == (Outcome.REFUSED, 4)
        assert read_addresses() == []

        done = run(tmp_path, endpoint)
        assert (done.record.outcome, done.record.exit) == (Outcome.DONE, 0)
        assert read_addresses() == [("127.0.0.1",)]
        assert "web.demo.internal" in done.report.read_text(encoding="utf-8")

        change_state(world, 1, "failed")
        left = run(tmp_path, endpoint, approve="")
        assert (left.record.outcome, left.record.exit) == (Outcome.FINDINGS, 3)
        assert "its names stay as they are" in left.report.read_text(encoding="utf-8")

        world["/fleet/v1/units"] = ILL["503"][0]
        failed = run(tmp_path, endpoint)
        assert (failed.record.outcome, failed.record.exit) == (Outcome.FAILED, 1)
    assert read_addresses() == [("127.0.0.1",)]
