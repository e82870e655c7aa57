"""Upgrades of real members from 3.4 to 3.5, under a writer: order, backup, traps, the way back, and going on."""

from __future__ import annotations

import json
import ssl
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from support.acknowledged_writes import Writer
from support.aws_moto import emulated_aws
from support.cluster_files import write_cluster
from support.debian_etcd import fetch_debian_etcd
from support.etcd_cluster import PACKAGED, EtcdCluster

from fleetkit import aws, workflows
from fleetkit.cli import main
from fleetkit.core import (
    NotYet,
    Patience,
    PreconditionError,
    QuorumAtRiskError,
    StalePlanError,
    WorkflowError,
    wait_until,
)
from fleetkit.etcd import EtcdVersion, read_status
from fleetkit.runs import EventKind
from fleetkit.workflows import (
    Reporter,
    UpgradePlan,
    WayIn,
    Workspace,
    apply_upgrade,
    approve,
    backing_up,
    open_workspace,
    plan_upgrade,
    upgrading,
    verify_upgrade,
)
from fleetkit.workflows.delivery import image_file, render_manifest
from fleetkit.workflows.supplying import find_supplied_image, supply_image

pytestmark = pytest.mark.sandbox

SOON = Patience(deadline_s=60, interval_s=0.1)
OLD, NEW = (f"quay.io/coreos/etcd@sha256:{digit * 64}" for digit in "12")
BROKEN = Path("/bin/false")


@dataclass(kw_only=True)
class Ground:
    """The cluster demo, whose members are here and run Debian's etcd until they are upgraded."""

    etcd: EtcdCluster
    programs: dict[str, Path]
    runs: dict[str, str]
    workspace: Workspace = field(init=False)
    turns: list[tuple[str, bool]] = field(default_factory=list)
    records: list[tuple[EventKind, dict[str, Any]]] = field(default_factory=list)

    @property
    def report(self) -> Reporter:
        return Reporter(record=lambda kind, facts: self.records.append((kind, dict(facts))))

    def plan(self, **options: bool) -> UpgradePlan:
        return plan_upgrade(self.workspace, report=self.report, **{"accepts_losses": True, **options})

    def apply(self, plan: UpgradePlan, *, patience: Patience = SOON) -> tuple[str, ...]:
        return apply_upgrade(self.workspace, approve(plan, "demo"), patience=patience, report=self.report).done

    def versions(self) -> dict[str, str]:
        found = read_status(self.etcd.endpoints(), tls=self.etcd.tls).ok
        return {name: one.version for name, one in found.items()}

    def changes(self, what: str) -> list[str]:
        found = [facts for kind, facts in self.records if kind is EventKind.CHANGE]
        return [one["member"] for one in found if one["what"] == what]

    def restart(self, name: str, image: str) -> None:
        self.etcd.kill(name)
        self.runs[name] = image
        self.etcd.program = self.programs[image]
        self.etcd.start(name)


@dataclass(frozen=True, kw_only=True)
class LoopbackMachine:
    """A master whose etcd is a process of this computer, where the workflow has one behind SSH and docker."""

    ground: Ground
    workspace: Workspace
    way: WayIn
    name: str

    def read_image(self) -> str:
        return self.ground.runs[self.name]

    def try_image(self, image: str, version: EtcdVersion) -> None:
        assert (image, str(version)) == (NEW, "3.5.1")

    def run_image(self, image: str) -> None:
        status = read_status(self.way.endpoints, tls=self.way.tls).ok.get(self.name)
        self.ground.turns.append((self.name, status is not None and status.is_leader))
        supply_image(self.workspace, self.name, image)
        self.ground.restart(self.name, image)


