"""The security groups of a cluster, rule by rule."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from fleetkit.aws._errors import asking
from fleetkit.aws._tags import cluster_filter, read_tags
from fleetkit.aws.session import AwsSession

if TYPE_CHECKING:
    from mypy_boto3_ec2.type_defs import IpPermissionOutputTypeDef

__all__ = ["SecurityGroup", "SecurityRule", "list_security_groups"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SecurityRule:
    """One rule: one protocol and port range, to or from one peer (a network, a group or a prefix list)."""

    direction: str
    protocol: str
    from_port: int | None
    to_port: int | None
    peer: str
    about: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SecurityGroup:
    """A security group and its rules."""

    group_id: str
    name: str
    vpc_id: str
    rules: tuple[SecurityRule, ...]
    tags: dict[str, str]


def list_security_groups(session: AwsSession, cluster: str) -> tuple[SecurityGroup, ...]:
    """Return the security groups of a cluster with every rule, by name."""
    with asking(f"the security groups of {cluster}"):
        pages = session.ec2.get_paginator("describe_security_groups").paginate(Filters=cluster_filter(cluster))
        found = [group for page in pages for group in page["SecurityGroups"]]
    return tuple(
        SecurityGroup(
            group_id=group["GroupId"],
            name=group["GroupName"],
            vpc_id=group.get("VpcId", ""),
            rules=tuple(
                rule
                for direction, permissions in (
                    ("ingress", group.get("IpPermissions", [])),
                    ("egress", group.get("IpPermissionsEgress", [])),
                )
                for permission in permissions
                for rule in _rules(direction, permission)
            ),
            tags=read_tags(group.get("Tags", [])),
        )
        for group in sorted(found, key=lambda group: group["GroupName"])
    )


def _rules(direction: str, permission: IpPermissionOutputTypeDef) -> list[SecurityRule]:
    peers = [
        *((part.get("CidrIp", ""), part.get("Description", "")) for part in permission.get("IpRanges", [])),
        *((part.get("CidrIpv6", ""), part.get("Description", "")) for part in permission.get("Ipv6Ranges", [])),
        *((part.get("GroupId", ""), part.get("Description", "")) for part in permission.get("UserIdGroupPairs", [])),
        *((part.get("PrefixListId", ""), part.get("Description", "")) for part in permission.get("PrefixListIds", [])),
    ]
    protocol = permission.get("IpProtocol", "-1")
    return [
        SecurityRule(
            direction=direction,
            protocol="all" if protocol == "-1" else protocol,
            from_port=permission.get("FromPort"),
            to_port=permission.get("ToPort"),
            peer=peer,
            about=about,
        )
        for peer, about in peers
    ]
