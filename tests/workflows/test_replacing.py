"""A member is replaced over real members; only the machine under it is a process here, and no instance."""

from __future__ import annotations

import contextlib
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from support.aws_world import surrounding_world
from support.etcd_cluster import EtcdCluster

from fleetkit import workflows
from fleetkit.cli import main
from fleetkit.core import (
    ApprovalMissingError,
    BusyError,
    EtcdError,
    FleetkitError,
    NotFoundError,
    NotYet,
    Patience,
    QuorumAtRiskError,
    StalePlanError,
    TerraformError,
    WorkflowError,
    wait_until,
)
from fleetkit.etcd import AlarmKind, Member, list_members
from fleetkit.etcd._http import Call, make_context
from fleetkit.runs import EventKind
from fleetkit.ssh import Forward, KnownHosts, SshAccess, SshTarget, Tunnel
from fleetkit.terraform import ApplyResult, Plan
from fleetkit.workflows import (
    AppliedReplace,
    ReplacePlan,
    Reporter,
    WayIn,
    Workspace,
    _member_change,
    _replacement,
    apply_replace,
    approve,
    find_lock,
    open_workspace,
    plan_replace,
    replacing,
    verify_replace,
)
from fleetkit.workflows._inspected_etcd import read_etcd
from fleetkit.workflows._lock import hold_cluster
from fleetkit.workflows._replace_note import ReplaceNote, read_note, write_note
from fleetkit.workflows.supplying import ensure_certificates, find_joining, supply_bucket

pytestmark = pytest.mark.sandbox

SOON = Patience(deadline_s=90, interval_s=0.2)
FAR = "etcd3"


class Killed(BaseException):
    """Stands for the end of the process: nothing catches it."""


@dataclass(kw_only=True)
class Machine:
    """A member's process as its machine: what Terraform's plan would replace is ended, wiped and started anew."""

    place: Place
    name: str
    old: str
    changes: bool

    @property
    def saved(self) -> Machine:
        return self

    @property
    def plan(self) -> Plan:
        return self.place.terraform_plan(self)

    def discard(self) -> None:
        """Nothing was kept."""

    def make_ready(self, told: Reporter) -> Machine:
        told.note("lifting the termination protection")
        return self

    def apply(self, told: Reporter) -> ApplyResult:
        told.note("replacing the machine")
        etcd = self.place.etcd
        etcd.kill(self.name)
        shutil.rmtree(etcd.members[self.name].folder / "data", ignore_errors=True)
        assert self.name in find_joining(self.place.workspace), "its settings have to be there before it boots"
        etcd.start(self.name, ETCD_INITIAL_CLUSTER_STATE="existing")
        self.place.instances[self.name] = f"{self.place.instances[self.name]}-new"
        told.note("the machine is there")
        return ApplyResult(added=1, changed=0, removed=1, imported=0, took_s=0.0)


