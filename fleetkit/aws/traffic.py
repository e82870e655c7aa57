"""What watches and fences the traffic of a VPC beside security groups: network ACLs and flow logs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from fleetkit.aws._errors import asking
from fleetkit.aws.session import AwsSession

if TYPE_CHECKING:
    from mypy_boto3_ec2.type_defs import NetworkAclEntryTypeDef

__all__ = ["AclEntry", "FlowLog", "NetworkAcl", "list_flow_logs", "list_network_acls"]

_LAST_RULE = 32767  # the entry that every ACL ends with, and that denies


@dataclass(frozen=True, slots=True, kw_only=True)
class AclEntry:
    """One entry of a network ACL.

    Attributes
    ----------
    direction
        ``ingress`` or ``egress``.
    protocol
        A number as IP has it; ``-1`` for all.
    ports
        First and last port; None where it is for all.
    """

    number: int
    direction: str
    allows: bool
    protocol: str
    ports: tuple[int, int] | None
    cidr: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkAcl:
    """A network ACL with its entries in the order in which they count, and the subnets that it fences."""

    acl_id: str
    is_default: bool
    entries: tuple[AclEntry, ...]
    subnet_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowLog:
    """A flow log.

    Attributes
    ----------
    status
        AWS's word: ACTIVE.
    trouble
        What keeps it from writing, such as ``Access error``; empty where nothing does.
    traffic
        What it writes of: ``ACCEPT``, ``REJECT`` or ``ALL``.
    """

    flow_log_id: str
    status: str
    trouble: str
    traffic: str


def list_network_acls(session: AwsSession, vpc_id: str) -> tuple[NetworkAcl, ...]:
    """Return the network ACLs of a VPC, by id."""
    with asking(f"the network ACLs of {vpc_id}"):
        pages = session.ec2.get_paginator("describe_network_acls").paginate(
            Filters=[{"Name": "vpc-id", "Values": [vpc_id]}]
        )
        found = [acl for page in pages for acl in page["NetworkAcls"]]
    return tuple(
        NetworkAcl(
            acl_id=acl.get("NetworkAclId", ""),
            is_default=acl.get("IsDefault", False),
            entries=tuple(
                _read_entry(entry)
                for entry in sorted(acl.get("Entries", []), key=_rank)
                if entry.get("RuleNumber", 0) < _LAST_RULE
            ),
            subnet_ids=tuple(sorted(one.get("SubnetId", "") for one in acl.get("Associations", []))),
        )
        for acl in sorted(found, key=lambda acl: acl.get("NetworkAclId", ""))
    )


def list_flow_logs(session: AwsSession, vpc_id: str) -> tuple[FlowLog, ...]:
    """Return the flow logs of a VPC, by id."""
    with asking(f"the flow logs of {vpc_id}"):
        pages = session.ec2.get_paginator("describe_flow_logs").paginate(
            Filters=[{"Name": "resource-id", "Values": [vpc_id]}]
        )
        found = [one for page in pages for one in page["FlowLogs"]]
    return tuple(
        FlowLog(
            flow_log_id=one.get("FlowLogId", ""),
            status=one.get("FlowLogStatus", ""),
            trouble=(one.get("DeliverLogsErrorMessage") or "delivery failed")
            if one.get("DeliverLogsStatus") == "FAILED"
            else "",
            traffic=one.get("TrafficType", ""),
        )
        for one in sorted(found, key=lambda one: one.get("FlowLogId", ""))
    )


def _rank(entry: NetworkAclEntryTypeDef) -> tuple[bool, int]:
    return entry.get("Egress", False), entry.get("RuleNumber", 0)


def _read_entry(entry: NetworkAclEntryTypeDef) -> AclEntry:
    span = entry.get("PortRange", {})
    return AclEntry(
        number=entry.get("RuleNumber", 0),
        direction="egress" if entry.get("Egress") else "ingress",
        allows=entry.get("RuleAction") == "allow",
        protocol=entry.get("Protocol", ""),
        ports=(span["From"], span["To"]) if "From" in span and "To" in span else None,
        cidr=entry.get("CidrBlock") or entry.get("Ipv6CidrBlock", ""),
    )
