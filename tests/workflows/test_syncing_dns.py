"""Names in the private zone are those of the instances that really answer; whatever cannot be read changes nothing."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from support.aws_moto import emulated_aws, make_vpc
from support.aws_zones import make_zone
from support.cluster_files import write_cluster
from support.etcd_cluster import EtcdCluster
from support.fleet_served import serve_fleet
from support.fleet_services import change_state, service_world
from support.fleet_worlds import EMPTY, ILL, SPOILED, World
from support.http_services import answer_with, serve_each
from support.ssh_server import SshServer

from fleetkit import aws
from fleetkit.core import (
    ApprovalMissingError,
    AwsError,
    FleetError,
    NotFoundError,
    Patience,
    SettingsError,
    SshError,
    StalePlanError,
    WaitTimeoutError,
)
from fleetkit.etcd import TlsFiles
from fleetkit.fleet import FleetEndpoint, Health, parse_fleet_endpoint
from fleetkit.runs import EventKind
from fleetkit.ssh import KnownHosts, SshAccess, open_connection
from fleetkit.workflows import (
    AppliedDnsSync,
    Reporter,
    WayIn,
    Workspace,
    _asking_services,
    apply_dns_sync,
    approve,
    open_workspace,
    plan_dns_sync,
    reading_units,
    syncing_dns,
    verify_dns_sync,
)

FIRST, SECOND = "127.0.0.1", "127.0.0.2"
ZONE = "demo.internal"


class Answers:
    """What each instance answers at this moment, by its address."""

    def __init__(self) -> None:
        self.statuses = dict.fromkeys((FIRST, SECOND), "200 OK")

    @contextlib.contextmanager
    def serve(self) -> Iterator[dict[str, int]]:
        def answer_of(address: str) -> Any:
            def answer(near: Any) -> None:
                answer_with(f"HTTP/1.1 {self.statuses[address]}\r\nContent-Length: 0\r\n\r\n".encode())(near)

            return answer

        with contextlib.ExitStack() as stack:
            yield {
                address: stack.enter_context(serve_each(answer_of(address), address=address))
                for address in self.statuses
            }


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    write_cluster(tmp_path, **{"network.dns_zone": ZONE})
    with emulated_aws() as session:
        make_zone(session, "demo", make_vpc(session), name=ZONE)
        yield open_workspace("demo", folder=tmp_path, environ={"HOME": str(tmp_path)})


@pytest.fixture
def answers() -> Answers:
    return Answers()


@pytest.fixture
def world(answers: Answers) -> Iterator[World]:
    with answers.serve() as ports:
        yield service_world(ports)


@pytest.fixture
def endpoint(world: World) -> Iterator[FleetEndpoint]:
    with serve_fleet(world) as url:
        yield parse_fleet_endpoint(url)


def records(workspace: Workspace) -> dict[tuple[str, str], tuple[str, ...]]:
    zone = aws.find_private_zone(workspace.session, "demo", name=ZONE)
    found = aws.list_zone_records(workspace.session, zone)
    return {(one.name, one.kind): one.values for one in found if one.kind not in ("NS", "SOA")}


def addresses(workspace: Workspace) -> tuple[str, ...]:
    return records(workspace).get((f"web.{ZONE}", "A"), ())


def sync(workspace: Workspace, endpoint: FleetEndpoint, **options: Any) -> AppliedDnsSync:
    plan = plan_dns_sync(workspace, endpoint=endpoint, **options)
    return apply_dns_sync(workspace, approve(plan, "demo"))


def test_healthy_instances_are_named_and_a_second_sync_changes_nothing(
    workspace: Workspace, endpoint: FleetEndpoint
) -> None:
    plan = plan_dns_sync(workspace, endpoint=endpoint)
    assert records(workspace) == {}
    assert "8 to create, 0 to change, 0 to remove" in plan.text
    assert f"create A web.{ZONE}: {FIRST}, {SECOND}" in plan.text
    assert "and 4 TXT records that mark names as ours" in plan.text
    assert "web: 2 healthy" in plan.text
    applied = apply_dns_sync(workspace, approve(plan, "demo"))
    assert "8 to create" in str(applied)
    assert addresses(workspace) == (FIRST, SECOND)
    assert len(records(workspace)[f"_web._tcp.{ZONE}", "SRV"]) == 2
    verified = verify_dns_sync(workspace, endpoint=endpoint)
    assert (verified.outcome, verified.summary) == ("done", f"the names in {ZONE} are those of 2 healthy instances")

    again = plan_dns_sync(workspace, endpoint=endpoint)
    assert again.is_empty
    assert again.text.startswith("Nothing to change: ")
    assert str(apply_dns_sync(workspace, approve(again, ""))).startswith("Nothing to do: ")


def test_an_instance_that_stops_answering_leaves_and_comes_back(
    workspace: Workspace, endpoint: FleetEndpoint, answers: Answers
) -> None:
    sync(workspace, endpoint)
    answers.statuses[SECOND] = "503 Service Unavailable"
    assert "1 healthy, 1 unhealthy (127.0.0.2: it answered 503)" in plan_dns_sync(workspace, endpoint=endpoint).text
    sync(workspace, endpoint)
    assert addresses(workspace) == (FIRST,)
    assert f"ip-127-0-0-2.web.{ZONE}" not in {name for name, _ in records(workspace)}
    answers.statuses[SECOND] = "200 OK"
    sync(workspace, endpoint)
    assert addresses(workspace) == (FIRST, SECOND)


def test_a_unit_that_does_not_run_leaves_whatever_its_port_says(
    workspace: Workspace, endpoint: FleetEndpoint, world: World
) -> None:
    sync(workspace, endpoint)
    change_state(world, 1, "failed")
    sync(workspace, endpoint)
    assert addresses(workspace) == (SECOND,)


def test_the_last_healthy_instance_stays_named_until_its_going_is_asked_for(
    workspace: Workspace, endpoint: FleetEndpoint, answers: Answers
) -> None:
    sync(workspace, endpoint)
    answers.statuses = dict.fromkeys(answers.statuses, "500 No")
    plan = plan_dns_sync(workspace, endpoint=endpoint)
    assert plan.is_empty
    assert "not all is well" in plan.aim
    assert "web has no healthy instance" in plan.text
    sync(workspace, endpoint)
    assert addresses(workspace) == (FIRST, SECOND)
    verified = verify_dns_sync(workspace, endpoint=endpoint)
    assert verified.outcome == "findings"
    assert "its names stay as they are" in str(verified)
    assert "8 to remove" in str(sync(workspace, endpoint, remove_last=True))
    assert records(workspace) == {}


def test_a_fleet_that_tells_of_no_units_does_not_empty_the_zone(workspace: Workspace, endpoint: FleetEndpoint) -> None:
    sync(workspace, endpoint)
    with serve_fleet(EMPTY) as url:
        plan = plan_dns_sync(workspace, endpoint=parse_fleet_endpoint(url))
    assert plan.is_empty
    assert plan.findings == ("web has no healthy instance: its names stay as they are",)


@pytest.mark.parametrize("trouble", [one for one in ILL if one != "hangs"])
def test_a_fleet_that_cannot_be_read_is_an_error(workspace: Workspace, world: World, trouble: str) -> None:
    world["/fleet/v1/units"] = ILL[trouble][0]
    with serve_fleet(world) as url, pytest.raises(FleetError, match="could not be read"):
        plan_dns_sync(workspace, endpoint=parse_fleet_endpoint(url))


def test_a_unit_that_runs_and_that_fleet_cannot_read_is_an_error(
    workspace: Workspace, endpoint: FleetEndpoint, world: World
) -> None:
    sync(workspace, endpoint)
    spoiled = world["/fleet/v1/units"]["json"]["units"].pop()["name"]
    world[f"/fleet/v1/units/{quote(spoiled)}"] = SPOILED
    with pytest.raises(FleetError, match=rf"(?s)what {spoiled} offers cannot be read.*fleetkit units status {spoiled}"):
        plan_dns_sync(workspace, endpoint=endpoint)
    assert addresses(workspace) == (FIRST, SECOND)


def test_a_unit_that_runs_with_a_flawed_section_is_a_finding_and_its_name_stays(
    workspace: Workspace, endpoint: FleetEndpoint, world: World
) -> None:
    sync(workspace, endpoint)
    unit = world["/fleet/v1/units"]["json"]["units"][1]
    (port,) = (one for one in unit["options"] if one["name"] == "Port")
    port["value"] = "0"
    plan = plan_dns_sync(workspace, endpoint=endpoint, remove_last=True)
    assert plan.is_empty
    seen = "[X-Service] of web@2.service, which runs, cannot be read: Port is '0'; the names of web stay as they are"
    assert plan.findings == (seen,)
    verified = verify_dns_sync(workspace, endpoint=endpoint)
    assert (verified.outcome, verified.findings) == ("findings", (seen,))


def test_with_an_endpoint_whatever_keeps_us_from_asking_leaves_names_as_they_are(
    workspace: Workspace, endpoint: FleetEndpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    sync(workspace, endpoint)

    def fail(*_given: object, **_options: object) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(_asking_services, "probe_service", fail)
    plan = plan_dns_sync(workspace, endpoint=endpoint, remove_last=True)
    assert plan.is_empty
    assert "nobody knows whether it serves: can't start new thread" in plan.text


def test_a_zone_that_cannot_be_read_is_an_error(
    workspace: Workspace, endpoint: FleetEndpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    sync(workspace, endpoint)

    def fail(*_given: object) -> None:
        raise AwsError("cannot ask AWS for the records", transient=True)

    monkeypatch.setattr(aws, "list_zone_records", fail)
    with pytest.raises(AwsError):
        plan_dns_sync(workspace, endpoint=endpoint)


def test_a_cluster_without_its_zone_is_told(workspace: Workspace, endpoint: FleetEndpoint) -> None:
    zone = aws.find_private_zone(workspace.session, "demo", name=ZONE)
    workspace.session.route53.delete_hosted_zone(Id=zone.zone_id)
    with pytest.raises(NotFoundError, match="fleetkit deploy demo makes it"):
        plan_dns_sync(workspace, endpoint=endpoint)


def test_what_stands_in_the_zone_and_is_not_ours_is_left(workspace: Workspace, endpoint: FleetEndpoint) -> None:
    zone = aws.find_private_zone(workspace.session, "demo", name=ZONE)
    theirs = [
        aws.ZoneRecord(name=f"{name}.{ZONE}", kind="A", ttl_s=300, values=("10.9.9.9",)) for name in ("etcd1", "web")
    ]
    changes = [aws.RecordChange(before=None, after=one) for one in theirs]
    aws.change_zone_records(workspace.session, zone, [changes], comment="theirs")
    plan = plan_dns_sync(workspace, endpoint=endpoint)
    assert plan.is_empty
    assert f"A web.{ZONE} is there already" in plan.findings[0]
    assert verify_dns_sync(workspace, endpoint=endpoint).outcome == "findings"


def test_a_plan_that_is_not_approved_changes_nothing(workspace: Workspace, endpoint: FleetEndpoint) -> None:
    with pytest.raises(ApprovalMissingError, match="--approve demo"):
        approve(plan_dns_sync(workspace, endpoint=endpoint), "")
    assert records(workspace) == {}


def test_a_plan_whose_records_were_changed_since_is_refused_and_changes_nothing(
    workspace: Workspace, endpoint: FleetEndpoint, answers: Answers
) -> None:
    first, second = (plan_dns_sync(workspace, endpoint=endpoint) for _ in "12")
    assert first.sha256 == second.sha256
    apply_dns_sync(workspace, approve(first, first.sha256))
    with pytest.raises(StalePlanError, match="others than the plan was made for"):
        apply_dns_sync(workspace, approve(second, second.sha256))
    answers.statuses[SECOND] = "500 No"
    assert plan_dns_sync(workspace, endpoint=endpoint).sha256 != first.sha256


def test_a_change_that_does_not_arrive_in_time_is_told_and_will_come(
    workspace: Workspace, endpoint: FleetEndpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(aws, "is_zone_in_sync", lambda *_given: False)
    plan = plan_dns_sync(workspace, endpoint=endpoint)
    with pytest.raises(WaitTimeoutError, match="comes by itself"):
        apply_dns_sync(workspace, approve(plan, "demo"), patience=Patience(deadline_s=0.02, interval_s=0.01))
    assert addresses(workspace) == (FIRST, SECOND)


def test_the_record_has_the_plan_the_approval_the_changes_and_what_was_verified(
    workspace: Workspace, endpoint: FleetEndpoint
) -> None:
    kept: list[tuple[EventKind, Mapping[str, Any]]] = []
    report = Reporter(record=lambda kind, facts: kept.append((kind, facts)))
    plan = plan_dns_sync(workspace, endpoint=endpoint, report=report)
    apply_dns_sync(workspace, approve(plan, "demo"), report=report)
    verify_dns_sync(workspace, endpoint=endpoint, report=report)
    kinds = [kind for kind, _ in kept]
    assert kinds == [EventKind.PLAN, EventKind.APPROVAL, EventKind.CHANGE, EventKind.VERIFIED]
    changed = kept[2][1]["changes"][0]
    assert (changed["action"], changed["before"], changed["after"]["ttl_s"]) == ("create", None, 30)


def test_the_picture_shows_every_instance(workspace: Workspace, endpoint: FleetEndpoint) -> None:
    drawn = plan_dns_sync(workspace, endpoint=endpoint).draw()
    assert drawn.count("web@") == 2
    assert drawn.count("healthy") == 2


@dataclass(frozen=True, slots=True, kw_only=True)
class _Way(WayIn):
    """A way in to a master whose fleet is a world, and to machines that are all behind one real SSH server."""

    endpoint: FleetEndpoint
    server: SshServer | None
    asked: list[tuple[str, str]]

    @contextlib.contextmanager
    def connect(self, address: str, *, role: str = "") -> Iterator[Any]:
        self.asked.append((address, role))
        if address in {master.address for master in self.cluster.masters.values()}:
            yield self.endpoint.connect
        elif self.server is None:
            raise SshError(f"{address} cannot be reached", seen="no way there")
        else:
            with open_connection(self.server.target, access=self.server.access) as connection:
                yield connection

    def open_fleet_socket(self, connection: Any) -> Any:
        return connection


def put_way(
    monkeypatch: pytest.MonkeyPatch,
    workspace: Workspace,
    endpoint: FleetEndpoint,
    server: SshServer | None,
    etcd: EtcdCluster | None = None,
) -> list[tuple[str, str]]:
    """Put such a way in in place of the real one; give where it leads and as which role, as it is used."""
    asked: list[tuple[str, str]] = []
    way = _Way(
        cluster=workspace.cluster,
        endpoints=() if etcd is None else etcd.endpoints(),
        tls=TlsFiles() if etcd is None else etcd.tls,
        tunnel=None,
        endpoint=endpoint,
        server=server,
        asked=asked,
        _pki=None,  # type: ignore[arg-type] # nobody logs in by it
        _access=SshAccess(known_hosts=KnownHosts()),
        _key_file=None,
    )
    for module in (reading_units, syncing_dns):
        monkeypatch.setattr(module, "open_way_in", lambda _: contextlib.nullcontext(way))
    return asked


def test_machines_that_cannot_be_asked_leave_their_names_as_they_are(
    workspace: Workspace, endpoint: FleetEndpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    sync(workspace, endpoint)
    put_way(monkeypatch, workspace, endpoint, None)
    plan = plan_dns_sync(workspace)
    assert plan.is_empty
    assert [judged.health for judged in plan.services[0].instances] == [Health.UNKNOWN] * 2
    assert "nobody knows whether it serves: 127.0.0.1 cannot be reached: no way there" in plan.text
    assert addresses(workspace) == (FIRST, SECOND)


@pytest.mark.sandbox
def test_in_a_cluster_each_machine_asks_its_own_instances_over_ssh(
    workspace: Workspace,
    endpoint: FleetEndpoint,
    answers: Answers,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answers.statuses[SECOND] = "404 Not Found"
    with SshServer(tmp_path / "ssh") as server:
        asked = put_way(monkeypatch, workspace, endpoint, server)
        plan = plan_dns_sync(workspace)
    first, second = plan.services[0].instances
    assert (first.health, second.health, second.reason) == (Health.HEALTHY, Health.UNHEALTHY, "it answered 404")
    assert sorted(asked)[-2:] == [(FIRST, "internal"), (SECOND, "internal")]


def test_trees_are_kept_through_the_way_in_alone(workspace: Workspace, endpoint: FleetEndpoint) -> None:
    with pytest.raises(SettingsError, match="kept through the cluster's way in"):
        plan_dns_sync(workspace, endpoint=endpoint, trees=True)


@pytest.mark.sandbox
def test_the_trees_of_the_original_proxies_are_kept_beside_the_names(
    workspace: Workspace,
    endpoint: FleetEndpoint,
    answers: Answers,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answers.statuses[SECOND] = "503 No"
    with SshServer(tmp_path / "ssh") as server, EtcdCluster(tmp_path / "etcd", size=1) as etcd:
        put_way(monkeypatch, workspace, endpoint, server, etcd)
        plan = plan_dns_sync(workspace, trees=True)
        assert "and 2 keys in etcd" in plan.aim
        assert f"create /services/internal/web/{FIRST}: {FIRST}:" in plan.text
        kept: list[Mapping[str, Any]] = []
        report = Reporter(record=lambda _kind, facts: kept.append(facts))
        applied = apply_dns_sync(workspace, approve(plan, "demo"), report=report)
        assert kept[-1]["what"] == "service keys"
        assert [one["key"].rpartition("/")[2] for one in kept[-1]["written"]] == ["_fleetkit", FIRST]
        assert str(applied).endswith("2 keys in etcd changed.")
        # As confd reads them: no mark of ours among them.
        assert etcd.etcdctl_v2("ls", "--recursive", "/services").stdout.split() == [
            "/services/internal",
            "/services/internal/web",
            f"/services/internal/web/{FIRST}",
        ]
        assert plan_dns_sync(workspace, trees=True).is_empty
        assert verify_dns_sync(workspace, trees=True).outcome == "done"
        answers.statuses = dict.fromkeys(answers.statuses, "503 No")
        verified = verify_dns_sync(workspace, trees=True)
        assert "! /services/internal/web stays as it is, for web has no healthy instance" in str(verified)
        last = plan_dns_sync(workspace, trees=True, remove_last=True)
        apply_dns_sync(workspace, approve(last, "demo"), report=report)
        gone = [one["key"].rpartition("/")[2] for one in kept[-1]["deleted"]]
        assert gone == [FIRST, "_fleetkit", "web"]
        assert etcd.etcdctl_v2("ls", "--recursive", "/services/internal").stdout == ""
