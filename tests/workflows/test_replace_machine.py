"""Terraform's part of a replacement: one machine and what hangs on it, never another master, and only as approved."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from support.aws_moto import emulated_aws
from support.cluster_files import write_cluster

from fleetkit.core import PreconditionError, QuorumAtRiskError, StalePlanError, utc_now
from fleetkit.terraform import Plan, PlanKind, SavedPlan
from fleetkit.workflows import Reporter, _replace_machine, open_workspace
from fleetkit.workflows._replace_machine import MachinePlan, instance_address, require_only

MASTERS = ("etcd1", "etcd2", "new-etcd1")
REPLACE, UPDATE, CREATE = ["delete", "create"], ["update"], ["create"]


def target(key: str) -> str:
    return f'module.load_balancers.aws_lb_target_group_attachment.ui["{key}"]'


def plan_of(*changes: tuple[str, list[str]], before: dict[str, object] | None = None) -> Plan:
    entries = [
        {
            "address": address,
            "module_address": ".".join(address.split(".")[:2]),
            "mode": "managed",
            "type": address.split(".")[2],
            "name": re.split(r"[.\[]", address)[3],
            "change": {"actions": actions, "before": before or {"instance_type": "a"}, "after": {"instance_type": "b"}},
        }
        for address, actions in changes
    ]
    return Plan.from_json(json.dumps({"terraform_version": "1", "resource_changes": entries}))


def check(*changes: tuple[str, list[str]], name: str = "etcd1") -> None:
    require_only(plan_of(*changes), name, cluster="demo", masters=MASTERS)


@pytest.mark.parametrize("actions", [REPLACE, CREATE])
def test_one_machine_and_its_targets_may_be_made_anew(actions: list[str]) -> None:
    check((instance_address("etcd1"), actions), (target("etcd-ui-etcd1"), REPLACE), (target("fleet-ui-etcd1"), REPLACE))
    check((instance_address("new-etcd1"), actions), (target("etcd-ui-new-etcd1"), REPLACE), name="new-etcd1")


@pytest.mark.parametrize("actions", [REPLACE, ["delete"], UPDATE])
def test_another_master_is_never_touched(actions: list[str]) -> None:
    with pytest.raises(QuorumAtRiskError, match=r"another master of demo away: .*etcd2"):
        check((instance_address("etcd1"), REPLACE), (instance_address("etcd2"), actions))


@pytest.mark.parametrize(
    "other",
    [
        'module.workers["public"].aws_autoscaling_group.this',
        target("etcd-ui-etcd2"),
        target("etcd-ui-new-etcd1"),
        instance_address("etcd2"),
    ],
)
def test_whatever_else_is_pending_is_left_to_a_deploy(other: str) -> None:
    with pytest.raises(PreconditionError, match=re.escape(other)) as refused:
        check((instance_address("etcd1"), REPLACE), (other, CREATE))
    assert "fleetkit deploy demo" in str(refused.value)


@pytest.mark.sandbox
@pytest.mark.parametrize("protected", [True, False])
def test_a_plan_that_is_another_once_the_protection_is_gone_is_refused_and_the_protection_put_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, protected: bool
) -> None:
    write_cluster(tmp_path)
    with emulated_aws() as session:
        workspace, ec2 = open_workspace(folder=tmp_path, environ={"HOME": str(tmp_path)}), session.client("ec2")
        old = str(ec2.run_instances(ImageId="ami-00000002", MinCount=1, MaxCount=1)["Instances"][0]["InstanceId"])

        def is_protected() -> bool:
            answer = ec2.describe_instance_attribute(InstanceId=old, Attribute="disableApiTermination")
            return bool(answer["DisableApiTermination"]["Value"])

        def plan(*changes: tuple[str, list[str]]) -> MachinePlan:
            before = {"disable_api_termination": protected}
            saved = SavedPlan(
                path=tmp_path / "one.tfplan",
                sha256="",
                made_at=utc_now(),
                kind=PlanKind.CHANGE,
                plan=plan_of(*changes, before=before),
            )
            return MachinePlan(name="etcd1", old=old, saved=saved, _copy=None, _workspace=workspace)  # type: ignore[arg-type]  # not applied

        ec2.modify_instance_attribute(InstanceId=old, DisableApiTermination={"Value": protected})
        approved = plan((instance_address("etcd1"), REPLACE))
        other = plan((instance_address("etcd1"), REPLACE), (target("etcd-ui-etcd1"), REPLACE))
        monkeypatch.setattr(_replace_machine, "plan_machine", lambda *_one, **_more: other)
        with pytest.raises(StalePlanError, match=r"no longer what was approved.*etcd-ui-etcd1"):
            approved.make_ready(Reporter())
        assert is_protected() == protected
        monkeypatch.setattr(_replace_machine, "plan_machine", lambda *_one, **_more: approved)
        assert approved.make_ready(Reporter()) is approved
        assert not is_protected()
