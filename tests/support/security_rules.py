"""The rules of a deployed cluster's security groups, as AWS lists them; each can be taken away for a while."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from support.e2e_world import CLUSTER, World

_PLACES = {"0.0.0.0/0": "world", "198.51.100.7/32": "operator", "10.8.0.0/24": "vpn"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule; ``flow`` is what it lets through, such as ``bastion > master:2379``."""

    rule_id: str
    group_id: str
    direction: str
    flow: str
    permission: dict[str, Any]

    def __str__(self) -> str:
        return f"{self.direction} {self.flow}"


def list_rules(world: World) -> list[Rule]:
    """Return every rule of every group of the cluster's VPC but the VPC's own default group, by its flow."""
    ec2 = world.client("ec2")
    listed = ec2.describe_security_groups(Filters=[{"Name": "vpc-id", "Values": [world.vpc_id()]}])["SecurityGroups"]
    roles = {
        one["GroupId"]: one["GroupName"].removeprefix(f"{CLUSTER}-") for one in listed if one["GroupName"] != "default"
    }
    filters = [{"Name": "group-id", "Values": list(roles)}]
    pages = ec2.get_paginator("describe_security_group_rules").paginate(Filters=filters)
    found = [_read_rule(one, roles) for page in pages for one in page["SecurityGroupRules"]]
    return sorted(found, key=str)


def _read_rule(told: dict[str, Any], roles: dict[str, str]) -> Rule:
    is_out = bool(told["IsEgress"])
    own = roles[told["GroupId"]]
    peer_id = told.get("ReferencedGroupInfo", {}).get("GroupId")
    other = roles[peer_id] if peer_id else _PLACES[told["CidrIpv4"]]
    source, target = (own, other) if is_out else (other, own)
    first, last = told["FromPort"], told["ToPort"]
    ports = str(first) if first == last else f"{first}-{last}"
    kind, end = ("UserIdGroupPairs", {"GroupId": peer_id}) if peer_id else ("IpRanges", {"CidrIp": told["CidrIpv4"]})
    return Rule(
        rule_id=told["SecurityGroupRuleId"],
        group_id=told["GroupId"],
        direction="out" if is_out else "in",
        flow=f"{source} > {target}:{ports}",
        permission={
            "IpProtocol": told["IpProtocol"],
            "FromPort": first,
            "ToPort": last,
            kind: [{**end, "Description": told["Description"]}],
        },
    )


@contextlib.contextmanager
def taken_away(world: World, *rules: Rule) -> Iterator[None]:
    """Revoke rules by their ids for the length of a block, and put them back as they were."""
    ec2 = world.client("ec2")
    verbs = {"in": "ingress", "out": "egress"}
    revoked: list[Rule] = []
    try:
        for rule in rules:
            revoke = getattr(ec2, f"revoke_security_group_{verbs[rule.direction]}")
            # By permission moto would take those of other groups along.
            revoke(GroupId=rule.group_id, SecurityGroupRuleIds=[rule.rule_id])
            revoked.append(rule)
        yield
    finally:
        for rule in revoked:
            authorize = getattr(ec2, f"authorize_security_group_{verbs[rule.direction]}")
            authorize(GroupId=rule.group_id, IpPermissions=[rule.permission])
