"""Nothing is changed without an approval by name, and no approval lifts a guard."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from fleetkit.core import ApprovalMissingError, QuorumAtRiskError
from fleetkit.workflows.approval import approve


@dataclass
class FakePlan:
    cluster: str = "demo"
    sha256: str = "ab" * 32
    is_empty: bool = False
    at_risk: bool = False

    def check(self) -> None:
        if self.at_risk:
            raise QuorumAtRiskError("the plan would take masters away")


def test_the_clusters_name_approves() -> None:
    approved = approve(FakePlan(), "demo")
    assert approved.sha256 == "ab" * 32
    assert "abababababab" in str(approved)


@pytest.mark.parametrize(
    ("name", "seen"), [("", "no approval was given"), ("prod", "names 'prod'"), ("Demo", "'Demo'")]
)
def test_anything_else_does_not(name: str, seen: str) -> None:
    with pytest.raises(ApprovalMissingError, match=seen) as caught:
        approve(FakePlan(), name)
    assert "--approve demo" in str(caught.value)


def test_an_empty_plan_needs_no_approval() -> None:
    assert "nothing to approve" in str(approve(FakePlan(is_empty=True), ""))


def test_no_approval_lifts_a_guard() -> None:
    with pytest.raises(QuorumAtRiskError):
        approve(FakePlan(at_risk=True), "demo")
