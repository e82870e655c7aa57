"""Real members join and leave; only the machines under them are processes here, and no instances."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from support.aws_world import surrounding_world
from support.etcd_cluster import EtcdCluster

from fleetkit import aws
from fleetkit.core import (
    EtcdError,
    NotYet,
    Patience,
    PreconditionError,
    QuorumAtRiskError,
    StalePlanError,
    WorkflowError,
    wait_until,
)
from fleetkit.etcd import Member, list_members
from fleetkit.runs import EventKind
from fleetkit.terraform import ApplyResult
from fleetkit.views import PlanView
from fleetkit.workflows import (
    AppliedResize,
    Reporter,
    ResizePlan,
    WayIn,
    Workspace,
    _resize_look,
    _resizing,
    apply_resize,
    approve,
    plan_resize,
    resizing,
    verify_resize,
)
from fleetkit.workflows._resize_look import StandingMaster, with_masters
from fleetkit.workflows.bucket_keys import settings_key
from fleetkit.workflows.delivery import name_members
from fleetkit.workflows.supplying import ensure_certificates, find_joining, supply_bucket

pytestmark = [pytest.mark.sandbox, pytest.mark.timeout(300)]

SOON = Patience(deadline_s=90, interval_s=0.2)


@dataclass(kw_only=True)
class Place:
    """The cluster demo, whose members are here, and the machines that it has at this moment."""

    workspace: Workspace
    etcd: EtcdCluster
    standing: dict[str, StandingMaster]
    records: list[tuple[EventKind, dict[str, Any]]] = field(default_factory=list)
    broken: str = ""

    @property
    def report(self) -> Reporter:
        return Reporter(record=lambda kind, facts: self.records.append((kind, dict(facts))))

    def having(self, *names: str) -> Workspace:
        """Return the workspace as if the cluster file named just these masters."""
        return with_masters(self.workspace, {name: self.workspace.cluster.masters[name] for name in names})

    def peer_urls(self, name: str) -> tuple[str, ...]:
        return (f"https://127.0.0.1:{self.etcd.members[name].peer_port}",)

    def boot(self, name: str) -> None:
        """Start a member as its machine would: by what lies in the bucket, on an empty disk."""
        settings = aws.read_object(self.workspace.session, self.workspace.bucket, key=settings_key(name))
        assert name in find_joining(self.workspace), "its settings have to be there before it boots"
        cluster = ",".join(f"{one}={self.peer_urls(one)[0]}" for one in sorted(name_members(settings)))
        self.etcd.start(name, ETCD_INITIAL_CLUSTER=cluster, ETCD_INITIAL_CLUSTER_STATE="existing")
        self.standing[name] = standing_at(self.workspace, name)

    def destroy(self, name: str) -> None:
        self.etcd.kill(name)
        shutil.rmtree(self.etcd.members[name].folder / "data")
        del self.standing[name]

    def break_at(self, what: str) -> None:
        if what == self.broken:
            raise EtcdError("it could not be changed", seen="a test", transient=True)

    def members(self, *asked: str) -> dict[str, Member]:
        endpoints = [one for one in self.etcd.endpoints() if one.name in asked]
        return {one.name: one for one in list_members(endpoints, tls=self.etcd.tls)}

    def resize(self, *names: str) -> AppliedResize:
        """Plan and apply; a single look at busy members may miss that they are well, and what is refused began not."""

        def applied() -> AppliedResize | NotYet[AppliedResize]:
            try:
                plan = plan_resize(self.having(*names), report=self.report)
                return apply_resize(self.having(*names), approve(plan, "demo"), patience=SOON, report=self.report)
            except (QuorumAtRiskError, StalePlanError) as error:
                return NotYet(str(error))

        return wait_until(applied, what="the members to be well", patience=SOON)

    def plan_to_do(self, *names: str) -> ResizePlan:
        def planned() -> ResizePlan | NotYet[ResizePlan]:
            plan = plan_resize(self.having(*names), report=self.report)
            return NotYet(plan.text) if plan.refusal is not None else plan

        return wait_until(planned, what="a plan that may be done", patience=SOON)

    def etcdctl(self, *words: str) -> str:
        def answered() -> str | NotYet[str]:
            ended = self.etcd.etcdctl(*words, name="etcd1")
            return NotYet(ended.stderr) if ended.returncode else ended.stdout.strip()

        return wait_until(answered, what=" ".join(words), patience=SOON)


def standing_at(workspace: Workspace, name: str) -> StandingMaster:
    master = workspace.cluster.masters[name]
    return StandingMaster(instance_id=f"i-{name}", address=master.address, zone=master.zone)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    monkeypatch.chdir(tmp_path)
    with EtcdCluster(tmp_path / "etcd") as etcd, surrounding_world(tmp_path, monkeypatch) as world:
        world.write()
        workspace = world.open()
        supply_bucket(workspace, ensure_certificates(workspace))
        standing = {name: standing_at(workspace, name) for name in etcd.members}
        place = Place(workspace=workspace, etcd=etcd, standing=standing)

        @contextlib.contextmanager
        def open_way(workspace: Workspace) -> Iterator[WayIn]:
            with etcd.open_way(workspace) as way:
                masters = workspace.cluster.masters
                yield replace(way, endpoints=tuple(one for one in way.endpoints if one.name in masters))

        class Machines:
            """Stands for Terraform's part."""

            def __init__(self, *_given: object, **_more: object) -> None:
                """Whose machines they are is asked of each call."""

            def plan(self) -> Machines:
                return self

            def discard(self) -> None:
                """Nothing was kept."""

            def apply_instance(self, name: str, *, old: str, **_more: object) -> ApplyResult:
                place.break_at(name)
                if old:
                    place.destroy(name)
                else:
                    place.boot(name)
                return ApplyResult(added=not old, changed=0, removed=bool(old), imported=0, took_s=0.0)

            def apply_rest(self, **_more: object) -> None:
                """Nothing hangs on them here."""
                place.break_at("rest")

        def name_here(member: Member, addresses: Mapping[str, str]) -> str:
            here = [name for name in addresses if place.peer_urls(name) == member.peer_urls]
            return member.name or next(iter(here), "10.0.0.9")

        # All of them are at one address here.
        monkeypatch.setattr(_resize_look, "name_member", name_here)
        monkeypatch.setattr(resizing, "open_way_in", open_way)
        monkeypatch.setattr(resizing, "open_working_copy", lambda *_one, **_more: None)
        monkeypatch.setattr(resizing, "find_standing", lambda _workspace: dict(place.standing))
        monkeypatch.setattr(resizing, "MasterMachines", Machines)
        monkeypatch.setattr(resizing, "has_joined_fleet", lambda *_asked: True)
        monkeypatch.setattr(resizing.PlanView, "from_plan", lambda _plan: PlanView(rows=(), outputs=()))
        monkeypatch.setattr(_resizing.Resizing, "_peer_urls", lambda _work, name: place.peer_urls(name))
        yield place


