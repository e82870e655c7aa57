"""A change's command tells its plan as JSON whether it came to anything or not."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import pytest
from support.approvals import FakePlan

from fleetkit.cli._changes import carry_out
from fleetkit.core import ApprovalMissingError, QuorumAtRiskError


@dataclass(frozen=True)
class Came:
    """What came of it."""

    outcome: str = "done"

    def __str__(self) -> str:
        return "came"


def carry(plan: Any, given: str, **told: Any) -> int:
    return carry_out(
        plan,
        given=given,
        apply=lambda _approved: "applied",
        verify=lambda _applied: Came(),
        told=told,
        as_json=True,
    )


@pytest.mark.parametrize(
    ("plan", "given", "refused"),
    [(FakePlan(), "another", ApprovalMissingError), (FakePlan(at_risk=True), "demo", QuorumAtRiskError)],
    ids=["not approved", "refused"],
)
def test_a_plan_that_comes_to_nothing_is_told(
    plan: FakePlan, given: str, refused: type[Exception], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(refused):
        carry(plan, given, steps=["machine"])
    told = json.loads(capsys.readouterr().out)
    assert told == {"plan_sha256": plan.sha256, "steps": ["machine"], "applied": None, "verified": None}


def test_one_that_is_approved_tells_what_came_of_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert carry(FakePlan(), "demo", steps=[]) == 0
    assert json.loads(capsys.readouterr().out)["applied"] == "applied"
