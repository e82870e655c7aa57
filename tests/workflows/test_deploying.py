"""A deploy's plan says all that would be done, also where Terraform has nothing to do, and so does its result."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from fleetkit.aws import Part, PartKind
from fleetkit.config import Approval
from fleetkit.core import PreconditionError, QuorumAtRiskError
from fleetkit.terraform import Plan, PlanKind, SavedPlan, WorkingCopy
from fleetkit.views import PlanRow, PlanView
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


def test_masters_that_a_deploy_would_replace_are_refused_with_the_order_one_by_one() -> None:
    rows = tuple(
        PlanRow(
            address=f'module.etcd.aws_instance.member["{name}"]', module="etcd", type="aws_instance",
            action="replace", sign="-/+", why="", alarm=alarm, attributes=(),
        )
        for name, alarm in (("etcd1", "replaces"), ("etcd2", "stops"), ("etcd3", "destroys"))
    )  # fmt: skip
    plan = replace(plan_with(), view=PlanView(rows=rows, outputs=()))
    with pytest.raises(QuorumAtRiskError, match="destroys a master") as refused:
        plan.check()
    assert "fleetkit etcd replace demo etcd1, then fleetkit etcd replace demo etcd2" in str(refused.value)
    assert "demo etcd3" not in str(refused.value)
    assert "then fleetkit etcd resize demo" in str(refused.value)
    with pytest.raises(QuorumAtRiskError) as refused:
        replace(plan, view=PlanView(rows=rows[2:], outputs=())).check()
    assert "well: fleetkit etcd resize demo" in str(refused.value)
    assert "etcd replace" not in str(refused.value)


def test_masters_that_run_on_with_what_they_had_are_named_with_what_has_them_take_it() -> None:
    applied = AppliedDeploy(cluster="demo", result=None, made=(), put=("a",), waiting=("etcd1", "etcd2"))
    assert "etcd1, etcd2 run on with the settings they had" in applied.text
    assert "fleetkit etcd reboot demo --all" in applied.text
    assert "run on" not in replace(applied, waiting=()).text


def test_masters_that_etcd_does_not_know_are_shown_and_refused_by_their_names() -> None:
    plan = plan_with(deliveries=("what roles/master/etcd4 fetches (11 files)",), strangers=("etcd4", "etcd5"))
    assert "  ! etcd4" in plan.text.splitlines()
    with pytest.raises(PreconditionError, match="names etcd4, etcd5") as refused:
        plan.check()
    assert not isinstance(refused.value, QuorumAtRiskError)
    assert "fleetkit etcd resize demo" in refused.value.hint
    plan_with(deliveries=plan.deliveries).check()