def test_three_shrink_to_one_and_grow_back_and_all_that_was_written_is_there(place: Place) -> None:
    place.etcdctl("put", "before", "kept")
    place.etcd.etcdctl("move-leader", place.members("etcd1")["etcd3"].id)
    place.broken = "etcd3"
    with pytest.raises(WorkflowError, match="fleetkit etcd resize demo goes on from here"):
        place.resize("etcd1")
    assert sorted(place.members("etcd1")) == ["etcd1"], "both were removed before the machine could not be destroyed"
    assert sorted(place.standing) == ["etcd1", "etcd3"]
    there = {one.key for one in aws.list_objects(place.workspace.session, place.workspace.bucket)}
    left = "who left leaves no keys behind, wherever it stops"
    assert {settings_key(name) for name in ("etcd2", "etcd3")} & there == set(), left

    place.broken = "rest"
    with pytest.raises(WorkflowError, match="fleetkit deploy demo brings the rest"):
        place.resize("etcd1")
    assert place.plan_to_do("etcd1").is_empty

    place.broken = ""
    place.resize("etcd1")
    there = {one.key for one in aws.list_objects(place.workspace.session, place.workspace.bucket)}
    assert settings_key("etcd1") in there
    assert settings_key("etcd3") not in there, "what a master that left had fetched holds its keys"
    assert place.plan_to_do("etcd1").is_empty
    place.etcdctl("put", "alone", "kept")

    names = ("etcd1", "etcd2", "etcd3")
    plan = place.plan_to_do(*names)
    assert [(one.member, " ".join(one.steps)) for one in plan.parts] == [
        (name, "settings learner machine promotion") for name in names[1:]
    ]
    place.records.clear()
    before = {name: _host_key(place, name) for name in names}
    place.resize(*names)
    kept = [name for name in names if _host_key(place, name) == before[name]]
    assert kept == ["etcd1"], "who comes back is another machine, with keys of its own"
    steps = [facts["step"] for kind, facts in place.records if kind is EventKind.CHANGE and "step" in facts]
    assert steps == [*("settings", "learner", "machine", "promotion") * 2, "rest"]
    assert not any(one.is_learner for one in place.members("etcd1").values())
    verified = verify_resize(place.having(*names), patience=SOON, report=place.report)
    assert (verified.outcome, verified.voters) == ("done", 3)
    for key in ("before", "alone"):
        assert place.etcdctl("get", key, "--print-value-only") == "kept"


def _host_key(place: Place, name: str) -> str:
    return (place.workspace.paths.pki / f"hosts/members/{name}_ed25519_key.pub").read_text(encoding="ascii")


def test_a_growth_whose_machine_cannot_be_made_is_given_up_by_putting_the_file_back(place: Place) -> None:
    place.resize("etcd1")
    place.broken = "etcd2"
    with pytest.raises(WorkflowError, match="at its step etcd2: machine"):
        place.resize("etcd1", "etcd2", "etcd3")
    assert [one.is_learner for one in place.members("etcd1").values()].count(True) == 1
    plan = place.plan_to_do("etcd1", "etcd2", "etcd3")
    assert [one.steps[0] for one in plan.parts if "learner" not in one.steps] == ["settings"], "it was added already"

    assert place.resize("etcd1").done == ("10.0.0.9: removal",)
    assert sorted(place.members("etcd1")) == ["etcd1"]
    there = {one.key for one in aws.list_objects(place.workspace.session, place.workspace.bucket)}
    assert settings_key("etcd2") not in there


def test_a_member_that_is_down_is_no_ground_to_shrink_on(place: Place) -> None:
    plan = place.plan_to_do("etcd1")
    place.etcd.kill("etcd2")
    with pytest.raises(PreconditionError):
        apply_resize(place.having("etcd1"), approve(plan, "demo"), patience=SOON, report=place.report)
    refused = plan_resize(place.having("etcd1"), report=place.report)
    assert refused.refusal is not None
    assert refused.refusal.at_risk
    assert any(one.startswith("etcd2: ") for one in refused.refusal.reasons)
    assert sorted(place.members("etcd1", "etcd3")) == ["etcd1", "etcd2", "etcd3"]
