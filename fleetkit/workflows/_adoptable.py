"""What becomes of each kind of resource that a broken deploy left outside the state: one table, with reasons.

A creation that is cut off leaves the thing, and Terraform's state without it.
Three things can be done about it: **adopt** it under the address that wants it, **remake** it (its creation does no
harm where it exists already), or **remove** it, where no address wants it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from fleetkit.aws import Part, PartKind, ThingKind

__all__ = ["PARTS", "REMADE", "THINGS", "PartType", "ThingType", "read_path"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ThingType:
    """A resource type whose objects are found by tag or name.

    Attributes
    ----------
    kind
        What the inventory calls such an object.
    marks
        By what it is known again: attribute of the inventory's thing to the path in the plan.
    removable
        Whether one that no address wants is removed; where not, the reason stands beside it.
    """

    kind: ThingKind
    marks: Mapping[str, str]
    removable: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class PartType:
    """A resource type whose objects hang on another and have no tags.

    Attributes
    ----------
    kind
        What the inventory calls such an object.
    key
        The key, in the words of `PartKind`, out of the planned attributes; a None in it is not known yet.
    import_id
        What an import names it by.
    """

    kind: PartKind
    key: Callable[[Mapping[str, Any]], tuple[str | None, ...]]
    import_id: Callable[[Part], str]


_TAGGED = {"name": "tags.Name", "vpc_id": "vpc_id"}
_NAMED = {"name": "name"}

THINGS: Mapping[str, ThingType] = {
    # Another range under the same name is another network: that one is removed, since no range can be changed.
    "aws_vpc": ThingType(kind=ThingKind.VPC, marks={"name": "tags.Name", "address": "cidr_block"}),
    "aws_subnet": ThingType(kind=ThingKind.SUBNET, marks={**_TAGGED, "address": "cidr_block"}),
    # It is made first and attached after, so it may be in no VPC; Terraform attaches an adopted one in place.
    "aws_internet_gateway": ThingType(kind=ThingKind.INTERNET_GATEWAY, marks={"name": "tags.Name"}),
    # Nothing about it is unique but its tag: without adoption each broken deploy would leave, and pay for, one more.
    "aws_eip": ThingType(kind=ThingKind.ELASTIC_ADDRESS, marks={"name": "tags.Name"}),
    "aws_nat_gateway": ThingType(kind=ThingKind.NAT_GATEWAY, marks={"name": "tags.Name"}),
    "aws_route_table": ThingType(kind=ThingKind.ROUTE_TABLE, marks=_TAGGED),
    "aws_vpc_endpoint": ThingType(kind=ThingKind.VPC_ENDPOINT, marks=_TAGGED),
    "aws_flow_log": ThingType(kind=ThingKind.FLOW_LOG, marks={"name": "tags.Name"}),
    # An adopted group loses the rules that no address wants: a new one lets everything out until they are written.
    "aws_security_group": ThingType(kind=ThingKind.SECURITY_GROUP, marks=_TAGGED),
    # A master is known by its static address too; the guard of a deploy never lets one be removed.
    "aws_instance": ThingType(kind=ThingKind.INSTANCE, marks={"name": "tags.Name", "address": "private_ip"}),
    "aws_launch_template": ThingType(kind=ThingKind.LAUNCH_TEMPLATE, marks={"name": "tags.Name"}),
    # Machines of a pool are its group's own affair: they come and go with it.
    "aws_autoscaling_group": ThingType(kind=ThingKind.AUTO_SCALING_GROUP, marks=_NAMED),
    "aws_lb": ThingType(kind=ThingKind.LOAD_BALANCER, marks=_NAMED),
    "aws_lb_target_group": ThingType(kind=ThingKind.TARGET_GROUP, marks=_NAMED),
    "aws_route53_zone": ThingType(kind=ThingKind.HOSTED_ZONE, marks={"name": "name", "vpc_id": "vpc.0.vpc_id"}),
    # Found by a prefix of their names, which a cluster with a longer name may share: adopted where the whole name
    # fits, never removed. Those of a role that is no longer wanted cost nothing, and go with the cluster.
    "aws_iam_role": ThingType(kind=ThingKind.ROLE, marks=_NAMED, removable=False),
    "aws_iam_instance_profile": ThingType(kind=ThingKind.INSTANCE_PROFILE, marks=_NAMED, removable=False),
    # What somebody logs there is evidence; it goes with the cluster.
    "aws_cloudwatch_log_group": ThingType(kind=ThingKind.LOG_GROUP, marks=_NAMED, removable=False),
}


def _words(*paths: str) -> Callable[[Mapping[str, Any]], tuple[str | None, ...]]:
    return lambda after: tuple(read_path(after, path) for path in paths)


def _rule(after: Mapping[str, Any]) -> tuple[str | None, ...]:
    other = "self" if after.get("self") else read_path(after, "cidr_blocks.0") or after.get("source_security_group_id")
    direction = read_path(after, "type")
    return (*_words("security_group_id")(after), direction, *_words("protocol", "from_port", "to_port")(after), other)


PARTS: Mapping[str, PartType] = {
    # Amazon refuses the second of each of these, and Terraform's provider takes that for a failure.
    "aws_route": PartType(
        kind=PartKind.ROUTE,
        key=_words("route_table_id", "destination_cidr_block"),
        import_id=lambda part: "_".join(part.key),
    ),
    "aws_route_table_association": PartType(
        kind=PartKind.ROUTE_TABLE_ASSOCIATION,
        key=_words("subnet_id", "route_table_id"),
        import_id=lambda part: "/".join(part.key),
    ),
    "aws_security_group_rule": PartType(kind=PartKind.RULE, key=_rule, import_id=lambda part: "_".join(part.key)),
    "aws_lb_listener": PartType(
        kind=PartKind.LISTENER, key=_words("load_balancer_arn", "port"), import_id=lambda part: part.part_id
    ),
    "aws_route53_record": PartType(
        kind=PartKind.RECORD, key=_words("zone_id", "name", "type"), import_id=lambda part: "_".join(part.key)
    ),
}

REMADE: Mapping[str, str] = {
    "aws_default_security_group": "it comes with its VPC, and its creation only takes it over",
    "aws_iam_role_policy": "writing a policy of a role overwrites the one of that name",
    "aws_lb_target_group_attachment": "who is registered already is registered once more; no import knows it",
    "terraform_data": "it exists in the state alone",
}


def read_path(values: Any, path: str) -> str | None:
    """Return the value at a dotted path as text; None where there is none, or only the apply will tell it."""
    for step in path.split("."):
        if isinstance(values, Mapping):
            values = values.get(step)
        elif isinstance(values, (list, tuple)) and step.isdigit() and int(step) < len(values):
            values = values[int(step)]
        else:
            return None
    return None if values is None else str(values)
