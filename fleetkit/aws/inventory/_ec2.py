"""Finding the things that EC2 keeps: one table of calls, each asked by tag and, where it can be, by VPC."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fleetkit.aws._errors import asking
from fleetkit.aws._tags import cluster_filter, read_tags
from fleetkit.aws.inventory.things import Thing, ThingKind
from fleetkit.aws.session import CLUSTER_TAG, ROLE_TAG, AwsSession

__all__ = ["list_by_tag", "list_in_vpc"]


def _nothing(_item: Mapping[str, Any]) -> bool:
    return False


def _plain_state(item: Mapping[str, Any]) -> str:
    return str(item.get("State", ""))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Call:
    """How one kind is listed.

    ``vpc_filter`` is the filter that names a VPC, empty where the kind is in none; ``skip`` leaves out what is
    gone already or is AWS's own and goes with the VPC.
    """

    kind: ThingKind
    operation: str
    field: str
    id_field: str
    vpc_filter: str = ""
    state: Callable[[Mapping[str, Any]], str] = _plain_state
    skip: Callable[[Mapping[str, Any]], bool] = _nothing
    arguments: Mapping[str, Any] | None = None


_CALLS = (
    _Call(
        kind=ThingKind.LAUNCH_TEMPLATE,
        operation="describe_launch_templates",
        field="LaunchTemplates",
        id_field="LaunchTemplateId",
    ),
    _Call(
        kind=ThingKind.INSTANCE,
        operation="describe_instances",
        field="Reservations",
        id_field="InstanceId",
        vpc_filter="vpc-id",
        state=lambda item: str(item["State"]["Name"]),
        skip=lambda item: item["State"]["Name"] == "terminated",
    ),
    _Call(
        kind=ThingKind.NAT_GATEWAY,
        operation="describe_nat_gateways",
        field="NatGateways",
        id_field="NatGatewayId",
        vpc_filter="vpc-id",
        skip=lambda item: item.get("State") == "deleted",
    ),
    _Call(
        kind=ThingKind.VPC_ENDPOINT,
        operation="describe_vpc_endpoints",
        field="VpcEndpoints",
        id_field="VpcEndpointId",
        vpc_filter="vpc-id",
        skip=lambda item: str(item.get("State", "")).lower() == "deleted",
    ),
    _Call(
        kind=ThingKind.FLOW_LOG,
        operation="describe_flow_logs",
        field="FlowLogs",
        id_field="FlowLogId",
        vpc_filter="resource-id",
        state=lambda item: str(item.get("FlowLogStatus", "")),
    ),
    _Call(
        kind=ThingKind.NETWORK_INTERFACE,
        operation="describe_network_interfaces",
        field="NetworkInterfaces",
        id_field="NetworkInterfaceId",
        vpc_filter="vpc-id",
        state=lambda item: str(item.get("Status", "")),
    ),
    _Call(
        kind=ThingKind.VOLUME,
        operation="describe_volumes",
        field="Volumes",
        id_field="VolumeId",
        skip=lambda item: item.get("State") in {"deleting", "deleted"},
    ),
    _Call(
        kind=ThingKind.SNAPSHOT,
        operation="describe_snapshots",
        field="Snapshots",
        id_field="SnapshotId",
        arguments={"OwnerIds": ["self"]},
    ),
    _Call(
        kind=ThingKind.SECURITY_GROUP,
        operation="describe_security_groups",
        field="SecurityGroups",
        id_field="GroupId",
        vpc_filter="vpc-id",
        skip=lambda item: item.get("GroupName") == "default",
    ),
    _Call(
        kind=ThingKind.SUBNET,
        operation="describe_subnets",
        field="Subnets",
        id_field="SubnetId",
        vpc_filter="vpc-id",
    ),
    _Call(
        kind=ThingKind.ROUTE_TABLE,
        operation="describe_route_tables",
        field="RouteTables",
        id_field="RouteTableId",
        vpc_filter="vpc-id",
        skip=lambda item: any(part.get("Main") for part in item.get("Associations", [])),
    ),
    _Call(
        kind=ThingKind.NETWORK_ACL,
        operation="describe_network_acls",
        field="NetworkAcls",
        id_field="NetworkAclId",
        vpc_filter="vpc-id",
        skip=lambda item: bool(item.get("IsDefault")),
    ),
    _Call(
        kind=ThingKind.INTERNET_GATEWAY,
        operation="describe_internet_gateways",
        field="InternetGateways",
        id_field="InternetGatewayId",
        vpc_filter="attachment.vpc-id",
    ),
    _Call(kind=ThingKind.VPC, operation="describe_vpcs", field="Vpcs", id_field="VpcId", vpc_filter="vpc-id"),
)


def list_by_tag(session: AwsSession, cluster: str) -> Iterator[Thing]:
    """Yield what EC2 keeps under the cluster's tag."""
    for call in _CALLS:
        yield from _list(session, call, cluster_filter(cluster), f"tagged {cluster}")
    with asking(f"the elastic addresses tagged {cluster}"):
        # This call has no pages.
        addresses = session.ec2.describe_addresses(Filters=cluster_filter(cluster))["Addresses"]
    for address in addresses:
        yield Thing(
            kind=ThingKind.ELASTIC_ADDRESS,
            thing_id=address["AllocationId"],
            name=read_tags(address.get("Tags", [])).get("Name") or address["PublicIp"],
            address=address["PublicIp"],
            state="associated" if address.get("AssociationId") else "idle",
            cluster=cluster,
        )


def list_in_vpc(session: AwsSession, vpc_id: str) -> Iterator[Thing]:
    """Yield what EC2 keeps in a VPC, the VPC too, whatever its tags."""
    for call in _CALLS:
        if call.vpc_filter:
            yield from _list(session, call, [{"Name": call.vpc_filter, "Values": [vpc_id]}], f"in {vpc_id}")


def _list(session: AwsSession, call: _Call, filters: Sequence[Any], where: str) -> Iterator[Thing]:
    with asking(f"the {call.kind}s {where}"):
        paginator: Any = session.client("ec2").get_paginator(call.operation)
        pages = list(paginator.paginate(Filters=list(filters), **(call.arguments or {})))
    for page in pages:
        for item in page[call.field]:
            for inner in item["Instances"] if call.kind is ThingKind.INSTANCE else (item,):
                if not call.skip(inner):
                    yield _read(call, inner)


def _read(call: _Call, item: Mapping[str, Any]) -> Thing:
    tags = read_tags(item.get("Tags") or item.get("TagSet") or [])
    attachment = item.get("Attachment", {})
    attached = next((part.get("VpcId", "") for part in item.get("Attachments", [])), "")
    return Thing(
        kind=call.kind,
        thing_id=item[call.id_field],
        name=tags.get("Name") or item.get("GroupName") or item.get("LaunchTemplateName") or item.get("Description", ""),
        state=call.state(item),
        cluster=tags.get(CLUSTER_TAG, ""),
        vpc_id=item.get("VpcId") or attached or "",
        # An instance's own interface is not for itself to remove either: it goes when the instance goes, and the
        # primary one cannot even be detached.
        managed=bool(item.get("RequesterManaged"))
        or bool(attachment.get("DeleteOnTermination"))
        or attachment.get("DeviceIndex") == 0,
        address=item.get("PrivateIpAddress") or item.get("CidrBlock") or "",
        keeper=tags.get("aws:autoscaling:groupName", ""),
        role=tags.get(ROLE_TAG, ""),
    )
