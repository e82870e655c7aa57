"""The network as AWS has it: zones, VPCs, subnets, elastic addresses, addresses in use."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from fleetkit.aws._errors import asking, error_code
from fleetkit.aws._tags import cluster_filter, read_tags
from fleetkit.aws.session import AwsSession

if TYPE_CHECKING:
    from mypy_boto3_ec2.type_defs import SubnetTypeDef, VpcTypeDef

__all__ = [
    "AddressUse",
    "ElasticAddress",
    "NatGateway",
    "Subnet",
    "Vpc",
    "find_vpc",
    "list_addresses_in_use",
    "list_elastic_addresses",
    "list_nat_gateways",
    "list_offered_zones",
    "list_regions",
    "list_subnets",
    "list_vpcs",
    "list_zones",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Vpc:
    """A VPC; ``dns`` is true when it resolves names and gives machines theirs, as private zones need."""

    vpc_id: str
    state: str
    cidrs: tuple[str, ...]
    dns: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Subnet:
    """A subnet; ``default_route`` is where 0.0.0.0/0 goes (``igw-…``, ``nat-…``), empty where nowhere.

    Attributes
    ----------
    gives_public_address
        Whether what starts in it gets a public address by itself.
    """

    subnet_id: str
    vpc_id: str
    zone: str
    cidr: str
    free_addresses: int
    default_route: str
    gives_public_address: bool = False
    tags: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressUse:
    """A private address in use; ``cluster`` is the tag of what uses it, empty where it has none."""

    address: str
    interface_id: str
    about: str
    cluster: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ElasticAddress:
    """An elastic address; ``used_by`` is the interface or instance that has it, empty where idle."""

    allocation_id: str
    address: str
    used_by: str
    tags: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class NatGateway:
    """A NAT gateway; ``state`` is AWS's word: pending, available, failed, deleting or deleted."""

    gateway_id: str
    subnet_id: str
    state: str


def list_zones(session: AwsSession) -> tuple[str, ...]:
    """Return the region's availability zones that are open to the account, sorted; no local zones."""
    with asking(f"the zones of {session.region}"):
        answer = session.ec2.describe_availability_zones(Filters=[{"Name": "state", "Values": ["available"]}])
    zones = answer["AvailabilityZones"]
    return tuple(
        sorted(zone["ZoneName"] for zone in zones if zone.get("ZoneType", "availability-zone") == "availability-zone")
    )


def list_offered_zones(session: AwsSession, instance_types: Sequence[str]) -> dict[str, frozenset[str]]:
    """Return, for each instance type, the zones of the region that offer it."""
    offered: dict[str, set[str]] = {name: set() for name in instance_types}
    with asking(f"where {session.region} offers {', '.join(sorted(offered))}"):
        pages = session.ec2.get_paginator("describe_instance_type_offerings").paginate(
            LocationType="availability-zone", Filters=[{"Name": "instance-type", "Values": sorted(offered)}]
        )
        for page in pages:
            for offer in page["InstanceTypeOfferings"]:
                offered.setdefault(offer["InstanceType"], set()).add(offer["Location"])
    return {name: frozenset(zones) for name, zones in offered.items()}


def list_regions(session: AwsSession) -> tuple[str, ...]:
    """Return the regions that are open to the account, sorted."""
    with asking("the regions of the account"):
        # This call has no pages.
        return tuple(sorted(region["RegionName"] for region in session.ec2.describe_regions()["Regions"]))


def find_vpc(session: AwsSession, vpc_id: str) -> Vpc | None:
    """Return a VPC, or None where there is none of that id."""
    from botocore.exceptions import ClientError

    with asking(f"the VPC {vpc_id}"):
        try:
            found = session.ec2.describe_vpcs(VpcIds=[vpc_id])["Vpcs"]
        except ClientError as error:
            if error_code(error) == "InvalidVpcID.NotFound":
                return None
            raise
        return _read_vpc(session, found[0])


def list_vpcs(session: AwsSession) -> tuple[Vpc, ...]:
    """Return the VPCs of the region, by id."""
    with asking(f"the VPCs of {session.region}"):
        pages = session.ec2.get_paginator("describe_vpcs").paginate()
        found = [vpc for page in pages for vpc in page["Vpcs"]]
        return tuple(_read_vpc(session, vpc) for vpc in sorted(found, key=lambda vpc: vpc["VpcId"]))


def _read_vpc(session: AwsSession, vpc: VpcTypeDef) -> Vpc:
    hostnames = session.ec2.describe_vpc_attribute(VpcId=vpc["VpcId"], Attribute="enableDnsHostnames")
    support = session.ec2.describe_vpc_attribute(VpcId=vpc["VpcId"], Attribute="enableDnsSupport")
    return Vpc(
        vpc_id=vpc["VpcId"],
        state=vpc["State"],
        cidrs=tuple(block["CidrBlock"] for block in vpc["CidrBlockAssociationSet"]),
        dns=bool(hostnames["EnableDnsHostnames"].get("Value")) and bool(support["EnableDnsSupport"].get("Value")),
    )


