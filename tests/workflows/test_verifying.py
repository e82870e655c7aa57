"""A deploy is verified by real members and what fleet lists; what is missing is said, and waited for."""

from __future__ import annotations

import contextlib
import json
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from support.aws_moto import emulated_aws, run_machine
from support.cluster_files import write_cluster
from support.etcd_cluster import EtcdCluster
from support.http_answers import Reply, Request, serve_answers

from fleetkit import aws
from fleetkit.core import Patience, WaitTimeoutError
from fleetkit.etcd import Verdict
from fleetkit.ssh import KnownHosts, SshAccess
from fleetkit.workflows import Reporter, VerifiedDeploy, Workspace, open_workspace, verify_deploy, verifying
from fleetkit.workflows.supplying import ensure_certificates
from fleetkit.workflows.way_in import WayIn

pytestmark = pytest.mark.sandbox

ONE_LOOK = Patience(deadline_s=0)
LONG = Patience(deadline_s=60, interval_s=0.05)


@dataclass(frozen=True, slots=True, kw_only=True)
class ShortWay(WayIn):
    """A way to members on this computer, with fleet's API at a port of it: nobody logs in anywhere."""

    fleet: tuple[str, int]

    @contextlib.contextmanager
    def connect_master(self) -> Iterator[None]:  # type: ignore[override] # there is no machine to be connected to
        yield None

    def open_fleet_socket(self, _connection: object) -> Callable[[], socket.socket]:  # type: ignore[override]
        return lambda: socket.create_connection(self.fleet, timeout=10)


@dataclass(kw_only=True)
class Place:
    """The cluster demo, whose account, members and fleet are here.

    fleet lists ``joined``, or fails with ``status``; ``join_after`` is how many questions before which address joins.
    """

    workspace: Workspace
    etcd: EtcdCluster
    joined: list[str]
    fleet: tuple[str, int] = ("", 0)
    status: int = 200
    join_after: tuple[int, str] = (0, "")
    asked: int = 0
    opened: int = 0
    notes: list[str] = field(default_factory=list)

    @contextlib.contextmanager
    def open_way(self, workspace: Workspace) -> Iterator[ShortWay]:
        self.opened += 1
        yield ShortWay(
            cluster=workspace.cluster,
            endpoints=self.etcd.endpoints(),
            tls=self.etcd.tls,
            tunnel=None,
            fleet=self.fleet,
            _pki=self.etcd.pki,
            _access=SshAccess(known_hosts=KnownHosts()),
            _key_file=None,
        )

    def answer(self, request: Request) -> Reply:
        """Answer as fleet does."""
        assert request.path == "/fleet/v1/machines"
        count, late = self.join_after
        if late and self.asked == count:
            self.joined.append(late)
        self.asked += 1
        if self.status != 200:
            said: dict[str, object] = {"error": {"code": self.status, "message": "no leader"}}
        else:
            said = {"machines": [{"id": one, "primaryIP": one, "metadata": {}} for one in self.joined]}
        return Reply(status=self.status, body=json.dumps(said).encode())

    def verify(self, patience: Patience = ONE_LOOK, *, note: Callable[[str], None] | None = None) -> VerifiedDeploy:
        return verify_deploy(self.workspace, patience=patience, report=Reporter(note=note or self.notes.append))

    def missing(self) -> str:
        """Return what a verification says is missing."""
        with pytest.raises(WaitTimeoutError, match="for demo to live") as caught:
            self.verify()
        assert "fleetkit inspect demo" in str(caught.value.hint)
        return str(caught.value.seen)


@pytest.fixture(scope="module")
def etcd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EtcdCluster]:
    with EtcdCluster(tmp_path_factory.mktemp("etcd")) as cluster:
        yield cluster


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    write_cluster(tmp_path)
    with emulated_aws():
        yield open_workspace("demo", folder=tmp_path, environ={"HOME": str(tmp_path)})


