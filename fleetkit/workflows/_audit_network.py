"""Facts of the network for an audit: groups, who wears them, subnets, ACLs, flow logs, the operator's own address."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from fleetkit import aws, checks
from fleetkit.core import NotFoundError

__all__ = ["read_acls", "read_flow_logs", "read_groups", "read_subnets", "read_wearers"]

_LAST_PORT = 65535
_EVERYTHING, _TCP = "-1", "6"
_ALL_TRAFFIC = "ALL"
_PREFIX_LIST = "pl-"


def read_groups(
    session: aws.AwsSession,
    groups: Sequence[aws.SecurityGroup],
    *,
    machines: Iterable[aws.Instance],
    balancers: Iterable[aws.LoadBalancer],
    vpc_id: str,
) -> tuple[checks.GroupFact, ...]:
    """Return the cluster's own groups, the one that its VPC began with, and others that its parts wear.

    A rule for a prefix list is told as that, and once more for each network that is in the list.

    Raises
    ------
    NotFoundError
        When something wears a group that AWS does not show.
    """
    first = aws.list_default_groups(session, vpc_id)
    own, began_with = {one.group_id for one in groups}, {one.group_id for one in first}
    worn = {name for one in machines for name in one.group_ids}
    worn |= {name for one in balancers for name in one.group_ids}
    others = aws.list_groups_by_id(session, worn - own - began_with)
    hidden = sorted(worn - own - began_with - {one.group_id for one in others})
    if hidden:
        raise NotFoundError(
            f"AWS does not show {', '.join(hidden)}, which the cluster's machines or load balancers wear"
        )
    each = {one.group_id: one for one in (*groups, *first, *others)}
    peers = {rule.peer for one in each.values() for rule in one.rules}
    networks = aws.list_prefix_networks(session, {one for one in peers if one.startswith(_PREFIX_LIST)})
    return tuple(
        checks.GroupFact(
            group_id=one.group_id,
            name=one.name if one.group_id in own | began_with else f"{one.name} ({one.group_id})",
            role=one.tags.get(aws.ROLE_TAG, "") if one.group_id in own else "",
            is_default=one.group_id in began_with,
            rules=tuple(
                _tell_rule(rule, peer) for rule in one.rules for peer in (rule.peer, *networks.get(rule.peer, ()))
            ),
        )
        for one in each.values()
    )


def read_wearers(
    session: aws.AwsSession,
    groups: Iterable[aws.SecurityGroup],
    *,
    machines: Collection[aws.Instance],
    balancers: Collection[aws.LoadBalancer],
) -> dict[str, tuple[str, ...]]:
    """Return id of each of the cluster's own groups to the machines, interfaces and load balancers that wear it."""
    names = [one.group_id for one in groups]
    interfaces = aws.list_interfaces_wearing(session, names)
    others = [
        *((one.instance_id, one.group_ids) for one in machines),
        *((one.name, one.group_ids) for one in balancers),
    ]
    return {name: (*sorted(wearer for wearer, worn in others if name in worn), *interfaces[name]) for name in names}


def read_subnets(
    session: aws.AwsSession, machines: Iterable[aws.Instance], *, cluster: str, vpc_id: str, given: Sequence[str]
) -> tuple[checks.SubnetFact, ...]:
    """Return the subnets that the cluster made or was given, and those that its machines stand in."""
    used = {one.subnet_id for one in machines} | set(given)
    return tuple(
        checks.SubnetFact(
            subnet_id=one.subnet_id,
            name=one.tags.get("Name", "").removeprefix(f"{cluster}-"),
            zone=one.zone,
            gives_public_address=one.gives_public_address,
        )
        for one in aws.list_subnets(session, vpc_id)
        if one.subnet_id in used or one.tags.get(aws.CLUSTER_TAG) == cluster
    )


def read_acls(
    session: aws.AwsSession, subnets: Iterable[checks.SubnetFact], *, vpc_id: str
) -> tuple[checks.AclFact, ...]:
    """Return the ACLs that fence the cluster's subnets."""
    ours = {one.subnet_id for one in subnets}
    return tuple(
        checks.AclFact(
            acl_id=one.acl_id,
            is_default=one.is_default,
            subnet_ids=tuple(name for name in one.subnet_ids if name in ours),
            open_entries=tuple(map(_tell_entry, filter(_is_open, one.entries))),
        )
        for one in aws.list_network_acls(session, vpc_id)
        if ours & set(one.subnet_ids)
    )


def read_flow_logs(session: aws.AwsSession, *, vpc_id: str) -> dict[str, str]:
    """Return id of each flow log to its status; one that cannot write, or not of all traffic, is not active."""
    return {one.flow_log_id: _tell_flow_log(one) for one in aws.list_flow_logs(session, vpc_id)}


def _tell_flow_log(log: aws.FlowLog) -> str:
    if log.trouble:
        return f"not writing ({log.trouble})"
    return log.status if log.traffic == _ALL_TRAFFIC else f"writing of {log.traffic} alone"


def _tell_rule(rule: aws.SecurityRule, peer: str) -> checks.RuleFact:
    # A rule for all protocols names no ports, and neither does AWS where they mean nothing; -1 is its word for all.
    first, last = rule.from_port, rule.to_port
    return checks.RuleFact(
        direction=rule.direction,
        protocol=rule.protocol,
        first=0 if first is None or first < 0 else first,
        last=_LAST_PORT if last is None or last < 0 else last,
        peer=peer,
    )


def _is_open(entry: aws.AclEntry) -> bool:
    first, last = entry.ports or (0, _LAST_PORT)
    is_for_all = entry.protocol == _EVERYTHING or (entry.protocol == _TCP and first <= 1 and last >= _LAST_PORT)
    return entry.allows and is_for_all and checks.is_everybody(entry.cidr)


def _tell_entry(entry: aws.AclEntry) -> str:
    what = "tcp " if entry.protocol == _TCP else ""
    return f"{entry.number} {entry.direction} {what}{entry.cidr}"
