"""Read what the network is made of out of moto's backends, in process."""

from __future__ import annotations

from typing import Any

from fleetkit.sandbox.aws.identity import ACCOUNT_ID
from fleetkit.sandbox.aws.images import image_kind
from fleetkit.sandbox.aws.observe_balancers import observe_balancers, observe_target_groups
from fleetkit.sandbox.aws.patches import count_reboots
from fleetkit.sandbox.world.observation import (
    GroupRule,
    Instance,
    Observation,
    Record,
    Route,
    SecurityGroup,
    Subnet,
    Zone,
)

__all__ = ["observe"]

_PROTOCOLS = {"-1": "any", "6": "tcp", "17": "udp", "1": "icmp", "all": "any"}
_PRESENT = ("pending", "running", "stopping", "stopped")


def observe(region: str) -> Observation:
    """Return what is to be seen in a region now; instances that were terminated are not there."""
    from moto.ec2.models import ec2_backends
    from moto.s3.models import s3_backends

    ec2 = ec2_backends[ACCOUNT_ID][region]
    return Observation(
        region=region,
        instances=tuple(
            _instance(ec2, one) for one in ec2.all_instances() if one.state in _PRESENT and one.subnet_id is not None
        ),
        subnets={subnet.id: _subnet(ec2, subnet) for subnet in ec2.describe_subnets()},
        groups={group.id: _group(ec2, group) for group in ec2.describe_security_groups()},
        balancers=observe_balancers(region),
        target_groups=observe_target_groups(region),
        zones=tuple(_zones()),
        buckets=tuple(sorted(s3_backends[ACCOUNT_ID]["aws"].buckets)),
    )


def _instance(ec2: Any, one: Any) -> Instance:
    image = ec2.amis.get(one.image_id)
    profile = one.iam_instance_profile or {}
    return Instance(
        instance_id=one.id,
        state=one.state,
        address=one.private_ip,
        subnet_id=one.subnet_id,
        groups=tuple(group.id for group in one.security_groups),
        kind=image_kind(image.name if image is not None else "") or "plain",
        image_id=one.image_id,
        hostname=one.private_dns_name,
        instance_type=one.instance_type,
        zone=one.availability_zone,
        public_address=one.public_ip,
        profile_arn=profile.get("Arn"),
        key_name=one.key_name,
        name=next((tag["value"] for tag in one.get_tags() if tag["key"] == "Name"), ""),
        reboots=count_reboots(one),
    )


def _subnet(ec2: Any, subnet: Any) -> Subnet:
    tables = list(ec2.route_tables.values())
    own = [table for table in tables if subnet.id in table._associations.values()]
    main = [table for table in tables if table.vpc_id == subnet.vpc_id and table.main_association_id is not None]
    routes = [_route(route) for table in (own or main)[:1] for route in table.routes if not route.local]
    return Subnet(
        subnet_id=subnet.id,
        vpc_id=subnet.vpc_id,
        cidr=subnet.cidr_block,
        zone=subnet.availability_zone,
        routes=tuple(routes),
    )


def _route(route: Any) -> Route:
    if route.destination_prefix_list is not None:
        name = route.destination_prefix_list.prefix_list_name
        return Route(destination="s3" if name.endswith(".s3") else name, via="s3" if name.endswith(".s3") else "other")
    if route.nat_gateway is not None:
        via = "nat" if route.nat_gateway.state == "available" else "other"
    else:
        via = "internet" if (route.gateway_id or "").startswith("igw-") else "other"
    return Route(destination=route.destination_cidr_block or "", via=via)


def _group(ec2: Any, group: Any) -> SecurityGroup:
    return SecurityGroup(
        group_id=group.id,
        ingress=tuple(_rule(ec2, rule) for rule in list(group.ingress_rules)),
        egress=tuple(_rule(ec2, rule) for rule in list(group.egress_rules)),
    )


def _rule(ec2: Any, rule: Any) -> GroupRule:
    protocol = _PROTOCOLS.get(str(rule.ip_protocol), str(rule.ip_protocol))
    ports = None
    if protocol in ("tcp", "udp") and rule.from_port is not None and int(rule.from_port) >= 0:
        ports = (int(rule.from_port), int(rule.to_port))
    cidr = rule.ip_range.get("CidrIp")
    listed = ec2.managed_prefix_lists.get(rule.prefix_list_id) if rule.prefix_list_id else None
    return GroupRule(
        protocol=protocol,
        ports=ports,
        cidrs=(cidr,) if cidr else (),
        groups=(rule.source_group["GroupId"],) if rule.source_group.get("GroupId") else (),
        to_s3=listed is not None and listed.prefix_list_name.endswith(".s3"),
    )


def _zones() -> list[Zone]:
    from moto.route53.models import route53_backends

    zones = list(route53_backends[ACCOUNT_ID]["aws"].zones.values())
    return [
        Zone(name=zone.name.rstrip("."), records=tuple(_record(one) for one in list(zone.rrsets)))
        for zone in zones
        if zone.private_zone
    ]


def _record(record: Any) -> Record:
    if record.alias_target:
        return Record(name=record.name, kind="ALIAS", values=(record.alias_target["DNSName"],))
    return Record(name=record.name, kind=str(record.type), values=tuple(str(value) for value in record.records))
