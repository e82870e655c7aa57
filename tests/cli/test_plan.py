"""``fleetkit plan`` before the first deploy: the whole cluster in a summary, and an account that stays empty."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.bare_aws import BareAws, serve_bare_aws

pytestmark = [pytest.mark.sandbox, pytest.mark.timeout(600)]

MODULES = {
    "network[0]",
    "security",
    "etcd",
    'workers["internal"]',
    'workers["public"]',
    "load_balancers",
    "dns",
    "bastion[0]",
}


@pytest.fixture
def aws(tmp_path: Path) -> Iterator[BareAws]:
    with serve_bare_aws(tmp_path) as served:
        yield served


def test_a_plan_on_bare_moto_counts_by_module_and_action_and_exits_3(aws: BareAws) -> None:
    aws.fleetkit("init", "demo")
    aws.fleetkit("pin", "demo")
    out = aws.fleetkit("plan", "demo", code=3)

    headline, heading, *rest = [line for line in out.splitlines() if line]
    (total,) = map(int, re.findall(r"^Plan: (\d+) to create\.$", headline))
    assert heading.split() == ["module", "create", "update", "replace", "delete", "forget"]
    table = {words[0]: words[1:] for line in rest if not line.startswith(" ") and len(words := line.split()) == 6}
    created = [line.removeprefix("  + ") for line in rest if re.match(r"^  \+ (module\.|\w+\.)", line)]
    by_module = Counter(re.sub(r"^module\.([^.\[]+(\[[^\]]*\])?)\..*$", r"\1", address) for address in created)
    assert {name: int(cells[0]) for name, cells in table.items()} == dict(by_module)
    assert {cell for cells in table.values() for cell in cells[1:]} == {"."}, "nothing is there to update or delete"
    assert sum(by_module.values()) == total == len(created)
    assert sum(".aws_instance.member[" in address for address in created) == 3
    assert set(by_module) == MODULES
    assert "the bucket fleetkit-demo-123456789012-us-west-2" in out

    filters = [{"Name": "tag:fleetkit:cluster", "Values": ["demo"]}]
    assert aws.client("ec2").describe_vpcs(Filters=filters)["Vpcs"] == []
    assert aws.client("s3").list_buckets()["Buckets"] == []
