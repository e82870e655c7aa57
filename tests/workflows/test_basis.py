"""What was approved is applied to the world that it was approved for, or refused with what has moved."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from support.approvals import MEMBERS, SHA256, STATE, FakePlan, Somebody, make_basis
from support.aws_moto import emulated_aws, make_subnet, make_vpc, run_machine
from support.cluster_files import make_cluster, write_cluster

from fleetkit.config import Approval, ApprovalKind
from fleetkit.core import ApprovalMissingError, EtcdError, StalePlanError
from fleetkit.terraform import StateVersion
from fleetkit.workflows import Workspace, _basis, open_workspace
from fleetkit.workflows._basis import Basis, describe_cluster, require_unmoved, take_basis
from fleetkit.workflows.approval import ApprovalWay, Approved, approve

NOW = dt.datetime(2026, 11, 25, 12, 0, tzinfo=dt.UTC)


@dataclass(frozen=True)
class Copy:
    """A working copy whose state is known."""

    version: StateVersion = STATE

    def state_version(self) -> StateVersion:
        return self.version


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    """Give the cluster demo with an empty account."""
    write_cluster(tmp_path)
    with emulated_aws():
        yield open_workspace("demo", folder=tmp_path, environ={"FLEETKIT_HOME": str(tmp_path / "home")})


@pytest.fixture
def ada(tmp_path: Path) -> Somebody:
    return Somebody.called("ada", tmp_path)


def _see(monkeypatch: pytest.MonkeyPatch, members: Mapping[str, str] | EtcdError) -> None:
    """Let etcd answer so."""

    def answer(_workspace: Workspace) -> Mapping[str, str]:
        if isinstance(members, EtcdError):
            raise members
        return members

    monkeypatch.setattr(_basis, "_read_members", answer)


def _make_master(workspace: Workspace) -> None:
    session = workspace.session
    subnet = make_subnet(session, make_vpc(session, cluster="demo"), cidr="10.10.3.0/24")
    run_machine(session, subnet_id=subnet, cluster="demo", role="master", name="etcd1")


def test_it_says_all_that_an_approval_is_bound_to(workspace: Workspace) -> None:
    plan = FakePlan()
    basis = take_basis(workspace, plan, Copy(), made_at=NOW)
    assert Basis.from_json(basis.to_json()) == basis
    assert (basis.cluster, basis.sha256, basis.state, basis.members) == ("demo", plan.sha256, STATE, {})
    assert basis.planner.arn == workspace.session.caller().arn
    assert basis.planner.public_key.startswith("ed25519:")
    assert "members: none yet" in basis.text
    require_unmoved(workspace, Copy(), basis)


def test_members_that_cannot_be_read_are_unknown_and_not_none(workspace: Workspace) -> None:
    _make_master(workspace)
    basis = take_basis(workspace, FakePlan(), Copy(), made_at=NOW)
    assert basis.members is None
    assert basis.unknown
    assert f"members: could not be read: {basis.unknown}" in basis.text
    require_unmoved(workspace, Copy(), basis)


def test_a_master_that_came_since_is_no_longer_none(workspace: Workspace) -> None:
    basis = take_basis(workspace, FakePlan(), Copy(), made_at=NOW)
    _make_master(workspace)
    with pytest.raises(StalePlanError, match="is unknown"):
        require_unmoved(workspace, Copy(), basis)


@pytest.mark.parametrize(
    ("members", "words"),
    [
        ({**MEMBERS, "aa": "etcd4"}, ("the list of etcd's members has moved", "and are etcd1", "etcd4 (aa)")),
        (dict(list(MEMBERS.items())[1:]), ("the list of etcd's members has moved", "and are etcd2")),
        ({**MEMBERS, "8e9e05c52164694d": ""}, ("has moved", "not started (8e9e05c52164694d)")),
        ({}, ("has moved", "and are none yet")),
        (EtcdError("no member answered", seen="all timed out"), ("is unknown", "no member answered: all timed out")),
    ],
    ids=["one more", "one less", "one nameless", "none", "silent"],
)
def test_members_that_moved_or_fell_silent_are_refused(
    workspace: Workspace,
    ada: Somebody,
    monkeypatch: pytest.MonkeyPatch,
    members: Mapping[str, str] | EtcdError,
    words: tuple[str, ...],
) -> None:
    _see(monkeypatch, MEMBERS)
    require_unmoved(workspace, Copy(), make_basis(ada))
    _see(monkeypatch, members)
    with pytest.raises(StalePlanError) as caught:
        require_unmoved(workspace, Copy(), make_basis(ada))
    assert [word for word in words if word not in str(caught.value)] == []


@pytest.mark.parametrize(
    "state",
    [
        StateVersion(lineage=STATE.lineage, serial=STATE.serial + 1),
        StateVersion(lineage="x", serial=12),
        StateVersion(),
    ],
    ids=["serial", "lineage", "none"],
)
def test_a_state_that_moved_is_refused(workspace: Workspace, ada: Somebody, state: StateVersion) -> None:
    with pytest.raises(StalePlanError, match="Terraform's state has moved") as caught:
        require_unmoved(workspace, Copy(state), make_basis(ada, members={}))
    assert f"it was {STATE}, and is {state}" in str(caught.value)
    assert "fleetkit plan demo --keep" in str(caught.value)


@pytest.mark.parametrize(
    ("change", "moves"),
    [
        ({"pools.internal.desired": 3}, True),
        ({"pins.etcd_version": "3.5.34"}, True),
        ({"approval.required": "sha256"}, False),
        ({"waivers": []}, False),
        ({"secrets.token": "ssm:/token", "pools.internal.secrets": ["token"]}, False),
        ({"registries": [{"name": "quay.io", "user": "ada", "password": "ssm:/quay"}]}, False),
    ],
    ids=["pool", "pin", "who may approve", "waivers", "secrets", "registries"],
)
def test_a_changed_cluster_file_is_refused_where_a_deploy_would_carry_the_change_out(
    workspace: Workspace, ada: Somebody, change: dict[str, Any], moves: bool
) -> None:
    basis = make_basis(ada, members={}, cluster_file=describe_cluster(make_cluster(**change)))
    if moves:
        with pytest.raises(StalePlanError, match="the cluster file has moved"):
            require_unmoved(workspace, Copy(), basis)
    else:
        require_unmoved(workspace, Copy(), basis)


def test_an_approval_that_expires_while_one_waits_is_refused_at_the_apply(workspace: Workspace, ada: Somebody) -> None:
    basis = make_basis(ada, members={})
    plan = FakePlan(rules=Approval(required=ApprovalKind.SIGNED, keys=(ada.entry,)), basis=basis)
    for life, holds in ((dt.timedelta(hours=1), True), (-dt.timedelta(seconds=1), False)):
        signed = ada.approve(basis, life=life)
        approved = Approved(plan=plan, sha256=plan.sha256, way=ApprovalWay.FILE, signed=signed)
        if holds:
            approved.require_valid(workspace, Copy())
        else:
            with pytest.raises(ApprovalMissingError, match="it expired at"):
                approved.require_valid(workspace, Copy())


def test_the_record_is_told_who_approved_what_and_how(workspace: Workspace, ada: Somebody) -> None:
    basis = make_basis(ada, members={})
    plan = FakePlan(rules=Approval(required=ApprovalKind.SIGNED, keys=(ada.entry,)), basis=basis)
    signed = ada.approve(basis)
    facts = Approved(plan=plan, sha256=SHA256, way=ApprovalWay.FILE, signed=signed).facts(workspace)
    assert (facts["plan_sha256"], facts["way"]) == (SHA256, "file")
    assert facts["by"] == {"arn": ada.person.arn, "public_key": ada.signer.public_key, "name": "ada"}
    assert facts["document"] == signed.to_json()
    named = approve(FakePlan(), "demo").facts(workspace)
    assert named == {"plan_sha256": SHA256, "way": "name", "by": {"arn": workspace.session.caller().arn}}
