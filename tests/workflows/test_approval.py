"""Nothing is changed without what the cluster file demands, said for just this plan; and no approval lifts a guard."""

from __future__ import annotations

import pytest
from support.approvals import SHA256, FakePlan

from fleetkit.config import Approval, ApprovalKind
from fleetkit.core import ApprovalMissingError, QuorumAtRiskError
from fleetkit.workflows._basis import Operation
from fleetkit.workflows.approval import ApprovalWay, approve

KEY = "ed25519:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
SIGNED = Approval(required=ApprovalKind.SIGNED, keys=(KEY,))


@pytest.mark.parametrize(
    ("said", "way"), [("demo", ApprovalWay.NAME), (SHA256, ApprovalWay.SHA256)], ids=["name", "sha256"]
)
def test_the_clusters_name_approves_and_so_does_the_plans_sha256(said: str, way: ApprovalWay) -> None:
    approved = approve(FakePlan(), said)
    assert (approved.sha256, approved.way) == (SHA256, way)
    assert "abababababab" in str(approved)


@pytest.mark.parametrize(
    ("said", "seen"),
    [
        ("", "no approval was given"),
        ("prod", "names 'prod'"),
        ("Demo", "'Demo'"),
        (SHA256[:12], f"'{SHA256[:12]}'"),
        ("cd" * 32, "the approval is for the plan cdcdcdcdcdcd, and this one is abababababab"),
    ],
)
def test_anything_else_does_not(said: str, seen: str) -> None:
    with pytest.raises(ApprovalMissingError, match=seen) as caught:
        approve(FakePlan(), said)
    assert "--approve demo" in str(caught.value)


@pytest.mark.parametrize(
    ("said", "rules", "operation", "words"),
    [
        (
            "demo",
            Approval(required=ApprovalKind.SHA256),
            Operation.DEPLOY,
            ("demands more (approval.required = sha256)", "fleetkit plan demo --keep", "deploy demo --approve SHA256"),
        ),
        (
            "demo",
            SIGNED,
            Operation.DESTROY,
            ("(approval.required = signed)", "plan demo --destroy --keep", "fleetkit destroy demo --approve FILE"),
        ),
        (SHA256, SIGNED, Operation.DEPLOY, ("by its sha256", "demands a signed approval", "fleetkit approve latest")),
        ("", SIGNED, Operation.DEPLOY, ("no approval was given", "fleetkit approve latest --cluster demo")),
        ("demo", Approval(required=ApprovalKind.SHA256), Operation.RESTORE, (f"--approve {SHA256}",)),
        (SHA256, SIGNED, Operation.ROTATE, ("no file approves a plan to rotate", 'approval.required = "sha256"')),
    ],
    ids=[
        "name for sha256",
        "name for signed",
        "sha256 for signed",
        "nothing for signed",
        "name for sha256 of what is not kept",
        "sha256 for signed of what is not kept",
    ],
)
def test_less_than_the_cluster_file_demands_is_refused_with_the_way_on(
    said: str, rules: Approval, operation: Operation, words: tuple[str, ...]
) -> None:
    with pytest.raises(ApprovalMissingError) as caught:
        approve(FakePlan(rules=rules, operation=operation), said)
    assert [word for word in words if word not in str(caught.value)] == []


def test_the_sha256_is_enough_where_it_is_demanded() -> None:
    assert approve(FakePlan(rules=Approval(required=ApprovalKind.SHA256)), SHA256).way is ApprovalWay.SHA256


def test_an_empty_plan_needs_no_approval_whatever_the_file_demands() -> None:
    assert "nothing to approve" in str(approve(FakePlan(is_empty=True), ""))
    assert "nothing to approve" in str(approve(FakePlan(is_empty=True, rules=SIGNED), ""))


def test_no_approval_lifts_a_guard() -> None:
    with pytest.raises(QuorumAtRiskError):
        approve(FakePlan(at_risk=True), "demo")
