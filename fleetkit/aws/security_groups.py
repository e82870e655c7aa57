"""The security groups of a cluster, rule by rule."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fleetkit.aws._batches import split_values
from fleetkit.aws._errors import asking
from fleetkit.aws._tags import cluster_filter, read_tags
from fleetkit.aws.session import AwsSession

if TYPE_CHECKING:
    from mypy_boto3_ec2.type_defs import FilterTypeDef, IpPermissionOutputTypeDef

__all__ = [
    "SecurityGroup",
    "SecurityRule",
    "list_default_groups",
    "list_groups_by_id",
    "list_interfaces_wearing",
    "list_prefix_networks",
    "list_security_groups",
]


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
    return _list(session, f"the security groups of {cluster}", filters=cluster_filter(cluster))


def list_default_groups(session: AwsSession, vpc_id: str) -> tuple[SecurityGroup, ...]:
    """Return the security group that a VPC began with; none where there is no such VPC."""
    filters: list[FilterTypeDef] = [
        {"Name": "vpc-id", "Values": [vpc_id]},
        {"Name": "group-name", "Values": ["default"]},
    ]
    return _list(session, f"the default security group of {vpc_id}", filters=filters)


def list_groups_by_id(session: AwsSession, group_ids: Iterable[str]) -> tuple[SecurityGroup, ...]:
    """Return the security groups that are meant, by name; one that is gone is left out."""
    found = [
        group
        for some in split_values(group_ids)
        for group in _list(
            session, f"the security groups {', '.join(some)}", filters=[{"Name": "group-id", "Values": some}]
        )
    ]
    return tuple(sorted(found, key=lambda group: group.name))


def list_interfaces_wearing(session: AwsSession, group_ids: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Return id of each group to the ids of the network interfaces that wear it; none where nothing does."""
    wanted = sorted(set(group_ids))
    wearers: dict[str, list[str]] = {one: [] for one in wanted}
    for some in split_values(wanted):
        with asking("the network interfaces that wear the cluster's security groups"):
            pages = session.ec2.get_paginator("describe_network_interfaces").paginate(
                Filters=[{"Name": "group-id", "Values": some}]
            )
            found = [interface for page in pages for interface in page["NetworkInterfaces"]]
        for interface in found:
            for group in interface.get("Groups", []):
                if group["GroupId"] in wearers:
                    wearers[group["GroupId"]].append(interface["NetworkInterfaceId"])
    return {group: tuple(sorted(set(names))) for group, names in wearers.items()}


def list_prefix_networks(session: AwsSession, list_ids: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Return id of each prefix list to the networks in it now; each list takes a call or more."""
    networks: dict[str, tuple[str, ...]] = {}
    for one in sorted(set(list_ids)):
        with asking(f"the networks of the prefix list {one}"):
            pages = session.ec2.get_paginator("get_managed_prefix_list_entries").paginate(PrefixListId=one)
            networks[one] = tuple(sorted(entry.get("Cidr", "") for page in pages for entry in page["Entries"]))
    return networks


def _list(session: AwsSession, what: str, *, filters: Sequence[FilterTypeDef]) -> tuple[SecurityGroup, ...]:
    with asking(what):
        pages = session.ec2.get_paginator("describe_security_groups").paginate(Filters=filters)
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