@pytest.fixture
def place(workspace: Workspace, etcd: EtcdCluster, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    """Return the cluster as it should be: members healthy, pools filled, every machine joined."""
    for role, pool in workspace.cluster.pools.items():
        for _ in range(pool.desired):
            run_machine(workspace.session, cluster="demo", role=role)
    workers = [one.private_address for one in aws.list_instances(workspace.session, "demo")]
    joined = [*(one.address for one in workspace.cluster.masters.values()), *workers]

    place = Place(workspace=workspace, etcd=etcd, joined=joined)
    with serve_answers(place.answer) as url:
        place.fleet = ("127.0.0.1", int(url.rpartition(":")[2]))
        monkeypatch.setattr(verifying, "open_way_in", place.open_way)
        yield place


def test_a_cluster_that_lives_is_seen_at_the_first_look(place: Place) -> None:
    verified = place.verify()
    assert verified.health.verdict is Verdict.HEALTHY
    assert verified.machines == tuple(sorted(place.joined))
    assert verified.summary.startswith(
        "demo lives: etcd has its quorum with 3 members, and 8 machines have joined fleet"
    )
    assert place.notes == []


def test_a_lost_quorum_is_said_with_each_member_that_is_ill(place: Place) -> None:
    for name in ("etcd2", "etcd3"):
        place.etcd.kill(name)
    try:
        said = place.missing()
    finally:
        for name in ("etcd2", "etcd3"):
            place.etcd.start(name)
        place.etcd.wait_healthy()
    assert said.startswith("etcd is lost: ")
    for name in ("etcd2", "etcd3"):
        assert f"{name} " in said
    assert place.notes == [f"not yet: {said}"]


def test_one_ill_member_is_not_a_cluster_that_lives(place: Place) -> None:
    # Without their leader, the others would be ill as well until they have another one.
    leader = place.etcd.leader()
    ill = next(name for name in place.etcd.members if name != leader)
    place.etcd.kill(ill)
    try:
        said = place.missing()
    finally:
        place.etcd.start(ill)
        place.etcd.wait_healthy()
    assert said.startswith(f"etcd is degraded: {ill} ")
    assert leader not in said


def test_machines_that_have_not_joined_are_named_each(place: Place) -> None:
    master = place.workspace.cluster.masters["etcd2"].address
    worker = aws.list_instances(place.workspace.session, "demo", role="internal")[0]
    for address in (master, worker.private_address):
        place.joined.remove(address)
    assert place.missing() == (
        f"the master etcd2 ({master}) has not joined fleet, "
        f"internal {worker.instance_id} ({worker.private_address}) has not joined fleet"
    )


def test_a_pool_that_is_not_filled_is_said_and_a_machine_that_stopped_does_not_count(place: Place) -> None:
    desired = place.workspace.cluster.pools["public"].desired
    first = aws.list_instances(place.workspace.session, "demo", role="public")[0]
    place.workspace.session.ec2.stop_instances(InstanceIds=[first.instance_id])
    assert place.missing() == f"the pool public has {desired - 1} of {desired} machines"


def test_what_is_missing_is_waited_for_and_told_once(place: Place) -> None:
    late = place.joined.pop(0)
    place.join_after = (3, late)
    assert late in place.verify(LONG).machines
    assert place.asked == 4
    assert len(place.notes) == 1
    assert place.notes[0].endswith(f"({late}) has not joined fleet")
    assert place.opened == 1, "the way stays open between two looks"


def test_after_a_failed_look_the_way_is_opened_anew(place: Place) -> None:
    place.status = 503

    def note(reason: str) -> None:
        place.notes.append(reason)
        place.status = 200

    place.verify(LONG, note=note)
    assert len(place.notes) == 1
    assert "no leader" in place.notes[0]
    assert place.opened == 2


def test_a_bastion_that_does_not_run_is_said(workspace: Workspace) -> None:
    ensure_certificates(workspace)
    with pytest.raises(WaitTimeoutError) as caught:
        verify_deploy(workspace, patience=ONE_LOOK)
    assert caught.value.seen == "the cluster demo has no bastion that runs: it has no bastion at all"
    machine = run_machine(workspace.session, cluster="demo", role="bastion")
    workspace.session.ec2.stop_instances(InstanceIds=[machine])
    with pytest.raises(WaitTimeoutError) as caught:
        verify_deploy(workspace, patience=ONE_LOOK)
    assert str(caught.value.seen).endswith(f"{machine} is stopped")
