"""A deploy's plan says all that would be done, also where Terraform has nothing to do, and so does its result."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest

from fleetkit.aws import Part, PartKind
from fleetkit.config import Approval
from fleetkit.terraform import Plan, PlanKind, SavedPlan, WorkingCopy
from fleetkit.views import PlanView
from fleetkit.workflows import AppliedDeploy, DeployPlan
from fleetkit.workflows.recovering import Remove
from fleetkit.workflows.starting import Start

REMOVE = Remove(what=Part(kind=PartKind.RULE, key=("sg-1", "ingress", "tcp", "22", "22", "::/0")), reason="not ours")
START = Start(instance_id="i-1", role="master", name="demo-etcd1", state="stopped")
CASES: list[tuple[dict[str, Any], str]] = [
    ({"deliveries": ("what roles/public fetches (3 files)",)}, "  + what roles/public fetches (3 files)"),
    ({"removals": (REMOVE,)}, "  - security-group-rule sg-1 ingress tcp 22 22 ::/0: not ours"),
    ({"starts": (START,)}, "  > master i-1 (demo-etcd1): it is stopped"),
]


def plan_with(**beside: Any) -> DeployPlan:
    """Return a plan in which Terraform has nothing to do."""
    saved = SavedPlan(
        path=Path("none"), sha256="ab", made_at=dt.datetime.now(dt.UTC), kind=PlanKind.CHANGE, plan=Plan()
    )
    copy = object.__new__(WorkingCopy)
    view = PlanView.from_plan(saved.plan)
    rest: dict[str, Any] = {"deliveries": (), **beside}
    return DeployPlan(cluster="demo", saved=saved, view=view, rules=Approval(), _copy=copy, **rest)


def test_a_plan_without_anything_says_so_in_exactly_these_words() -> None:
    plan = plan_with()
    assert plan.is_empty
    assert plan.text == plan.details == plan.opening == "No changes."
    assert "No changes." in plan._repr_html_()


@pytest.mark.parametrize(("beside", "line"), CASES, ids=["delivery", "removal", "start"])
def test_what_is_done_beside_terraform_is_shown_and_makes_the_plan_another_one(
    beside: dict[str, Any], line: str
) -> None:
    plan = plan_with(**beside)
    assert not plan.is_empty
    assert plan.sha256 != plan_with().sha256
    for text in (plan.text, plan.details):
        assert line in text.splitlines()
        assert "No changes." not in text
    assert "No changes." not in plan.opening
    assert line[4:] in plan._repr_html_()
    assert "No changes." not in plan._repr_html_()


@pytest.mark.parametrize(
    ("done", "words"),
    [
        ({"removed": ("a",)}, "1 unknown things removed"),
        ({"started": ("a", "b")}, "2 machines started"),
        ({"put": ("a",)}, "1 objects put"),
        ({"made": ("a",)}, "1 certificates and keys made"),
    ],
)
def test_nothing_to_do_is_said_only_where_nothing_was_done(done: dict[str, Any], words: str) -> None:
    nothing: dict[str, Any] = {"cluster": "demo", "result": None, "made": (), "put": ()}
    assert AppliedDeploy(**nothing).text == "Nothing to do: the cluster is as its file says."
    text = AppliedDeploy(**{**nothing, **done}).text
    assert words in text
    assert "Nothing to do" not in text