@dataclass(kw_only=True)
class Place:
    """The cluster demo, whose members are here."""

    workspace: Workspace
    etcd: EtcdCluster
    instances: dict[str, str]
    kill_at: str = ""
    records: list[tuple[EventKind, dict[str, Any]]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def terraform_plan(self, machine: Machine) -> Plan:
        return Plan(changes=(object(),) if machine.changes else ())  # type: ignore[arg-type]  # only counted

    @property
    def report(self) -> Reporter:
        return Reporter(note=self.note, record=lambda kind, facts: self.records.append((kind, dict(facts))))

    def note(self, text: str) -> None:
        self.notes.append(text)
        if self.kill_at and self.kill_at in text:
            raise Killed(text)

    def plan(self, member: str = FAR, **options: bool) -> ReplacePlan:
        return plan_replace(self.workspace, member, report=self.report, **options)

    def plan_to_do(self, member: str = FAR, *, leads: bool | None = None) -> ReplacePlan:
        """Plan until it may be done: any single request may be too slow, or come in the middle of an election.

        ``leads`` says whether the member is to lead then; the leadership is moved until it does, or does not.
        """

        def planned() -> ReplacePlan | NotYet[ReplacePlan]:
            plan = self.plan(member)
            if plan.refusal is None and leads in (None, "leadership" in plan.steps):
                return plan
            if plan.refusal is None:
                heir = member if leads else next(name for name in self.etcd.members if name != member)
                self.etcd.etcdctl("move-leader", self.members()[heir].id)
            return NotYet(str(plan))

        return wait_until(planned, what="a plan that may be done", patience=SOON)

    def apply(self, plan: ReplacePlan) -> AppliedReplace:
        """Apply once all others are well, which a single look at busy members may miss; what is refused began not."""

        def applied() -> AppliedReplace | NotYet[AppliedReplace]:
            try:
                return apply_replace(self.workspace, approve(plan, "demo"), patience=SOON, report=self.report)
            except QuorumAtRiskError as error:
                return NotYet(str(error))

        return wait_until(applied, what="the others to be well", patience=SOON)

    def replace(self, member: str = FAR) -> AppliedReplace:
        return self.apply(self.plan_to_do(member))

    def members(self) -> dict[str, Member]:
        asked = [one for one in self.etcd.endpoints() if one.name != FAR]
        return {one.name: one for one in list_members(asked, tls=self.etcd.tls)}

    def put(self, key: str) -> None:
        assert self.etcdctl("put", key, f"value of {key}").endswith("OK")

    def get(self, key: str) -> str:
        return self.etcdctl("get", key, "--print-value-only")

    def etcdctl(self, *words: str) -> str:
        def answered() -> str | NotYet[str]:
            # Any single request may come in the middle of an election.
            ended = self.etcd.etcdctl(*words)
            return NotYet(ended.stderr) if ended.returncode else ended.stdout.strip()

        return wait_until(answered, what=" ".join(words), patience=SOON)

    def steps(self) -> list[str]:
        return [facts["step"] for kind, facts in self.records if kind is EventKind.CHANGE]


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EtcdCluster]:
    with EtcdCluster(tmp_path_factory.mktemp("etcd")) as cluster:
        yield cluster


