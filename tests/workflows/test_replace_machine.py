"""The guard over Terraform's part of a replacement: one machine and what hangs on it, and never another master."""

from __future__ import annotations

import json
import re

import pytest

from fleetkit.core import PreconditionError, QuorumAtRiskError
from fleetkit.terraform import Plan
from fleetkit.workflows._replace_machine import instance_address, require_only

MASTERS = ("etcd1", "etcd2", "new-etcd1")
REPLACE, UPDATE, CREATE = ["delete", "create"], ["update"], ["create"]


def target(key: str) -> str:
    return f'module.load_balancers.aws_lb_target_group_attachment.ui["{key}"]'


def plan_of(*changes: tuple[str, list[str]]) -> Plan:
    entries = [
        {
            "address": address,
            "module_address": ".".join(address.split(".")[:2]),
            "mode": "managed",
            "type": address.split(".")[2],
            "name": re.split(r"[.\[]", address)[3],
            "change": {"actions": actions, "before": {"instance_type": "a"}, "after": {"instance_type": "b"}},
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
