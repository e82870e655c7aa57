"""Rotation of real members' certificates: nobody who writes meanwhile is refused, and what broke off goes on."""

from __future__ import annotations

import base64
import datetime as dt
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from support.aws_moto import emulated_aws
from support.cluster_files import write_cluster
from support.etcd_cluster import ZONE, EtcdCluster

from fleetkit.config import Approval, ApprovalKind
from fleetkit.core import (
    ApprovalMissingError,
    AwsError,
    BusyError,
    EtcdError,
    NotFoundError,
    NotYet,
    Patience,
    PreconditionError,
    SshError,
    StalePlanError,
    WorkflowError,
    wait_until,
)
from fleetkit.etcd import Endpoint, list_members, read_served_certificates
from fleetkit.etcd._http import Call, make_context
from fleetkit.pki import CertificateFacts, ClusterPki, list_replaced, parse_certificate_facts, renew_leaf
from fleetkit.pki._files import write_private
from fleetkit.runs import EventKind
from fleetkit.workflows import (
    AppliedRotation,
    Reporter,
    RotationPlan,
    VerifiedRotation,
    WayIn,
    Workspace,
    _rotation_proof,
    _rotation_steps,
    apply_rotation,
    approve,
    list_certificates,
    listing_certificates,
    open_workspace,
    plan_rotation,
    rotating,
    verify_rotation,
)
from fleetkit.workflows._lock import hold_cluster
from fleetkit.workflows._rotation_machines import FleetMachine

pytestmark = pytest.mark.sandbox

SOON = Patience(deadline_s=60, interval_s=0.1)
ONE_LOOK = Patience(deadline_s=0)
LONG_AGO = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
MEMBERS = dict.fromkeys(("etcd1", "etcd2", "etcd3"), "127.0.0.1")


@dataclass(kw_only=True)
class Place:
    """The cluster demo, whose members are here, and whose machines are their folders."""

    workspace: Workspace
    etcd: EtcdCluster
    pending: tuple[str, ...] = ()
    unreachable: str = ""
    bucket_fails: bool = False
    supplied: list[str] = field(default_factory=list)
    records: list[tuple[EventKind, dict[str, Any]]] = field(default_factory=list)

    def plan(self, *only: str, everything: bool = False) -> RotationPlan:
        return plan_rotation(self.workspace, only=only, everything=everything)

    def apply(self, plan: RotationPlan, *, patience: Patience = SOON) -> AppliedRotation:
        report = Reporter(record=lambda kind, facts: self.records.append((kind, dict(facts))))
        return apply_rotation(self.workspace, approve(plan, "demo"), patience=patience, report=report)

    def verify(self) -> VerifiedRotation:
        return verify_rotation(self.workspace, patience=SOON)

    def verify_whole(self) -> list[str]:
        """Verify until there is no finding, for any single request may be too slow; return what was proven."""
        proven: list[str] = []

        def look() -> bool | NotYet[bool]:
            verified = self.verify()
            proven.extend(verified.proven)
            return NotYet("; ".join(verified.findings)) if verified.findings else True

        wait_until(look, what="no finding", patience=SOON)
        return proven

    def expire(self, name: str) -> None:
        """Put a certificate in its place that expired long ago, on the machine too."""
        renew_leaf(self.workspace.paths.pki, name, members=MEMBERS, dns_zone=ZONE, now=LONG_AGO)
        (self.workspace.paths.pki / "replaced" / f"{name}.crt").unlink()

    def supply(self, _workspace: Workspace, pki: ClusterPki, **_told: object) -> tuple[str, ...]:
        """Do what filling the bucket does, as far as the pages' certificate goes."""
        if self.bucket_fails:
            raise AwsError("the bucket cannot be written", seen="503")
        self.supplied.append(pki.clients["ui"].facts().serial)
        return ()

    def fetch(self, _way: WayIn, machine: FleetMachine) -> None:
        """Do on a member's folder what the fetch script does on a machine: one rename for each file."""
        if machine.name == self.unreachable:
            raise SshError(f"{machine.name} cannot be reached", seen="connection refused")
        for files in (self.etcd.pki.servers[machine.name], self.etcd.pki.peers[machine.name]):
            target = self.etcd.members[machine.name].folder / "pki" / files.certificate.name
            new = target.with_suffix(".new")
            new.write_bytes(files.certificate.read_bytes())
            new.replace(target)

    def served(self, name: str, *, peer: bool = False) -> CertificateFacts:
        member = self.etcd.members[name]
        port = member.peer_port if peer else member.client_port
        endpoint = Endpoint(name=name, host=f"{name}.{ZONE}", address="127.0.0.1", port=port)

        def shown() -> CertificateFacts | NotYet[CertificateFacts]:
            found = read_served_certificates([endpoint], tls=self.etcd.tls)
            for error in found.failed.values():
                return NotYet(str(error))
            return parse_certificate_facts(found.ok[name])

        return wait_until(shown, what=f"{name} to show its certificate", patience=SOON)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EtcdCluster]:
    folder = tmp_path_factory.mktemp("clusters") / "clusters" / "demo"
    with EtcdCluster(folder) as cluster:
        yield cluster


