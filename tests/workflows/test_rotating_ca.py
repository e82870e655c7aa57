"""The CA of real members is replaced: who writes meanwhile loses nothing, and what was cut off at any step goes on."""

from __future__ import annotations

import shutil
import ssl
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from support.acknowledged_writes import Writer
from support.aws_moto import emulated_aws
from support.cluster_files import write_cluster
from support.etcd_cluster import ZONE, EtcdCluster

from fleetkit.core import Patience, PreconditionError, SshError, StalePlanError, WorkflowError
from fleetkit.etcd import Endpoint, TlsFiles, read_health, read_served_certificates
from fleetkit.pki import CaStage, CertificateFacts, list_replaced, parse_certificate_facts, read_ca_stage
from fleetkit.workflows import (
    AppliedRotation,
    CaPlan,
    WayIn,
    Workspace,
    _ca_rotation,
    _rotation_proof,
    _rotation_steps,
    apply_ca_rotation,
    approve,
    list_certificates,
    listing_certificates,
    open_workspace,
    plan_ca_rotation,
    rotating,
    rotating_ca,
    verify_ca_rotation,
)
from fleetkit.workflows._ca_machines import ETCD
from fleetkit.workflows._rotation_machines import FleetMachine

pytestmark = pytest.mark.sandbox

SOON = Patience(deadline_s=60, interval_s=0.1)
NAMES = ("etcd1", "etcd2", "etcd3")
WORKER = FleetMachine(name="i-0a1b", role="internal", address="10.0.0.9", is_running=True)


@dataclass(kw_only=True)
class Place:
    """The cluster demo, whose members are here; its machines are folders, and their fleet is what it read last."""

    workspace: Workspace
    etcd: EtcdCluster
    machines: tuple[FleetMachine, ...]
    folder: Path
    trusted: dict[tuple[str, str], bytes] = field(default_factory=dict)
    used: dict[str, bytes] = field(default_factory=dict)
    restarted: list[str] = field(default_factory=list)
    fails_at: str = ""

    def __post_init__(self) -> None:
        for machine in self.machines:
            self.fetch(None, machine)
            self._read(machine, "fleet")
            if not machine.role:
                self._read(machine, ETCD)
            self.used[machine.name] = self._fleet_file(machine).read_bytes()

    def plan(self) -> CaPlan:
        return plan_ca_rotation(self.workspace)

    def apply(self, plan: CaPlan) -> AppliedRotation:
        return apply_ca_rotation(self.workspace, approve(plan, "demo"), patience=SOON)

    def fetch(self, _way: WayIn | None, machine: FleetMachine) -> None:
        """Do what the fetch script does on a machine."""
        self._fail(f"fetch {machine.name}")
        pki = self.etcd.pki
        (self.folder / machine.name).mkdir(exist_ok=True)
        shutil.copyfile(pki.ca.certificate, self.folder / machine.name / "ca.crt")
        shutil.copyfile(pki.clients["fleet"].certificate, self._fleet_file(machine))
        if machine.role:
            return
        for files in (pki.ca, pki.servers[machine.name], pki.peers[machine.name]):
            target = self.etcd.members[machine.name].folder / "pki" / files.certificate.name
            new = target.with_suffix(".new")
            new.write_bytes(files.certificate.read_bytes())
            new.replace(target)

    def restart_member(self, _way: WayIn, machine: FleetMachine) -> None:
        self._fail(f"restart {machine.name}")
        self.restarted.append(machine.name)
        self.etcd.kill(machine.name)
        self.etcd.start(machine.name)
        self._read(machine, ETCD)

    def restart_fleet(self, _way: WayIn, machine: FleetMachine, **_patience: Any) -> None:
        self._fail(f"fleet {machine.name}")
        self._read(machine, "fleet")
        self.used[machine.name] = self._fleet_file(machine).read_bytes()

    def find_distrust(self, _way: WayIn, machine: FleetMachine, service: str, trusted: bytes) -> str:
        key = (machine.name, ETCD if service == ETCD else "fleet")
        return "" if self.trusted[key] == trusted else f"{service} of {machine.name} trusts others"

    def read_used(self, _way: WayIn, machine: FleetMachine) -> CertificateFacts:
        return parse_certificate_facts(ssl.PEM_cert_to_DER_cert(self.used[machine.name].decode()))

    def read_peer(self, _way: WayIn, machine: FleetMachine) -> CertificateFacts:
        port = self.etcd.members[machine.name].peer_port
        endpoint = Endpoint(name=machine.name, host=f"{machine.name}.{ZONE}", address="127.0.0.1", port=port)
        found = read_served_certificates([endpoint], tls=self.etcd.tls)
        for error in found.failed.values():
            raise error
        return parse_certificate_facts(found.ok[machine.name])

    def _fail(self, what: str) -> None:
        if what == self.fails_at:
            raise SshError(f"{what} fails", seen="connection reset")

    def _read(self, machine: FleetMachine, who: str) -> None:
        self.trusted[machine.name, who] = (self.folder / machine.name / "ca.crt").read_bytes()

    def _fleet_file(self, machine: FleetMachine) -> Path:
        return self.folder / machine.name / "client.crt"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EtcdCluster]:
    with EtcdCluster(tmp_path_factory.mktemp("clusters") / "clusters" / "demo") as cluster:
        yield cluster


