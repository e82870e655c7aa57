"""What hangs on other things and has no tags of its own: rules, routes, associations, listeners, records."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fleetkit.aws._errors import asking, error_code
from fleetkit.aws.inventory.things import Thing, ThingKind
from fleetkit.aws.session import AwsSession

if TYPE_CHECKING:
    from mypy_boto3_ec2.type_defs import SecurityGroupRuleTypeDef

__all__ = ["Part", "PartKind", "remove_rule", "take_parts"]


class PartKind(enum.StrEnum):
    """Kinds of parts; each says what its key holds."""

    RULE = "security-group-rule"
    """group, ``ingress`` or ``egress``, protocol, first port, last port, and a CIDR, a group or ``self``"""
    ROUTE = "route"
    """route table, destination CIDR"""
    ROUTE_TABLE_ASSOCIATION = "route-table-association"
    """subnet, route table"""
    LISTENER = "listener"
    """load balancer, port"""
    RECORD = "record"
    """zone, name, type"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A part of a thing.

    Attributes
    ----------
    kind
        What it is.
    key
        What it is told by; the words depend on the kind.
    part_id
        AWS's own id where it has one, else empty.
    """

    kind: PartKind
    key: tuple[str, ...]
    part_id: str = ""

    def __str__(self) -> str:
        return f"{self.kind} {' '.join(self.key)}"


def take_parts(session: AwsSession, things: Iterable[Thing]) -> tuple[Part, ...]:
    """Find the parts of those things that can have some.

    Raises
    ------
    AwsError
        When any of the reads fails.
    """
    by_kind: dict[ThingKind, list[str]] = {}
    for thing in things:
        by_kind.setdefault(thing.kind, []).append(thing.thing_id)
    return (
        *_rules(session, by_kind.get(ThingKind.SECURITY_GROUP, [])),
        *_of_tables(session, by_kind.get(ThingKind.ROUTE_TABLE, [])),
        *(part for arn in by_kind.get(ThingKind.LOAD_BALANCER, []) for part in _listeners(session, arn)),
        *(part for zone in by_kind.get(ThingKind.HOSTED_ZONE, []) for part in _records(session, zone)),
    )


def remove_rule(session: AwsSession, rule: Part) -> None:
    """Revoke a rule of a security group; one that is gone already is as good.

    Raises
    ------
    AwsError
        When AWS refuses.
    """
    from botocore.exceptions import ClientError

    group, direction = rule.key[:2]
    ec2 = session.ec2
    revoke = ec2.revoke_security_group_ingress if direction == "ingress" else ec2.revoke_security_group_egress
    with asking(f"the removal of {rule}"):
        try:
            revoke(GroupId=group, SecurityGroupRuleIds=[rule.part_id])
        except ClientError as error:
            if not error_code(error).endswith(".NotFound"):
                raise


def _rules(session: AwsSession, groups: list[str]) -> Iterator[Part]:
    if not groups:
        return
    with asking(f"the rules of {', '.join(groups)}"):
        pages = session.ec2.get_paginator("describe_security_group_rules").paginate(
            Filters=[{"Name": "group-id", "Values": groups}]
        )
        rules = [rule for page in pages for rule in page["SecurityGroupRules"]]
    yield from (Part(kind=PartKind.RULE, key=_rule_key(rule), part_id=rule["SecurityGroupRuleId"]) for rule in rules)


def _rule_key(rule: SecurityGroupRuleTypeDef) -> tuple[str, ...]:
    group = rule["GroupId"]
    peer = rule.get("ReferencedGroupInfo", {}).get("GroupId", "")
    other = "self" if peer == group else peer
    source = other or rule.get("CidrIpv4") or rule.get("CidrIpv6") or rule.get("PrefixListId") or ""
    # A rule for all protocols names no ports.
    ports = (str(rule.get("FromPort", -1)), str(rule.get("ToPort", -1)))
    return (group, "egress" if rule["IsEgress"] else "ingress", rule["IpProtocol"], *ports, source)


def _of_tables(session: AwsSession, tables: list[str]) -> Iterator[Part]:
    if not tables:
        return
    with asking(f"the routes of {', '.join(tables)}"):
        pages = session.ec2.get_paginator("describe_route_tables").paginate(RouteTableIds=tables)
        found = [table for page in pages for table in page["RouteTables"]]
    for table in found:
        name = table["RouteTableId"]
        for route in table.get("Routes", []):
            if "DestinationCidrBlock" in route:
                yield Part(kind=PartKind.ROUTE, key=(name, route["DestinationCidrBlock"]))
        for association in table.get("Associations", []):
            if association.get("SubnetId"):
                yield Part(kind=PartKind.ROUTE_TABLE_ASSOCIATION, key=(association["SubnetId"], name))


def _listeners(session: AwsSession, balancer: str) -> Iterator[Part]:
    with asking(f"the listeners of {balancer}"):
        pages = session.elbv2.get_paginator("describe_listeners").paginate(LoadBalancerArn=balancer)
        found = [listener for page in pages for listener in page["Listeners"]]
    for listener in found:
        yield Part(kind=PartKind.LISTENER, key=(balancer, str(listener["Port"])), part_id=listener["ListenerArn"])


def _records(session: AwsSession, zone: str) -> Iterator[Part]:
    with asking(f"the records of {zone}"):
        pages = session.route53.get_paginator("list_resource_record_sets").paginate(HostedZoneId=zone)
        found: list[Any] = [record for page in pages for record in page["ResourceRecordSets"]]
    for record in found:
        yield Part(kind=PartKind.RECORD, key=(zone, record["Name"].rstrip("."), record["Type"]))