@pytest.fixture
def place(running: EtcdCluster, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    home = running.folder.parents[1]
    if not (home / "clusters" / "demo.toml").exists():
        write_cluster(home)
    with emulated_aws():
        workspace = open_workspace("demo", folder=home, environ={"HOME": str(home)})
        place = Place(workspace=workspace, etcd=running)
        machines = tuple(
            FleetMachine(name=name, role="", address="127.0.0.1", is_running=True) for name in running.members
        )
        for module in (rotating, listing_certificates):
            monkeypatch.setattr(module, "open_way_in", running.open_way)
        monkeypatch.setattr(rotating, "list_machines", lambda _workspace: machines)
        monkeypatch.setattr(rotating, "find_pending_settings", lambda *_: place.pending)
        monkeypatch.setattr(rotating, "supply_bucket", place.supply)
        monkeypatch.setattr(_rotation_steps, "fetch_files", place.fetch)
        monkeypatch.setattr(_rotation_proof, "read_peer", lambda _way, one: place.served(one.name, peer=True))
        yield place


@dataclass
class Writer:
    """Writes as fast as it can, each time over a connection of its own, to all members in turn."""

    etcd: EtcdCluster
    written: int = 0
    failed: list[str] = field(default_factory=list)

    def __enter__(self) -> Writer:
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._write_on)
        self._thread.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self._end.set()
        self._thread.join()

    def _write_on(self) -> None:
        context = make_context(self.etcd.tls)
        while not self._end.is_set():
            for endpoint in self.etcd.endpoints():
                value = base64.b64encode(str(self.written).encode()).decode()
                try:
                    with Call(endpoint, context=context, deadline=time.monotonic() + 30) as call:
                        call.post("/v3/kv/put", {"key": "d3JpdGVy", "value": value})
                    self.written += 1
                except EtcdError as error:
                    # What etcd itself says came through TLS: that a leader was lost on a busy computer, and no more.
                    if "etcdserver:" not in str(error):
                        self.failed.append(f"{endpoint.name}: {error}")


def test_all_members_change_over_while_no_request_fails_and_none_restarts(place: Place) -> None:
    processes = {name: member.process for name, member in place.etcd.members.items()}
    plan = place.plan("etcd1", "etcd2", "etcd3", "operator", "ui")
    assert len(plan.renewed) == 8
    before = {name: (place.served(name).serial, place.served(name, peer=True).serial) for name in MEMBERS}
    with Writer(place.etcd) as writer:
        applied = place.apply(plan)
        seen = writer.written
        while writer.written < seen + 30 and not writer.failed:
            time.sleep(0.01)
    assert writer.failed == []
    assert applied.fetched == ("etcd1", "etcd2", "etcd3")
    for name in MEMBERS:
        now = (place.served(name).serial, place.served(name, peer=True).serial)
        made = (place.etcd.pki.servers[name].facts().serial, place.etcd.pki.peers[name].facts().serial)
        assert now == made
        assert not set(now) & set(before[name])
    assert {name: member.process for name, member in place.etcd.members.items()} == processes
    assert {one.name for one in list_members(place.etcd.endpoints(), tls=place.etcd.tls)} == set(MEMBERS)
    assert len(place.verify_whole()) == 8
    assert list_replaced(place.workspace.paths.pki) == ()
    wait_until(
        lambda: place.etcd.etcdctl("put", "after", "it").returncode == 0 or NotYet("refused"),
        what="a write",
        patience=SOON,
    )


