"""One process keeps a plan, another has it approved, a third applies it: on a real Terraform, of small things."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from support.approvals import Somebody
from support.aws_moto import emulated_aws
from support.cluster_files import write_cluster
from support.tf_configuration import Bench, any_terraform

from fleetkit.aws import Part, PartKind, Thing, ThingKind
from fleetkit.config import Approval, ApprovalKind
from fleetkit.core import ApprovalMissingError, NotFoundError, PreconditionError, StalePlanError
from fleetkit.runs import EventKind
from fleetkit.terraform import SavedPlan, WorkingCopy
from fleetkit.views import PlanView
from fleetkit.workflows import (
    DeployPlan,
    DestroyPlan,
    FinalBackup,
    Reporter,
    Workspace,
    apply_destroy,
    approve,
    open_workspace,
)
from fleetkit.workflows._basis import Operation
from fleetkit.workflows._kept_plans import LATEST, find_approved, find_kept
from fleetkit.workflows._signed_approval import read_approval
from fleetkit.workflows.approving import cluster_of_plan, give_approval, keep_plan
from fleetkit.workflows.recovering import Remove
from fleetkit.workflows.starting import Start

pytestmark = pytest.mark.sandbox

NO_BACKUP = FinalBackup(cluster="demo", address="", drilled=None, reason="it has no master on AWS", known="")
VOLUME = Thing(kind=ThingKind.VOLUME, thing_id="vol-1", name="left", cluster="demo")
RULE = Part(kind=PartKind.RULE, key=("sg-1", "ingress", "tcp", "22", "22", "self"), part_id="sgr-1")


@dataclass(frozen=True)
class Place:
    """The cluster demo, deployed as far as builtin resources go; the account is empty."""

    bench: Bench
    workspace: Workspace
    rules: Approval

    def copy(self) -> WorkingCopy:
        return self.bench.prepared()

    def keep_destroy(self) -> DestroyPlan:
        copy = self.copy()
        return keep_plan(self.workspace, self.plan_of(copy.plan_destroy(), copy))

    def plan_of(self, saved: SavedPlan, copy: WorkingCopy) -> DestroyPlan:
        return DestroyPlan(
            cluster="demo",
            saved=saved,
            view=PlanView.from_plan(saved.plan),
            beyond=(VOLUME,),
            foreign=(replace(VOLUME, thing_id="vol-2", cluster=""),),
            bucket="fleetkit-demo",
            rules=self.rules,
            _copy=copy,
        )

    def take_up(self, approval: str) -> DestroyPlan:
        """Return what another process takes up for an approval."""
        copy = self.copy()
        kept = find_approved(copy, approval, operation=Operation.DESTROY, cluster="demo")
        assert kept is not None
        return DestroyPlan.from_kept(kept, copy=copy, rules=self.rules)


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    bench = Bench(tmp_path, any_terraform(tmp_path / "launcher"))
    bench.deployed()
    home = tmp_path / "home"
    ada = Somebody.called("home", tmp_path)
    write_cluster(tmp_path, approval={"required": "signed", "keys": [ada.entry]})
    with emulated_aws():
        workspace = open_workspace("demo", folder=tmp_path, environ={"FLEETKIT_HOME": str(home)})
        yield Place(bench, workspace, workspace.cluster.approval)


def test_a_signed_approval_applies_just_the_plan_that_was_kept_and_only_once(place: Place) -> None:
    plan = place.keep_destroy()
    file, signed = give_approval(place.workspace, plan)
    assert read_approval(file) == signed
    assert file.is_relative_to(place.workspace.paths.folder)
    told: list[tuple[EventKind, Mapping[str, Any]]] = []

    taken = place.take_up(str(file))
    assert (taken.sha256, taken.text, taken.basis) == (plan.sha256, plan.text, plan.basis)
    approved = approve(taken, str(file))
    report = Reporter(record=lambda kind, facts: told.append((kind, facts)))
    applied = apply_destroy(place.workspace, approved, backup=NO_BACKUP, report=report)
    assert applied.result is not None
    assert applied.result.removed == 6
    assert [facts["document"] for kind, facts in told if kind is EventKind.APPROVAL] == [signed.to_json()]
    changed = [facts["action"] for kind, facts in told if kind is EventKind.CHANGE and "address" in facts]
    assert changed == ["delete"] * 6

    with pytest.raises(StalePlanError, match="kept here no longer"):
        place.take_up(str(file))


def test_what_moved_since_makes_the_approval_void_and_nothing_is_applied(place: Place) -> None:
    file, _ = give_approval(place.workspace, place.keep_destroy())
    place.bench.deployed({"pool_size": 3})
    before = place.copy().state_version()
    approved = approve(place.take_up(str(file)), str(file))
    with pytest.raises(StalePlanError, match="Terraform's state has moved"):
        apply_destroy(place.workspace, approved, backup=NO_BACKUP)
    assert place.copy().state_version() == before


def test_the_sha256_of_a_kept_plan_takes_it_up_where_that_is_enough(place: Place) -> None:
    enough = replace(place, rules=Approval(required=ApprovalKind.SHA256))
    plan = enough.keep_destroy()
    taken = enough.take_up(plan.sha256)
    with pytest.raises(ApprovalMissingError, match="demands more"):
        approve(taken, "demo")
    assert apply_destroy(enough.workspace, approve(taken, plan.sha256), backup=NO_BACKUP).result is not None


def test_a_sha256_of_a_plan_for_something_else_is_refused(place: Place) -> None:
    plan = place.keep_destroy()
    with pytest.raises(ApprovalMissingError, match="it is for a destroy, and this is a deploy"):
        find_approved(place.copy(), plan.sha256, operation=Operation.DEPLOY, cluster="demo")


def test_plans_are_found_by_what_a_person_has_of_them(place: Place) -> None:
    plan = place.keep_destroy()
    copy = place.copy()
    for which in (LATEST, plan.sha256, plan.sha256[:6], str(plan.saved.path)):
        assert find_kept(copy, which).basis == plan.basis
    assert cluster_of_plan(plan.saved.path) == "demo"
    for which in ("", "cd" * 32, plan.sha256[:5]):
        with pytest.raises(NotFoundError, match=plan.sha256):
            find_kept(copy, which)
    assert find_approved(copy, "demo", operation=Operation.DESTROY, cluster="demo") is None


def _drop(fields: dict[str, object], name: str) -> dict[str, object]:
    return {key: value for key, value in fields.items() if key != name}


@pytest.mark.parametrize(
    "change",
    [
        lambda note: {**note, "content": {**note["content"], "bucket": "another"}},
        lambda note: {**note, "content": {**note["content"], "beyond": []}},
        lambda note: {**note, "basis": {**note["basis"], "sha256": "cd" * 32}},
        lambda note: _drop(note, "basis"),
        lambda note: {**note, "basis": _drop(note["basis"], "members")},
    ],
    ids=["bucket", "less to remove", "sha256", "no basis", "no members"],
)
def test_a_note_that_was_changed_is_not_taken_up(place: Place, change: Callable[[dict], dict]) -> None:
    plan = place.keep_destroy()
    file = plan.saved.path.with_suffix(".json")
    fields = json.loads(file.read_text(encoding="utf-8"))
    fields["note"] = change(fields["note"])
    file.write_text(json.dumps(fields), encoding="utf-8")
    with pytest.raises(StalePlanError, match="not what was written there"):
        find_kept(place.copy(), str(plan.saved.path))


def test_an_approval_that_would_not_count_is_not_given(place: Place, tmp_path: Path) -> None:
    plan = place.keep_destroy()
    eve = replace(place.workspace, settings=replace(place.workspace.settings, home=tmp_path / "eve"))
    with pytest.raises(PreconditionError, match="not listed"):
        give_approval(eve, plan)
    two = replace(plan, rules=place.rules.model_copy(update={"distinct": True}))
    with pytest.raises(PreconditionError, match=r"approval\.distinct"):
        give_approval(place.workspace, two)
    with pytest.raises(PreconditionError, match="kept nowhere"):
        give_approval(place.workspace, replace(plan, basis=None))
    assert not (place.workspace.paths.folder / "approvals").exists()


def test_a_deploys_plan_comes_back_with_what_it_would_remove_and_start(place: Place) -> None:
    copy = place.bench.prepared({"pool_size": 4})
    saved = copy.plan()
    plan = keep_plan(
        place.workspace,
        DeployPlan(
            cluster="demo",
            saved=saved,
            view=PlanView.from_plan(saved.plan),
            deliveries=("what masters/etcd1 fetches (2 files)",),
            removals=(Remove(what=VOLUME, reason="nothing wants it"), Remove(what=RULE, reason="nor that")),
            starts=(Start(instance_id="i-1", role="master", name="demo-etcd1", state="stopped"),),
            rules=place.rules,
            _copy=copy,
        ),
    )
    copy = place.copy()
    taken = DeployPlan.from_kept(find_kept(copy, LATEST), copy=copy, rules=place.rules)
    assert (taken.sha256, taken.text, taken.removals) == (plan.sha256, plan.text, plan.removals)
    assert taken.starts == plan.starts
    other = replace(plan, removals=(plan.removals[0], Remove(what=replace(RULE, part_id="sgr-2"), reason="nor that")))
    assert other.sha256 != plan.sha256, "what is removed is covered by the sha256 to its last id"