@pytest.fixture(scope="module")
def debian(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return fetch_debian_etcd(tmp_path_factory.mktemp("debian") / "etcd")


@pytest.fixture
def ground(debian: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Ground]:
    write_cluster(tmp_path, **{"pins.etcd_version": "3.5.1", "pins.etcd_image": NEW})
    monkeypatch.chdir(tmp_path)
    with emulated_aws(), EtcdCluster(tmp_path / "etcd", program=debian) as etcd:
        found = Ground(etcd=etcd, programs={OLD: debian, NEW: PACKAGED}, runs=dict.fromkeys(etcd.members, OLD))
        found.workspace = open_workspace("demo", folder=tmp_path, environ={"HOME": str(tmp_path)})
        aws.ensure_bucket(found.workspace.session, found.workspace.bucket, cluster="demo")
        for name in etcd.members:
            file = image_file(name, OLD)
            for key, content in ((file.key, file.content), (f"roles/master/{name}/manifest", render_manifest((file,)))):
                aws.put_object(found.workspace.session, found.workspace.bucket, key=key, content=content or b"")
        for module in (upgrading, backing_up):
            monkeypatch.setattr(module, "open_way_in", etcd.open_way)
        monkeypatch.setattr(upgrading, "MasterMachine", lambda **known: LoopbackMachine(ground=found, **known))
        yield found


@pytest.fixture
def writer(ground: Ground) -> Iterator[Writer]:
    tls = ground.etcd.tls
    assert tls.certificate is not None
    assert tls.key is not None
    context = ssl.create_default_context(cafile=str(tls.ca))
    context.load_cert_chain(tls.certificate, tls.key)
    writing = Writer([one.port for one in ground.etcd.endpoints()], context)
    writing.start()
    yield writing
    writing.stop()


def test_members_go_from_3_4_to_3_5_one_by_one_the_leader_last_and_no_acknowledged_write_is_lost(
    ground: Ground, writer: Writer
) -> None:
    leader = ground.etcd.leader()
    assert all(version.startswith("3.4.") for version in ground.versions().values())
    writer.wait_for_more()
    plan = ground.plan()
    assert plan.members[-1].name == leader
    assert "as long as one member still runs it" in str(plan)
    assert "below 3.5.33" in str(plan)

    done = ground.apply(plan)
    writer.wait_for_more()
    assert sorted(done) == sorted(ground.etcd.members)
    assert done[0] != leader
    assert [led for _, led in ground.turns] == [False, False, False]
    assert set(ground.versions().values()) == {"3.5.1"}
    writer.stop()
    lost = writer.find_lost()
    assert lost.count == 0, lost

    assert ground.changes("upgrade") == list(done)
    assert len(list(Path("backups").rglob("demo-*.etcd.tar"))) == 1
    # A machine that is replaced later fetches what the others run.
    assert {find_supplied_image(ground.workspace, name) for name in ground.etcd.members} == {NEW}
    verified = verify_upgrade(ground.workspace, patience=SOON)
    assert (verified.outcome, set(verified.versions.values())) == ("done", {"3.5.1"})
    again = ground.plan()
    assert (again.is_empty, ground.apply(again)) == (True, ())


def test_a_version_that_may_lose_data_is_refused_until_that_is_accepted(ground: Ground) -> None:
    plan = ground.plan(accepts_losses=False)
    with pytest.raises(PreconditionError, match=r"(?s)3\.5\.1 may come back from a kill.*--accept-flaws"):
        approve(plan, "demo")
    assert plan.sha256 != ground.plan().sha256


def test_a_member_that_does_not_come_up_goes_back_and_the_others_are_left_alone(ground: Ground) -> None:
    ground.programs[NEW] = BROKEN
    plan, old = ground.plan(), ground.versions()
    first = plan.members[0].name
    short = Patience(deadline_s=3, interval_s=0.1)
    with pytest.raises(WorkflowError, match=rf"(?s){first} was taken back to etcd 3\.4\..*done before that: none"):
        ground.apply(plan, patience=short)
    assert [name for name, _ in ground.turns] == [first, first]
    ground.etcd.wait_healthy()
    assert ground.versions() == old
    assert find_supplied_image(ground.workspace, first) == OLD
    assert ground.changes("rollback") == [first]


def test_one_that_broke_off_in_the_middle_is_gone_on_with_and_the_ill_member_has_its_turn_first(ground: Ground) -> None:
    led = ground.etcd.leader()
    done, ailing = (name for name in ground.etcd.members if name != led)
    ground.restart(done, NEW)
    supply_image(ground.workspace, done, NEW)
    ground.etcd.wait_healthy()
    supply_image(ground.workspace, ailing, NEW)
    ground.etcd.kill(ailing)
    ground.etcd.leader()

    def seen() -> UpgradePlan | NotYet[UpgradePlan]:
        plan = ground.plan()
        return plan if plan.ailing == ailing else NotYet(str(plan))

    plan = wait_until(seen, what="the others to be well", patience=SOON)
    assert [one.name for one in plan.left] == [ailing, led]
    assert f"{ailing} is ill since an upgrade broke off at it" in str(plan)
    assert ground.apply(plan) == (ailing, led)
    assert set(ground.versions().values()) == {"3.5.1"}


def test_a_member_that_is_ill_for_another_reason_has_it_refused(ground: Ground) -> None:
    ground.etcd.kill(next(name for name in ground.etcd.members if name != ground.etcd.leader()))
    ground.etcd.leader()
    with pytest.raises(QuorumAtRiskError, match="none of them may be silent"):
        ground.plan().check()


def test_without_a_backup_no_member_is_touched_and_a_member_that_changed_takes_the_plan_back(
    ground: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = ground.plan()
    Path("backups").write_text("in the way")
    with pytest.raises(PreconditionError, match=r"(?s)no member was touched.*--no-backup"):
        ground.apply(plan)
    assert ground.turns == []
    name = plan.members[0].name
    ground.restart(name, NEW)
    ground.etcd.wait_healthy()
    with pytest.raises(StalePlanError, match=f"{name} runs 3.5.1"):
        ground.apply(plan)


def test_the_command_shows_the_plan_refuses_without_an_approval_and_tells_what_was_done_as_json(
    ground: Ground, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(workflows, "open_workspace", lambda _cluster: ground.workspace)
    assert main(["etcd", "upgrade", "demo", "--approve", "demo"]) == 4
    assert "--accept-flaws" in capsys.readouterr().err
    assert main(["etcd", "upgrade", "demo", "--accept-flaws"]) == 4
    assert ground.turns == []
    capsys.readouterr()
    words = ["etcd", "upgrade", "demo", "--accept-flaws", "--no-backup", "--approve", "demo", "--json"]
    assert main(words) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["goal"], told["applied"]["backup"]) == ("3.5.1", "")
    assert sorted(told["applied"]["done"]) == sorted(ground.etcd.members)
    assert set(told["verified"]["versions"].values()) == {"3.5.1"}
