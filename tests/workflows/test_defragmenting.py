"""Defragmentation of real members: whom it leaves out, whom it takes last, and when it does nothing at all."""

from __future__ import annotations

import base64
import json
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from support.aws_moto import emulated_aws
from support.cluster_files import write_cluster
from support.etcd_cluster import EtcdCluster

from fleetkit import workflows
from fleetkit.cli import main
from fleetkit.config import Approval, ApprovalKind
from fleetkit.core import (
    ApprovalMissingError,
    BusyError,
    EtcdError,
    NotYet,
    Patience,
    PreconditionError,
    QuorumAtRiskError,
    StalePlanError,
    WorkflowError,
    wait_until,
)
from fleetkit.etcd import Alarm, MemberStatus, list_alarms, move_leader, read_status
from fleetkit.etcd._http import Call, make_context
from fleetkit.runs import EventKind
from fleetkit.workflows import (
    AppliedDefragment,
    DefragmentPlan,
    Reporter,
    VerifiedDefragment,
    Workspace,
    apply_defragment,
    approve,
    defragmenting,
    open_workspace,
    plan_defragment,
    verify_defragment,
)
from fleetkit.workflows._defragment_plan import WORTH_BYTES, MemberSpace
from fleetkit.workflows._lock import hold_cluster

pytestmark = pytest.mark.sandbox

SOON = Patience(deadline_s=30, interval_s=0.1)
ONE_LOOK = Patience(deadline_s=0)


@dataclass(kw_only=True)
class Place:
    """The cluster demo, whose members are here."""

    workspace: Workspace
    etcd: EtcdCluster
    records: list[tuple[EventKind, dict[str, Any]]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def report(self) -> Reporter:
        return Reporter(note=self.notes.append, record=lambda kind, facts: self.records.append((kind, dict(facts))))

    def plan(self, **options: bool) -> DefragmentPlan:
        return plan_defragment(self.workspace, report=self.report, **options)

    def apply(self, plan: DefragmentPlan, *, patience: Patience = SOON) -> AppliedDefragment:
        return apply_defragment(self.workspace, approve(plan, "demo"), patience=patience, report=self.report)

    def verify(self) -> VerifiedDefragment:
        return verify_defragment(self.workspace, patience=SOON, report=self.report)

    def statuses(self) -> dict[str, MemberStatus]:
        found = read_status(self.etcd.endpoints(), tls=self.etcd.tls)
        assert not found.failed
        return found.ok

    def fill(self) -> None:
        """Write much, and overwrite it."""
        value = base64.b64encode(b"x" * 900_000).decode()
        with Call(
            self.etcd.endpoints()[0], context=make_context(self.etcd.tls), deadline=time.monotonic() + 60
        ) as call:
            for _ in range(12):
                call.post("/v3/kv/put", {"key": base64.b64encode(b"fat").decode(), "value": value})

    def changes(self, what: str) -> list[dict[str, Any]]:
        return [facts for kind, facts in self.records if kind is EventKind.CHANGE and facts["what"] == what]


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EtcdCluster]:
    with EtcdCluster(tmp_path_factory.mktemp("etcd")) as cluster:
        yield cluster