def list_subnets(session: AwsSession, vpc_id: str) -> tuple[Subnet, ...]:
    """Return the subnets of a VPC, by id, each with where its default route goes."""
    in_vpc = [{"Name": "vpc-id", "Values": [vpc_id]}]
    with asking(f"the subnets of {vpc_id}"):
        subnets: list[SubnetTypeDef] = []
        for page in session.ec2.get_paginator("describe_subnets").paginate(Filters=in_vpc):  # type: ignore[arg-type]
            subnets += page["Subnets"]
        by_subnet: dict[str, str] = {}
        main = ""
        for tables in session.ec2.get_paginator("describe_route_tables").paginate(Filters=in_vpc):  # type: ignore[arg-type]
            for table in tables["RouteTables"]:
                way_out = next(
                    (
                        route.get("GatewayId") or route.get("NatGatewayId") or route.get("TransitGatewayId") or "other"
                        for route in table["Routes"]
                        if route.get("DestinationCidrBlock") == "0.0.0.0/0"
                    ),
                    "",
                )
                for association in table["Associations"]:
                    if association.get("Main"):
                        main = way_out
                    elif association.get("SubnetId"):
                        by_subnet[association["SubnetId"]] = way_out
    return tuple(
        Subnet(
            subnet_id=subnet["SubnetId"],
            vpc_id=subnet["VpcId"],
            zone=subnet["AvailabilityZone"],
            cidr=subnet["CidrBlock"],
            free_addresses=subnet["AvailableIpAddressCount"],
            default_route=by_subnet.get(subnet["SubnetId"], main),
            gives_public_address=subnet.get("MapPublicIpOnLaunch", False),
            tags=read_tags(subnet.get("Tags", [])),
        )
        for subnet in sorted(subnets, key=lambda subnet: subnet["SubnetId"])
    )


def list_nat_gateways(session: AwsSession, vpc_id: str) -> tuple[NatGateway, ...]:
    """Return the NAT gateways of a VPC, by id; AWS shows those that are deleted for about an hour."""
    with asking(f"the NAT gateways of {vpc_id}"):
        pages = session.ec2.get_paginator("describe_nat_gateways").paginate(
            Filters=[{"Name": "vpc-id", "Values": [vpc_id]}]
        )
        found = [gateway for page in pages for gateway in page["NatGateways"]]
    return tuple(
        NatGateway(gateway_id=gateway["NatGatewayId"], subnet_id=gateway["SubnetId"], state=gateway["State"])
        for gateway in sorted(found, key=lambda gateway: gateway["NatGatewayId"])
    )


def list_addresses_in_use(session: AwsSession, addresses: Iterable[str], *, vpc_id: str) -> tuple[AddressUse, ...]:
    """Return which of ``addresses`` are in use in a VPC, and by what."""
    wanted = sorted(addresses)
    with asking(f"who uses {', '.join(wanted)} in {vpc_id}"):
        pages = session.ec2.get_paginator("describe_network_interfaces").paginate(
            Filters=[{"Name": "vpc-id", "Values": [vpc_id]}, {"Name": "addresses.private-ip-address", "Values": wanted}]
        )
        found = [interface for page in pages for interface in page["NetworkInterfaces"]]
        owners = [interface.get("Attachment", {}).get("InstanceId", "") for interface in found]
        clusters = _clusters_of_instances(session, [owner for owner in owners if owner])
    uses = []
    for interface, owner in zip(found, owners, strict=True):
        held = {part["PrivateIpAddress"] for part in interface["PrivateIpAddresses"]}
        cluster = clusters.get(owner) or read_tags(interface.get("TagSet", [])).get("fleetkit:cluster", "")
        uses += [
            AddressUse(
                address=address,
                interface_id=interface["NetworkInterfaceId"],
                about=owner or interface.get("Description", ""),
                cluster=cluster,
            )
            for address in wanted
            if address in held
        ]
    return tuple(uses)


def _clusters_of_instances(session: AwsSession, instance_ids: Sequence[str]) -> dict[str, str]:
    if not instance_ids:
        return {}
    pages = session.ec2.get_paginator("describe_instances").paginate(InstanceIds=list(instance_ids))
    return {
        instance["InstanceId"]: read_tags(instance.get("Tags", [])).get("fleetkit:cluster", "")
        for page in pages
        for reservation in page["Reservations"]
        for instance in reservation["Instances"]
    }


def list_elastic_addresses(session: AwsSession, *, cluster: str | None = None) -> tuple[ElasticAddress, ...]:
    """Return the region's elastic addresses: all of them, or one cluster's."""
    with asking(f"the elastic addresses of {session.region}"):
        # This call has no pages.
        found = session.ec2.describe_addresses(Filters=cluster_filter(cluster))["Addresses"]
    return tuple(
        ElasticAddress(
            allocation_id=address.get("AllocationId", ""),
            address=address["PublicIp"],
            used_by=address.get("NetworkInterfaceId") or address.get("InstanceId") or "",
            tags=read_tags(address.get("Tags", [])),
        )
        for address in found
    )
