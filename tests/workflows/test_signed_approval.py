"""A signed approval counts for one plan, from a listed key, for its time; changed anywhere it counts for nothing."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from support.approvals import SHA256, FakePlan, Somebody, make_basis

from fleetkit.config import Approval, ApprovalKind
from fleetkit.core import ApprovalMissingError, format_utc, utc_now
from fleetkit.workflows._basis import Operation
from fleetkit.workflows._signed_approval import SignedApproval, read_approval
from fleetkit.workflows.approval import ApprovalWay, approve


@dataclass(frozen=True)
class Two:
    """Ada plans and Bob approves; the cluster file lists both, and wants two."""

    ada: Somebody
    bob: Somebody
    folder: Path

    @property
    def rules(self) -> Approval:
        return Approval(required=ApprovalKind.SIGNED, keys=(self.ada.entry, self.bob.entry), distinct=True)

    @property
    def plan(self) -> FakePlan:
        return FakePlan(rules=self.rules, basis=make_basis(self.ada))

    def write(self, approval: SignedApproval) -> str:
        return self.write_fields(approval.to_json())

    def write_fields(self, fields: Any) -> str:
        file = self.folder / "approval.json"
        file.write_text(json.dumps(fields), encoding="utf-8")
        return str(file)


@pytest.fixture
def two(tmp_path: Path) -> Two:
    return Two(Somebody.called("ada", tmp_path), Somebody.called("bob", tmp_path), tmp_path)


def test_what_one_planned_another_approves(two: Two) -> None:
    plan = two.plan
    assert plan.basis is not None
    given = two.bob.approve(plan.basis)
    approved = approve(plan, two.write(given))
    assert (approved.way, approved.sha256, approved.signed) == (ApprovalWay.FILE, SHA256, given)
    assert f"by {two.bob.person.arn}, until {format_utc(given.expires_at)}" in str(approved)


def test_what_is_read_is_what_was_written(two: Two) -> None:
    given = two.bob.approve(make_basis(two.ada, members=None, unknown="etcd is silent"))
    assert read_approval(Path(two.write(given))) == given


@pytest.mark.parametrize(
    ("change", "seen"),
    [
        (lambda _: {"cluster": "prod"}, "it is for the cluster prod, and this is demo"),
        (lambda _: {"operation": Operation.DESTROY}, "it is for a destroy, and this is a deploy"),
        (lambda _: {"sha256": "cd" * 32}, "this is another plan, abababababab"),
        (lambda two: {"planner": two.bob.person}, "not what was kept with the plan"),
        (lambda _: {"members": {}}, "not what was kept with the plan"),
        (lambda _: {"members": None, "unknown": "etcd is silent"}, "not what was kept with the plan"),
    ],
    ids=["cluster", "operation", "plan", "planner", "members", "members unknown"],
)
def test_an_approval_for_anything_else_does_not_hold(
    two: Two, change: Callable[[Two], dict[str, Any]], seen: str
) -> None:
    file = two.write(two.bob.approve(make_basis(two.ada, **change(two))))
    with pytest.raises(ApprovalMissingError, match=seen):
        approve(two.plan, file)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("plan", "state", "serial"), 13),
        (("plan", "members"), {}),
        (("plan", "cluster_file"), "00" * 32),
        (("by", "arn"), "arn:aws:iam::123456789012:root"),
        (("expires_at",), "2099-01-01T00:00:00Z"),
        (("signature",), "AAAA"),
        (("signature",), "no base64!"),
        (("signature",), ""),
    ],
    ids=["state", "members", "cluster file", "giver", "expiry", "another signature", "no base64", "no signature"],
)
def test_a_changed_approval_does_not_hold(two: Two, path: tuple[str, ...], value: Any) -> None:
    fields = two.bob.approve(make_basis(two.ada)).to_json()
    inner = fields
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = value
    changed = SignedApproval.from_json(fields)
    with pytest.raises(ApprovalMissingError, match="its signature does not hold"):
        changed.require_valid(two.rules)


def test_a_signature_of_a_listed_key_does_not_cover_for_another(two: Two) -> None:
    given = replace(two.bob.approve(make_basis(two.bob)), by=two.ada.person)
    with pytest.raises(ApprovalMissingError, match="its signature does not hold"):
        given.require_valid(two.rules)


def test_a_key_that_is_not_listed_is_named(two: Two, tmp_path: Path) -> None:
    eve = Somebody.called("eve", tmp_path)
    with pytest.raises(ApprovalMissingError, match=r"not listed in approval\.keys") as caught:
        eve.approve(make_basis(two.ada)).require_valid(two.rules)
    assert eve.signer.public_key in str(caught.value)


def test_where_no_key_is_listed_no_signed_approval_holds(two: Two) -> None:
    with pytest.raises(ApprovalMissingError, match="not listed"):
        two.bob.approve(make_basis(two.ada)).require_valid(Approval())


def test_it_holds_until_its_end_and_not_a_second_longer(two: Two) -> None:
    given = two.bob.approve(make_basis(two.ada), life=dt.timedelta(minutes=5))
    given.require_valid(two.rules, now=given.expires_at - dt.timedelta(seconds=1))
    with pytest.raises(ApprovalMissingError, match=f"it expired at {format_utc(given.expires_at)}"):
        given.require_valid(two.rules, now=given.expires_at)


def test_one_that_is_dated_ahead_does_not_hold_yet(two: Two) -> None:
    given = two.bob.approve(make_basis(two.ada))
    with pytest.raises(ApprovalMissingError, match="yet to come"):
        given.require_valid(two.rules, now=utc_now() - dt.timedelta(hours=1))


def test_who_planned_may_approve_only_where_the_file_does_not_want_two(two: Two) -> None:
    given = two.ada.approve(make_basis(two.ada))
    given.require_valid(two.rules.model_copy(update={"distinct": False}))
    with pytest.raises(ApprovalMissingError, match=r"approval\.distinct"):
        given.require_valid(two.rules)


@pytest.mark.parametrize(
    "fields",
    [[], {}, {"format": 1}, "text", None],
    ids=["array", "empty", "cut", "text", "null"],
)
def test_what_is_no_approval_is_named(two: Two, fields: Any) -> None:
    with pytest.raises(ApprovalMissingError, match=r"approval\.json is not an approval"):
        approve(two.plan, two.write_fields(fields))


def test_what_the_signature_would_not_cover_is_refused(two: Two) -> None:
    fields = {**two.bob.approve(make_basis(two.ada)).to_json(), "note": "and prod too"}
    with pytest.raises(ApprovalMissingError, match="more or other than an approval"):
        read_approval(Path(two.write_fields(fields)))


def test_a_file_that_is_not_there_is_named(two: Two) -> None:
    with pytest.raises(ApprovalMissingError, match=r"no approval in .*nowhere\.json") as caught:
        approve(two.plan, str(two.folder / "nowhere.json"))
    assert "fleetkit approve PLAN" in str(caught.value)