@pytest.fixture
def place(running: EtcdCluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    write_cluster(tmp_path)
    monkeypatch.chdir(tmp_path)
    with emulated_aws():
        workspace = open_workspace("demo", folder=tmp_path, environ={"HOME": str(tmp_path)})
        place = Place(workspace=workspace, etcd=running)
        monkeypatch.setattr(defragmenting, "open_way_in", running.open_way)
        yield place
    running.mend()


def space(name: str, *, size: int, free: int, version: str = "3.5.33") -> MemberSpace:
    return MemberSpace(
        name=name,
        member_id="a1",
        is_leader=False,
        is_learner=False,
        version=version,
        db_size=size,
        db_size_in_use=size - free,
    )


@pytest.mark.parametrize(
    ("size", "free", "pays"),
    [
        (10 * WORTH_BYTES, 5 * WORTH_BYTES, True),
        (2 * WORTH_BYTES, WORTH_BYTES, True),
        (2 * WORTH_BYTES, WORTH_BYTES - 1, False),
        (10 * WORTH_BYTES, 4 * WORTH_BYTES, False),
        (0, 0, False),
    ],
)
def test_it_pays_only_from_a_share_and_a_size_on(size: int, free: int, pays: bool) -> None:
    assert space("etcd1", size=size, free=free).pays is pays


@pytest.mark.parametrize(
    ("version", "said"),
    [
        ("3.5.1", ["another revision", "spoil its data"]),
        ("3.5.5", ["another revision", "spoil its data"]),
        ("3.5.6", ["spoil its data"]),
        ("3.5.33", []),
        ("3.5.1+ours", []),
    ],
)
def test_what_may_strike_a_version_in_the_middle_is_told_with_what_to_do_first(version: str, said: list[str]) -> None:
    member = space("etcd1", size=WORTH_BYTES, free=0, version=version)
    plan = DefragmentPlan(cluster="demo", members=(member,), left_out=(), compaction=False, voters=3)
    told = str(plan)
    assert [one for one in ("another revision", "spoil its data") if one in told] == said
    assert ("back up first (fleetkit etcd backup demo)" in told) is bool(said)


def test_where_it_does_not_pay_the_plan_is_empty_says_the_threshold_and_needs_no_approval(place: Place) -> None:
    plan = place.plan()
    assert (plan.is_empty, len(plan.left_out)) == (True, 3)
    assert "below 45% and 100 MiB of free pages" in str(plan)
    applied = apply_defragment(place.workspace, approve(plan, ""), report=place.report)
    assert (applied.done, place.changes("defragmentation")) == ({}, [])
    assert "Nothing to do" in applied.text


def test_history_is_dropped_followers_go_first_and_the_leader_last_without_its_leadership(place: Place) -> None:
    place.fill()
    leader, before = place.etcd.leader(), place.statuses()
    followers = [name for name in place.etcd.members if name != leader]
    plan = place.plan(compaction=True)
    assert [one.name for one in plan.members] == [*followers, leader]
    assert place.statuses()[leader].revision == before[leader].revision
    assert [kind for kind, _ in place.records] == [EventKind.PLAN]

    applied = place.apply(plan)
    assert list(applied.done) == [*followers, leader]
    assert applied.compacted_to == before[leader].revision
    after = place.statuses()
    assert all(after[name].db_size < before[name].db_size / 2 for name in before)
    assert [(one["from"], one["to"]) for one in place.changes("leadership")] == [(leader, followers[0])]
    assert place.etcd.leader() == followers[0]
    assert [one["member"] for one in place.changes("defragmentation")] == list(applied.done)
    old = place.etcd.etcdctl("get", "fat", f"--rev={applied.compacted_to - 1}")
    assert "has been compacted" in old.stderr

    verified = place.verify()
    assert (verified.outcome, len(verified.spaces)) == ("done", 3)
    hashes = json.loads(place.etcd.etcdctl("endpoint", "hashkv", "-w", "json").stdout)
    assert len({one["HashKV"]["hash"] for one in hashes}) == 1
    assert [kind for kind, _ in place.records][:2] == [EventKind.PLAN, EventKind.APPROVAL]
    assert place.records[-1][0] is EventKind.VERIFIED


def test_what_was_compacted_before_is_no_trouble(place: Place) -> None:
    place.apply(place.plan(compaction=True))
    again = place.apply(place.plan(compaction=True))
    assert len(again.done) == 3


def test_without_the_name_nothing_is_done(place: Place) -> None:
    plan = place.plan(everybody=True)
    for said in ("", "other"):
        with pytest.raises(ApprovalMissingError, match="--approve demo"):
            approve(plan, said)
    assert approve(plan, plan.sha256).sha256 == place.plan(everybody=True).sha256


def test_a_member_that_is_down_has_it_refused_naming_the_quorum_and_the_member(
    place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    place.etcd.kill("etcd2")
    place.etcd.leader()

    def seen() -> DefragmentPlan | NotYet[DefragmentPlan]:
        plan = place.plan(everybody=True)
        return plan if "etcd2: down" in str(plan) and "2 of 3 voters serve" in str(plan) else NotYet(str(plan))

    plan = wait_until(seen, what="the others to be well", patience=SOON)
    with pytest.raises(QuorumAtRiskError, match="none of them may be silent"):
        approve(plan, "demo")
    assert main(["etcd", "defragment", "demo", "--all", "--approve", "demo"]) == 4
    assert "cannot be defragmented now" in capsys.readouterr().err


def test_a_member_that_falls_ill_after_the_approval_has_it_refused(place: Place) -> None:
    plan = place.plan(everybody=True)
    place.etcd.pause(plan.members[0].name)
    with pytest.raises(PreconditionError, match="paused"):
        place.apply(plan)
    assert place.changes("defragmentation") == []


def test_a_member_that_falls_ill_in_between_stops_it_and_who_was_done_is_said(place: Place) -> None:
    plan = place.plan(everybody=True)
    first, second, _ = (one.name for one in plan.members)

    def note(text: str) -> None:
        place.notes.append(text)
        if text.startswith(f"{first} gave back"):
            place.etcd.pause(second)

    told = Reporter(note=note, record=place.report.record)
    with pytest.raises(WorkflowError, match=rf"(?s){second}: .*done before that: {first}") as stopped:
        apply_defragment(place.workspace, approve(plan, "demo"), patience=ONE_LOOK, report=told)
    assert stopped.value.completed == (first,)
    assert [one["member"] for one in place.changes("defragmentation")] == [first]


def test_a_leader_that_changed_since_the_plan_is_still_the_last(place: Place) -> None:
    plan = place.plan(everybody=True)
    first = plan.members[0]
    move_leader(place.etcd.endpoints(), first.member_id, tls=place.etcd.tls)
    applied = place.apply(plan)
    assert list(applied.done)[-1] == first.name
    assert place.etcd.leader() != first.name


def test_other_members_than_those_planned_for_are_left_alone(place: Place) -> None:
    plan = place.plan(everybody=True)
    stranger = replace(plan.members[0], member_id="abc123")
    with pytest.raises(StalePlanError, match=stranger.name):
        place.apply(replace(plan, members=(stranger, *plan.members[1:])))


def test_the_second_of_two_operators_is_refused_and_told_who_the_first_is(place: Place) -> None:
    plan = place.plan(everybody=True)
    with hold_cluster(place.workspace.paths.folder, operation="defragmentation"):
        with pytest.raises(BusyError, match="defragmentation by "):
            place.apply(plan)
        with pytest.raises(BusyError, match="defragmentation by "):
            place.plan()


def test_a_full_cluster_is_mended_in_its_order_by_the_commands_that_are_named(
    place: Place, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(workflows, "open_way_in", place.etcd.open_way)
    place.fill()
    member_id = place.statuses()["etcd2"].member_id
    change = {"action": "ACTIVATE", "memberID": str(int(member_id, 16)), "alarm": "NOSPACE"}
    with Call(place.etcd.endpoints()[0], context=make_context(place.etcd.tls), deadline=time.monotonic() + 9) as call:
        call.post("/v3/maintenance/alarm", change)
    assert main(["etcd", "alarms", "demo"]) == 3
    said = capsys.readouterr().out
    assert said.index("fleetkit etcd defragment demo --compact") < said.index("fleetkit etcd alarms demo --disarm")

    assert main(["etcd", "defragment", "demo", "--compact", "--approve", "demo", "--json"]) == 3
    told = json.loads(capsys.readouterr().out)
    assert sorted(told["applied"]["done"]) == ["etcd1", "etcd2", "etcd3"]
    assert "fleetkit etcd alarms demo --disarm" in told["verified"]["findings"][0]
    raised: tuple[Alarm, ...] = list_alarms(place.etcd.endpoints(), tls=place.etcd.tls)
    assert [one.member_id for one in raised] == [member_id]
    # What the cluster file demands of approvals holds for this too.
    write_cluster(place.workspace.folder, **{"approval.required": "sha256"})
    capsys.readouterr()
    assert main(["etcd", "alarms", "demo", "--disarm", "--approve", "demo"]) == 4
    demanded = re.search(r"--approve ([0-9a-f]{64})", capsys.readouterr().err)
    assert demanded is not None
    assert list_alarms(place.etcd.endpoints(), tls=place.etcd.tls) == raised
    assert main(["etcd", "alarms", "demo", "--disarm", "--approve", demanded.group(1)]) == 0
    assert place.etcd.etcdctl("put", "a", "write").returncode == 0


def test_members_that_met_their_quota_by_writes_take_writes_again_after_compact_defragment_disarm(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write_cluster(tmp_path)
    monkeypatch.chdir(tmp_path)
    with emulated_aws(), EtcdCluster(tmp_path / "etcd") as etcd:
        for module in (workflows, defragmenting):
            monkeypatch.setattr(module, "open_way_in", etcd.open_way)
        for name in etcd.members:
            etcd.kill(name)
            etcd.start(name, ETCD_QUOTA_BACKEND_BYTES=str(8 * 1024**2))
            etcd.wait_healthy()
        place = Place(workspace=open_workspace("demo", folder=tmp_path), etcd=etcd)
        with pytest.raises(EtcdError, match="database space exceeded"):
            place.fill()
        # Disarmed before there is room, it is raised again.
        assert main(["etcd", "alarms", "demo", "--disarm", "--approve", "demo"]) == 0
        with pytest.raises(EtcdError, match="database space exceeded"):
            place.fill()
        assert main(["etcd", "defragment", "demo", "--compact", "--approve", "demo"]) == 3
        assert main(["etcd", "alarms", "demo", "--disarm", "--approve", "demo"]) == 0
        assert etcd.etcdctl("put", "a", "write").returncode == 0
        assert etcd.etcdctl("alarm", "list").stdout.strip() == ""
        assert main(["etcd", "defragment", "demo"]) == 0
        assert "are well and hold the same" in capsys.readouterr().out


def test_a_single_member_is_defragmented_too_and_the_plan_says_what_that_means(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_cluster(tmp_path)
    with emulated_aws(), EtcdCluster(tmp_path / "etcd", size=1) as etcd:
        monkeypatch.setattr(defragmenting, "open_way_in", etcd.open_way)
        place = Place(workspace=open_workspace("demo", folder=tmp_path), etcd=etcd)
        place.fill()
        plan = place.plan(compaction=True)
        assert "etcd serves nobody while it rewrites" in str(plan)
        assert place.apply(plan).done["etcd1"] > 0
        assert place.changes("leadership") == []


def test_a_name_is_too_little_where_the_cluster_file_demands_the_sha256(place: Place) -> None:
    rules = Approval(required=ApprovalKind.SHA256)
    workspace = replace(place.workspace, cluster=place.workspace.cluster.model_copy(update={"approval": rules}))
    plan = plan_defragment(workspace, everybody=True)
    with pytest.raises(ApprovalMissingError, match=f"--approve {plan.sha256}"):
        approve(plan, "demo")
    assert approve(plan, plan.sha256).plan is plan