def test_what_was_rotated_leaves_nothing_to_do(place: Place) -> None:
    plan = place.plan()
    assert plan.is_empty
    assert "Nothing to rotate" in str(plan)
    assert str(apply_rotation(place.workspace, approve(plan, ""))).startswith("Nothing to do")
    assert list_certificates(place.workspace).amiss == ()


def test_a_member_and_an_operator_whose_certificates_expired_are_mended(place: Place) -> None:
    for name in ("members/etcd2/server", "members/etcd2/peer"):
        place.expire(name)
    place.fetch(None, FleetMachine(name="etcd2", role="", address="", is_running=True))  # type: ignore[arg-type]
    place.expire("clients/operator")
    listing = list_certificates(place.workspace)
    steps = {one.name: (one.verdict, one.next_step) for one in listing.amiss}
    mend = ("expired", "fleetkit certificates rotate demo")
    assert [steps[one] for one in ("members/etcd2/server", "members/etcd2/peer", "clients/operator")] == [mend] * 3
    plan = place.plan()
    assert set(plan.names) >= {"members/etcd2/server", "members/etcd2/peer", "clients/operator"}
    place.apply(plan)
    place.verify_whole()
    place.etcd.wait_healthy()
    assert place.plan().is_empty


def test_what_broke_off_goes_on_with_what_was_made(place: Place) -> None:
    place.unreachable = "etcd2"
    with pytest.raises(WorkflowError, match="stopped before the end") as stopped:
        place.apply(place.plan("etcd1", "etcd2"))
    assert stopped.value.completed == ("etcd1",)
    made = place.etcd.pki.servers["etcd2"].facts().serial
    assert place.served("etcd2").serial != made
    (finding, _peer) = [one for one in place.verify().findings if "etcd2" in one]
    assert finding.endswith("(fleetkit certificates rotate demo)")

    place.unreachable = ""
    plan = place.plan()
    assert (plan.renewed, set(plan.undelivered)) == ((), {"members/etcd2/peer", "members/etcd2/server"})
    place.apply(plan)
    assert place.served("etcd2").serial == made
    place.verify_whole()


def with_pages(place: Place) -> Workspace:
    """Return the cluster with pages on its masters."""
    pins = place.workspace.cluster.pins.model_copy(update={"pages_sha256": "1" * 64})
    return replace(place.workspace, cluster=place.workspace.cluster.model_copy(update={"pins": pins}))


def test_the_pages_certificate_is_put_into_the_bucket_and_their_units_are_named(place: Place) -> None:
    without = place.apply(place.plan("ui"))
    assert (without.renewed, without.fetched, without.pages) == (("clients/ui",), (), False)
    assert place.supplied == [place.etcd.pki.clients["ui"].facts().serial]
    place.verify_whole()

    place.workspace = with_pages(place)
    told = str(place.apply(place.plan("ui")))
    assert place.supplied[1:] == [place.etcd.pki.clients["ui"].facts().serial]
    assert "fleetkit units stop demo etcd-browser@1.service" in told
    place.verify_whole()


def test_where_the_bucket_could_not_be_filled_the_next_rotation_fills_it_and_names_the_pages_too(place: Place) -> None:
    place.workspace = with_pages(place)
    place.bucket_fails = True
    with pytest.raises(AwsError):
        place.apply(place.plan("ui"))
    made = place.etcd.pki.clients["ui"].facts().serial
    place.bucket_fails = False
    plan = place.plan()
    assert (plan.renewed, plan.undelivered) == ((), ("clients/ui",))
    assert "etcd-browser@1.service" in str(place.apply(plan))
    assert place.supplied == [made]
    place.verify_whole()


