"""What the account may have of each kind that a cluster needs, and how much of it is used."""

from __future__ import annotations

import enum
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fleetkit.aws._errors import asking
from fleetkit.aws.instances import count_vcpus
from fleetkit.aws.load_balancers import list_load_balancers
from fleetkit.aws.network import list_elastic_addresses
from fleetkit.aws.session import AwsSession

if TYPE_CHECKING:
    from mypy_boto3_service_quotas import ServiceQuotasClient

__all__ = ["QUOTAS", "Quota", "QuotaKind", "QuotaUse", "read_quota"]


class QuotaKind(enum.StrEnum):
    """What is counted."""

    VCPUS = "vcpus"
    ELASTIC_ADDRESSES = "elastic-addresses"
    VPCS = "vpcs"
    NAT_GATEWAYS = "nat-gateways"
    APPLICATION_LOAD_BALANCERS = "application-load-balancers"
    NETWORK_LOAD_BALANCERS = "network-load-balancers"


@dataclass(frozen=True, slots=True, kw_only=True)
class Quota:
    """Where Service Quotas keeps a limit (AWS General Reference, "Service endpoints and quotas")."""

    service: str
    code: str
    about: str


QUOTAS: Mapping[QuotaKind, Quota] = {
    QuotaKind.VCPUS: Quota(service="ec2", code="L-1216C47A", about="vCPUs of running standard instances"),
    QuotaKind.ELASTIC_ADDRESSES: Quota(service="ec2", code="L-0263D0A3", about="elastic addresses"),
    QuotaKind.VPCS: Quota(service="vpc", code="L-F678F1CE", about="VPCs"),
    QuotaKind.NAT_GATEWAYS: Quota(service="vpc", code="L-FE5A380F", about="NAT gateways in one zone"),
    QuotaKind.APPLICATION_LOAD_BALANCERS: Quota(
        service="elasticloadbalancing", code="L-53DA6B97", about="application load balancers"
    ),
    QuotaKind.NETWORK_LOAD_BALANCERS: Quota(
        service="elasticloadbalancing", code="L-69A177A2", about="network load balancers"
    ),
}
"""The limits that a deploy can run into."""

_STANDARD_FAMILIES = re.compile(r"[acdhimrtz]\d")


@dataclass(frozen=True, slots=True, kw_only=True)
class QuotaUse:
    """A limit and what is used of it.

    Attributes
    ----------
    limit
        How many the account may have in the region, or None where Service Quotas does not say.
    used
        How many there are; for NAT gateways, in the zone that has most.
    """

    kind: QuotaKind
    limit: int | None
    used: int


def read_quota(session: AwsSession, kind: QuotaKind) -> QuotaUse:
    """Return a limit and its use in the session's region.

    Raises
    ------
    AwsError
        When either cannot be read.
    """
    quota = QUOTAS[kind]
    with asking(f"the quota of {quota.about} ({quota.code})"):
        limit = _limit(session.quotas, quota)
    with asking(f"the number of {quota.about} in use"):
        used = _count(session, kind)
    return QuotaUse(kind=kind, limit=limit, used=used)


def _limit(client: ServiceQuotasClient, quota: Quota) -> int | None:
    missing = client.exceptions.NoSuchResourceException
    try:
        return int(client.get_service_quota(ServiceCode=quota.service, QuotaCode=quota.code)["Quota"]["Value"])
    except missing:
        pass  # the account never asked for more: its limit is the default one, which another call tells
    try:
        pages = client.get_paginator("list_aws_default_service_quotas").paginate(ServiceCode=quota.service)
        defaults = {item["QuotaCode"]: item["Value"] for page in pages for item in page["Quotas"]}
    except missing:
        return None
    return int(defaults[quota.code]) if quota.code in defaults else None


def _count(session: AwsSession, kind: QuotaKind) -> int:
    if kind is QuotaKind.VCPUS:
        return _vcpus(session)
    if kind is QuotaKind.ELASTIC_ADDRESSES:
        return len(list_elastic_addresses(session))
    if kind is QuotaKind.VPCS:
        return sum(len(page["Vpcs"]) for page in session.ec2.get_paginator("describe_vpcs").paginate())
    if kind is QuotaKind.NAT_GATEWAYS:
        return _nat_gateways(session)
    wanted = "application" if kind is QuotaKind.APPLICATION_LOAD_BALANCERS else "network"
    return sum(balancer.kind == wanted for balancer in list_load_balancers(session))


def _vcpus(session: AwsSession) -> int:
    pages = session.ec2.get_paginator("describe_instances").paginate(
        Filters=[{"Name": "instance-state-name", "Values": ["pending", "running"]}]
    )
    types = Counter(
        instance["InstanceType"]
        for page in pages
        for reservation in page["Reservations"]
        for instance in reservation["Instances"]
        if _STANDARD_FAMILIES.match(instance["InstanceType"]) and instance.get("InstanceLifecycle") != "spot"
    )
    sizes = count_vcpus(session, list(types))
    return sum(count * sizes.get(name, 0) for name, count in types.items())


def _nat_gateways(session: AwsSession) -> int:
    subnets = {
        subnet["SubnetId"]: subnet["AvailabilityZone"]
        for page in session.ec2.get_paginator("describe_subnets").paginate()
        for subnet in page["Subnets"]
    }
    pages = session.ec2.get_paginator("describe_nat_gateways").paginate(
        Filters=[{"Name": "state", "Values": ["pending", "available"]}]
    )
    zones = Counter(subnets.get(gateway.get("SubnetId", ""), "") for page in pages for gateway in page["NatGateways"])
    return max(zones.values(), default=0)