@pytest.fixture
def place(running: EtcdCluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    monkeypatch.chdir(tmp_path)
    with surrounding_world(tmp_path, monkeypatch) as world:
        where = {"CreateBucketConfiguration": {"LocationConstraint": world.session.region}}
        world.session.s3.create_bucket(Bucket="states", **where)  # type: ignore[arg-type]
        world.write(**{"state.kind": "s3", "state.bucket": "states", "state.key": "demo.tfstate"})
        workspace = world.open()
        supply_bucket(workspace, ensure_certificates(workspace))
        place = Place(workspace=workspace, etcd=running, instances={name: f"i-{name}" for name in running.members})

        def plan_machine(_workspace: Workspace, _copy: object, name: str, *, old: str, told: Reporter) -> Machine:
            return Machine(place=place, name=name, old=old, changes=bool(old))

        monkeypatch.setattr(replacing, "open_way_in", running.open_way)
        monkeypatch.setattr(replacing, "open_working_copy", lambda *_one, **_more: None)
        monkeypatch.setattr(replacing, "find_machine", lambda _workspace, name: place.instances[name])
        monkeypatch.setattr(replacing, "plan_machine", plan_machine)
        monkeypatch.setattr(replacing, "has_joined_fleet", lambda *_asked: True)
        monkeypatch.setattr(replacing.PlanView, "from_plan", lambda _plan: replacing.PlanView(rows=(), outputs=()))
        running.mend()
        yield place
        place.kill_at = ""
        if read_note(workspace.paths.folder) is not None:
            place.replace(read_note(workspace.paths.folder).member)
    running.mend()


def test_a_member_that_leads_is_replaced_and_everything_written_is_there(place: Place) -> None:
    place.put("before")
    leader = place.etcd.leader()
    members = place.members()
    old = members[leader].id
    plan = place.plan_to_do(leader, leads=True)
    assert plan.steps == ("settings", "leadership", "removal", "learner", "machine", "promotion")
    assert "This replaces the member" in plan.text
    assert {kind for kind, _ in place.records} == {EventKind.PLAN}
    assert place.members() == members

    applied = place.apply(plan)
    assert applied.done == plan.steps
    assert place.steps() == list(plan.steps)
    now = place.members()
    assert sorted(now) == ["etcd1", "etcd2", "etcd3"]
    assert now[leader].id != old
    assert not any(one.is_learner for one in now.values())
    verified = verify_replace(place.workspace, leader, patience=SOON, report=place.report)
    assert (verified.outcome, verified.voters) == ("done", 3)
    assert place.records[-1][0] is EventKind.VERIFIED
    assert place.get("before") == "value of before"
    assert find_joining(place.workspace) == {leader}
    assert read_note(place.workspace.paths.folder) is None


def test_a_member_whose_data_are_gone_is_replaced(place: Place) -> None:
    place.put("before")
    place.etcd.kill(FAR)
    shutil.rmtree(place.etcd.members[FAR].folder / "data")
    place.etcd.leader()
    place.put("meanwhile")
    place.replace()
    assert verify_replace(place.workspace, FAR, patience=SOON).outcome == "done"
    assert (place.get("before"), place.get("meanwhile")) == ("value of before", "value of meanwhile")


@pytest.mark.parametrize("kind", list(AlarmKind))
def test_under_an_alarm_a_member_is_replaced_all_the_same_and_the_alarm_is_named(place: Place, kind: AlarmKind) -> None:
    """A full etcd bars no change of members, and one whose data differ is mended by being replaced."""
    change = {"memberID": str(int(place.members()["etcd1"].id, 16)), "alarm": kind.value}
    endpoint = place.etcd.endpoints()[0]
    with Call(endpoint, context=make_context(place.etcd.tls), deadline=time.monotonic() + 9) as call:
        call.post("/v3/maintenance/alarm", {"action": "ACTIVATE", **change})
    place.etcd.kill(FAR)
    shutil.rmtree(place.etcd.members[FAR].folder / "data")
    try:
        place.replace()
        verified = verify_replace(place.workspace, FAR, patience=SOON)
        assert [one for one in verified.findings if kind.value in one]
    finally:
        place.etcdctl("alarm", "disarm")
    assert verify_replace(place.workspace, FAR, patience=SOON).outcome == "done"


REST = ("learner", "machine", "promotion")


@pytest.mark.parametrize(
    ("at", "left"),
    [
        pytest.param("putting what", ("removal", *REST), marks=pytest.mark.slow),
        pytest.param("removing the member", ("removal", *REST), marks=pytest.mark.slow),
        pytest.param("as a learner at", REST, marks=pytest.mark.slow),
        ("replacing the machine", ("machine", "promotion")),
        pytest.param("the machine is there", ("promotion",), marks=pytest.mark.slow),
        ("promoting", ("promotion",)),
    ],
)
def test_one_that_was_killed_is_gone_on_with_from_what_is_there(place: Place, at: str, left: tuple[str, ...]) -> None:
    place.put("before")
    first, place.kill_at = place.plan_to_do(leads=False), at
    with pytest.raises(Killed):
        place.apply(first)
    place.kill_at = ""
    place.put("between")

    again = place.plan_to_do(leads=False)
    assert again.steps == ("settings", *left)
    assert again.begun_at
    assert "goes on with the replacement" in again.text
    place.apply(again)
    assert verify_replace(place.workspace, FAR, patience=SOON).outcome == "done"
    assert (place.get("before"), place.get("between")) == ("value of before", "value of between")
    assert place.instances[FAR] == "i-etcd3-new", "the machine is made once, and not once more"


def test_what_is_done_but_for_its_note_needs_no_approval_and_is_closed(place: Place) -> None:
    old = {"member_id": "a1", "instance_id": "i-1", "begun_at": "2026-11-26T00:00:00Z"}
    there = ReplaceNote(member=FAR, peer_urls=(), **old)
    write_note(place.workspace.paths.folder, there)
    plan = place.plan()
    assert plan.is_empty
    assert "Nothing left to do" in plan.text
    assert apply_replace(place.workspace, approve(plan, "")).done == ()
    assert read_note(place.workspace.paths.folder) is None


def test_a_removal_whose_answer_was_lost_is_none_the_worse(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    remove, add, promote = _replacement.remove_member, _replacement.add_learner, _replacement.promote_learner

    def losing(change: Any) -> Any:
        def ask(*what: Any, **how: Any) -> None:
            change(*what, **how)
            raise EtcdError("the answer was lost", transient=True)

        return ask

    for name, change in (("remove_member", remove), ("add_learner", add), ("promote_learner", promote)):
        monkeypatch.setattr(_replacement, name, losing(change))
    assert place.replace().done[-1] == "promotion"


def test_while_another_member_is_ill_it_is_refused_and_nothing_changes(
    place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    before = place.members()
    place.etcd.kill("etcd2")

    def seen() -> bool | NotYet[bool]:
        """Until the others have elected who leads, none of them serves."""
        shown = str(place.plan())
        return True if "etcd2: down" in shown and "1 of 3 voters serve" in shown else NotYet(shown)

    wait_until(seen, what="the loss", patience=SOON)
    with pytest.raises(QuorumAtRiskError, match="besides etcd3 1 of 3 voters serve"):
        approve(place.plan(), "demo")
    assert main(["etcd", "replace", "demo", FAR, "--approve", "demo"]) == 4
    assert "fleetkit etcd health demo" in capsys.readouterr().err
    assert place.members() == before
    assert (find_joining(place.workspace), place.steps()) == (frozenset(), [])
    # The one that is down may be replaced.
    assert place.plan_to_do("etcd2").refusal is None


def test_whoever_finds_a_member_down_is_pointed_to_its_replacement(
    place: Place, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(workflows, "open_way_in", place.etcd.open_way)
    assert main(["etcd", "health", "demo"]) == 0
    assert "replace" not in capsys.readouterr().out
    place.etcd.kill("etcd2")
    place.etcd.leader()
    assert main(["etcd", "health", "demo"]) == 3
    assert "is replaced: fleetkit etcd replace demo etcd2" in capsys.readouterr().out
    with place.etcd.open_way(place.workspace) as way:
        findings = read_etcd(place.workspace, way)["members"].findings
    assert "a member whose machine or data are gone is replaced: fleetkit etcd replace demo etcd2" in findings


def test_where_the_quorum_is_lost_it_is_refused_and_points_to_the_restore(place: Place) -> None:
    for name in ("etcd1", "etcd2"):
        place.etcd.kill(name)

    def lost() -> ReplacePlan | NotYet[ReplacePlan]:
        plan = place.plan("etcd1")
        return plan if "the quorum is lost" in plan.text else NotYet(plan.text)

    with pytest.raises(QuorumAtRiskError, match="fleetkit etcd restore demo"):
        approve(wait_until(lost, what="the loss to be seen", patience=SOON), "demo")


def test_a_wrong_name_is_refused_with_the_right_ones_and_the_exit_code_of_wrong_use(place: Place) -> None:
    with pytest.raises(NotFoundError, match="known: etcd1, etcd2, etcd3"):
        place.plan("etcd4")
    assert main(["etcd", "replace", "demo", "etcd4"]) == 2


def test_without_the_name_nothing_is_done_and_the_same_plan_has_the_same_sha256(place: Place) -> None:
    plan = place.plan_to_do(leads=False)
    for said in ("", "other"):
        with pytest.raises(ApprovalMissingError, match="--approve demo"):
            approve(plan, said)
    assert approve(plan, place.plan_to_do(leads=False).sha256).plan is plan
    assert place.plan_to_do("etcd2").sha256 != plan.sha256


def test_the_second_of_two_operators_is_refused_and_told_who_the_first_is(place: Place) -> None:
    plan = place.plan()
    with hold_cluster(place.workspace.paths.folder, operation="replacement of etcd1"):
        with pytest.raises(BusyError, match="replacement of etcd1 by "):
            place.apply(plan)
        with pytest.raises(BusyError, match="replacement of etcd1 by "):
            place.plan()


def test_an_operator_on_another_computer_is_refused_meanwhile_and_told_who_the_first_is(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(tmp_path / "clusters", tmp_path / "elsewhere" / "clusters")
    there = open_workspace(folder=tmp_path / "elsewhere", environ=place.workspace.environ)
    refused: list[str] = []

    def note(_place: Place, text: str) -> None:
        if any(word in text for word in ("removing the member", "replacing the machine", "promoting")):
            with pytest.raises(BusyError, match=r"replacement of etcd3 by \S+@\S+ since 20"):
                plan_replace(there, "etcd1")
            refused.append(text)

    plan = place.plan_to_do()
    monkeypatch.setattr(Place, "note", note)
    place.apply(plan)
    assert len(refused) == 3
    assert find_lock(there) is None


def test_while_one_is_under_way_another_member_is_refused(place: Place) -> None:
    plan, place.kill_at = place.plan_to_do(), "putting what"
    with pytest.raises(Killed):
        place.apply(plan)
    place.kill_at = ""
    with pytest.raises(QuorumAtRiskError, match="fleetkit etcd replace demo etcd3"):
        approve(place.plan("etcd1"), "demo")


def test_a_member_that_is_another_since_the_plan_has_it_refused(place: Place) -> None:
    plan = replace(place.plan_to_do(), member_id="abc123")
    with pytest.raises(StalePlanError, match="etcd3 of demo is not what the plan was made for"):
        place.apply(plan)
    assert place.steps() == []


def test_what_terraform_refuses_is_refused_before_the_member_is_removed(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_machine: Machine, _told: Reporter) -> Machine:
        raise StalePlanError("what replacing the machine would change is no longer what was approved")

    monkeypatch.setattr(Machine, "make_ready", refuse)
    before, plan = place.members(), place.plan_to_do()
    with pytest.raises(StalePlanError, match="no longer what was approved"):
        place.apply(plan)
    assert (place.members(), place.steps(), find_joining(place.workspace)) == (before, [], frozenset())
    assert read_note(place.workspace.paths.folder) is None, "it did not begin"


@pytest.mark.parametrize(
    "error",
    [TerraformError("terraform apply failed", seen="no capacity"), BusyError("the copy is in use", seen="no capacity")],
)
def test_a_machine_that_fails_leaves_a_cluster_that_serves_and_says_how_to_go_on(
    place: Place, monkeypatch: pytest.MonkeyPatch, error: FleetkitError
) -> None:
    def fail(_machine: Machine, _told: Reporter) -> ApplyResult:
        raise error

    with monkeypatch.context() as broken:
        broken.setattr(Machine, "apply", fail)
        with pytest.raises(
            WorkflowError, match=r"(?s)no capacity.*fleetkit etcd replace demo etcd3 goes on"
        ) as stopped:
            place.replace()
    assert stopped.value.step == "machine"
    assert stopped.value.completed[-2:] == ("removal", "learner")
    place.put("meanwhile")
    place.replace()
    assert verify_replace(place.workspace, FAR, patience=SOON).outcome == "done"


def test_a_tunnel_that_dies_in_the_middle_is_named_and_the_same_command_goes_on(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    forward = Forward(name=FAR, host="10.0.0.9", port=2379)
    dead = Tunnel(SshTarget(host="203.0.113.9"), [forward], access=SshAccess(known_hosts=KnownHosts()))
    ways: list[WayIn] = []

    @contextlib.contextmanager
    def open_way(workspace: Workspace) -> Iterator[WayIn]:
        with place.etcd.open_way(workspace) as way:
            ways.append(way)
            yield way

    def note(_place: Place, text: str) -> None:
        if "as a learner at" in text:
            # Nobody listens where the members were reached until now.
            gone = tuple(replace(one, port=9) for one in ways[-1].endpoints)
            object.__setattr__(ways[-1], "endpoints", gone)
            object.__setattr__(ways[-1], "tunnel", dead)
            broken.setattr(_member_change, "CHANGE_PATIENCE", Patience(deadline_s=1))

    plan = place.plan_to_do()
    with monkeypatch.context() as broken:
        broken.setattr(replacing, "open_way_in", open_way)
        broken.setattr(Place, "note", note)
        with pytest.raises(
            WorkflowError,
            match=r"(?s)step learner.*the tunnel through 203.0.113.9 is closed.*replace demo etcd3 goes on",
        ):
            place.apply(plan)
    place.replace()
    assert verify_replace(place.workspace, FAR, patience=SOON).outcome == "done"