def test_a_member_that_serves_what_nobody_made_is_given_its_own(place: Place) -> None:
    right = place.etcd.pki.servers["etcd3"].certificate.read_bytes()
    place.expire("members/etcd3/server")
    write_private(place.etcd.pki.servers["etcd3"].certificate, right)
    plan = place.plan("operator")
    assert plan.undelivered == ()
    renew_leaf(place.workspace.paths.pki, "members/etcd3/server", members=MEMBERS, dns_zone=ZONE)
    (place.workspace.paths.pki / "replaced" / "members/etcd3/server.crt").unlink()
    plan = place.plan()
    assert plan.undelivered == ("members/etcd3/server",)
    assert [one.name for one in plan.machines] == ["etcd3"]
    place.apply(plan)
    place.verify_whole()


def test_a_wrong_name_lists_those_that_are_known(place: Place) -> None:
    with pytest.raises(NotFoundError, match="no certificate of etcd4") as unknown:
        place.plan("etcd4")
    assert {"etcd1", "members/etcd1/peer", "operator", "clients/fleet"} <= set(unknown.value.known)


def test_without_the_ca_key_it_says_what_is_missing(place: Place) -> None:
    key = place.etcd.pki.ca.key
    held = key.read_bytes()
    key.unlink()
    try:
        with pytest.raises(NotFoundError, match=r"ca\.key"):
            place.plan()
    finally:
        write_private(key, held)


def test_settings_that_machines_would_fetch_as_well_are_left_to_a_deploy(place: Place) -> None:
    place.pending = ("/etc/etcd/etcd.env of roles/master/etcd1",)
    plan = place.plan("etcd1")
    with pytest.raises(PreconditionError, match=r"more than certificates: /etc/etcd/etcd\.env"):
        plan.check()
    with pytest.raises(PreconditionError):
        approve(plan, "demo")


def test_a_ca_that_has_expired_points_to_what_gets_the_data_out(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rotating, "utc_now", lambda: dt.datetime(2100, 1, 1, tzinfo=dt.UTC))
    with pytest.raises(PreconditionError, match=r"the CA .* has expired itself") as refused:
        place.plan("etcd1").check()
    assert "fleetkit etcd restore NEW --backup-of demo" in str(refused.value.hint)


def test_nothing_is_re_issued_without_an_approval_or_while_another_is_at_work(place: Place) -> None:
    plan = place.plan("etcd1")
    with pytest.raises(ApprovalMissingError):
        approve(plan, "")
    with (
        hold_cluster(place.workspace.paths.folder, operation="deploy"),
        pytest.raises(BusyError, match="deploy by"),
    ):
        place.apply(plan)
    assert list_replaced(place.workspace.paths.pki) == ()


def test_a_plan_is_applied_once_and_not_over_what_was_re_issued_since(place: Place) -> None:
    plan = place.plan("etcd1")
    place.apply(plan)
    made = place.etcd.pki.servers["etcd1"].facts().serial
    with pytest.raises(StalePlanError, match="re-issued since the plan was made") as refused:
        place.apply(plan)
    assert "members/etcd1/server" in str(refused.value.seen)
    assert place.etcd.pki.servers["etcd1"].facts().serial == made
    place.verify_whole()


def test_settings_that_came_up_since_the_plan_are_left_to_a_deploy_too(place: Place) -> None:
    plan = place.plan("etcd1")
    place.pending = ("/etc/etcd/etcd.env of masters/etcd1",)
    with pytest.raises(PreconditionError, match="cannot be rotated now"):
        place.apply(plan)
    assert list_replaced(place.workspace.paths.pki) == ()


def test_a_name_is_too_little_where_the_cluster_file_demands_the_sha256(place: Place) -> None:
    rules = Approval(required=ApprovalKind.SHA256)
    workspace = replace(place.workspace, cluster=place.workspace.cluster.model_copy(update={"approval": rules}))
    plan = plan_rotation(workspace, everything=True)
    with pytest.raises(ApprovalMissingError, match=f"--approve {plan.sha256}"):
        approve(plan, "demo")
    assert approve(plan, plan.sha256).plan is plan