@pytest.fixture
def place(running: EtcdCluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    home = running.folder.parents[1]
    if not (home / "clusters" / "demo.toml").exists():
        write_cluster(home)
    masters = [FleetMachine(name=name, role="", address="127.0.0.1", is_running=True) for name in NAMES]
    with emulated_aws():
        workspace = open_workspace("demo", folder=home, environ={"HOME": str(home)})
        place = Place(workspace=workspace, etcd=running, machines=(*masters, WORKER), folder=tmp_path)
        for module in (rotating, rotating_ca, listing_certificates):
            monkeypatch.setattr(module, "open_way_in", running.open_way)
        for module in (rotating, rotating_ca, _ca_rotation):
            monkeypatch.setattr(module, "list_machines", lambda _workspace: place.machines)
        monkeypatch.setattr(rotating_ca, "find_pending_settings", lambda *_: ())
        monkeypatch.setattr(rotating, "wait_joined", lambda *_: [])
        # The members are here, and not where the cluster file has them.
        monkeypatch.setattr(_ca_rotation, "members_of", lambda _workspace: dict.fromkeys(NAMES, "127.0.0.1"))
        monkeypatch.setattr(_ca_rotation, "supply_bucket", lambda *_, **__: ())
        for name in ("restart_member", "restart_fleet", "find_distrust"):
            monkeypatch.setattr(_ca_rotation, name, getattr(place, name))
        for module in (_ca_rotation, _rotation_steps):
            monkeypatch.setattr(module, "fetch_files", place.fetch)
        for name in ("read_peer", "read_used"):
            monkeypatch.setattr(_rotation_proof, name, getattr(place, name))
        yield place


def context_of(etcd: EtcdCluster) -> ssl.SSLContext:
    """Return what a client has that was given both CAs beforehand, and keeps its certificate."""
    made = ssl.create_default_context(cafile=str(etcd.pki.ca.certificate))
    made.load_cert_chain(etcd.pki.clients["ui"].certificate, etcd.pki.clients["ui"].key)
    return made


def assert_all_is_new(place: Place, old: bytes) -> None:
    pki = place.etcd.pki
    assert (read_ca_stage(pki.folder), list_replaced(pki.folder)) == (CaStage.SETTLED, ())
    assert old not in pki.ca.certificate.read_bytes()
    assert set(place.trusted.values()) == {pki.ca.certificate.read_bytes()}
    assert list_certificates(place.workspace).amiss == ()
    assert place.etcd.etcdctl("put", "after", "it").returncode == 0


def test_all_change_over_member_by_member_and_the_old_ca_is_refused_afterwards(place: Place, tmp_path: Path) -> None:
    old = place.etcd.pki.ca.certificate.read_bytes()
    kept = {name: shutil.copy(getattr(place.etcd.tls, name), tmp_path / name) for name in ("certificate", "key")}
    pins = place.workspace.cluster.pins.model_copy(update={"pages_sha256": "1" * 64})
    place.workspace = replace(place.workspace, cluster=place.workspace.cluster.model_copy(update={"pins": pins}))
    plan = place.plan()
    assert "the etcd browser on masters sees nothing" in str(plan)
    assert (plan.stage, [str(one) for one in plan.steps]) == (CaStage.SETTLED, ["trust", "issue", "drop"])
    applied = place.apply(plan)
    assert set(applied.fetched) == {*NAMES, WORKER.name}
    assert len(applied.renewed) == 9
    assert "fleetkit units stop demo etcd-browser@1.service" in str(applied)
    assert sorted(place.restarted) == sorted(NAMES * 2)
    assert len(set(place.restarted[:3])) == 3
    assert verify_ca_rotation(place.workspace, patience=SOON).findings == ()
    assert_all_is_new(place, old)
    with_old = TlsFiles(ca=place.etcd.pki.ca.certificate, certificate=kept["certificate"], key=kept["key"])
    assert not any(one.healthy for one in read_health(place.etcd.endpoints(), tls=with_old).members)


def test_who_writes_meanwhile_and_trusts_both_has_every_acknowledged_write(place: Place) -> None:
    place.fails_at = "fetch etcd1"
    with pytest.raises(WorkflowError, match="stopped before the end"):
        place.apply(place.plan())
    # A client of one's own is given both CAs before the rotation goes on, as the page on certificates asks for.
    writer = Writer([one.client_port for one in place.etcd.members.values()], context_of(place.etcd))
    place.fails_at = ""
    writer.start()
    try:
        writer.wait_for_more()
        place.fails_at = f"fleet {WORKER.name}"
        with pytest.raises(WorkflowError):
            place.apply(place.plan())
        writer.wait_for_more()
    finally:
        writer.stop()
    assert writer.find_lost().count == 0
    place.fails_at = ""
    place.apply(place.plan())


@pytest.mark.parametrize("step", ["restart etcd2", "fleet etcd3", f"fetch {WORKER.name}"])
def test_what_was_cut_off_serves_and_goes_on(place: Place, step: str) -> None:
    old = place.etcd.pki.ca.certificate.read_bytes()
    seen = []
    place.fails_at = step
    for _ in range(2):
        with pytest.raises(WorkflowError, match="go on with fleetkit certificates rotate demo --ca"):
            place.apply(place.plan())
        seen.append(read_ca_stage(place.etcd.pki.folder))
        place.etcd.wait_healthy()
        (ca,) = [one for one in list_certificates(place.workspace).certificates if one.name == "ca"]
        assert (ca.verdict, ca.next_step) == ("being replaced", "fleetkit certificates rotate demo --ca")
    assert set(seen) == {CaStage.TRUST}
    place.fails_at = ""
    place.apply(place.plan())
    assert verify_ca_rotation(place.workspace, patience=SOON).findings == ()
    assert_all_is_new(place, old)


def test_a_plan_is_for_the_step_at_which_it_was_made(place: Place) -> None:
    stale = place.plan()
    place.fails_at = "fetch etcd1"
    with pytest.raises(WorkflowError):
        place.apply(place.plan())
    place.fails_at = ""
    with pytest.raises(StalePlanError, match="it was settled then, and is trust now"):
        place.apply(stale)
    place.apply(place.plan())


def test_nothing_is_begun_while_a_member_is_ill(place: Place) -> None:
    place.etcd.pause("etcd2")
    try:
        plan = place.plan()
        with pytest.raises(PreconditionError, match="the CA of demo cannot be replaced now"):
            plan.check()
    finally:
        place.etcd.resume("etcd2")
    place.etcd.wait_healthy()
    assert read_ca_stage(place.etcd.pki.folder) is CaStage.SETTLED
