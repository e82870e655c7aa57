"""Removing one thing. Each removal is asked for once; that it has taken place is seen in the next inventory."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from fleetkit.aws._errors import asking, error_code
from fleetkit.aws.inventory.things import Thing, ThingKind
from fleetkit.aws.session import AwsSession
from fleetkit.core import AwsError

__all__ = ["remove_thing"]


def remove_thing(session: AwsSession, thing: Thing) -> bool:
    """Ask AWS to remove a thing, with what hangs on it and cannot stand alone.

    Returns
    -------
    bool
        False when it is gone already, or goes by itself with what owns it.

    Raises
    ------
    AwsError
        When AWS refuses; ``transient`` when something is still in the way that may be going.
    """
    from botocore.exceptions import ClientError

    if thing.managed:
        return False
    with asking(f"the removal of {thing}"):
        try:
            _REMOVALS[thing.kind](session, thing.thing_id)
        except ClientError as error:
            if _is_gone(error_code(error)):
                return False
            raise
    return True


def _is_gone(code: str) -> bool:
    return "NotFound" in code or code in {"NoSuchEntity", "NoSuchHostedZone", "ResourceNotFoundException"}


def _scaling_group(session: AwsSession, name: str) -> None:
    session.autoscaling.delete_auto_scaling_group(AutoScalingGroupName=name, ForceDelete=True)


def _load_balancer(session: AwsSession, arn: str) -> None:
    session.elbv2.modify_load_balancer_attributes(
        LoadBalancerArn=arn, Attributes=[{"Key": "deletion_protection.enabled", "Value": "false"}]
    )
    session.elbv2.delete_load_balancer(LoadBalancerArn=arn)


def _instance(session: AwsSession, instance_id: str) -> None:
    session.ec2.modify_instance_attribute(InstanceId=instance_id, DisableApiTermination={"Value": False})
    session.ec2.terminate_instances(InstanceIds=[instance_id])


def _interface(session: AwsSession, interface_id: str) -> None:
    found = session.ec2.describe_network_interfaces(NetworkInterfaceIds=[interface_id])["NetworkInterfaces"][0]
    attachment = found.get("Attachment", {}).get("AttachmentId")
    if attachment:
        session.ec2.detach_network_interface(AttachmentId=attachment, Force=True)
        session.ec2.get_waiter("network_interface_available").wait(NetworkInterfaceIds=[interface_id])
    session.ec2.delete_network_interface(NetworkInterfaceId=interface_id)


def _elastic_address(session: AwsSession, allocation_id: str) -> None:
    found = session.ec2.describe_addresses(AllocationIds=[allocation_id])["Addresses"][0]
    interface_id = found.get("NetworkInterfaceId")
    if interface_id and _is_of_a_service(session, interface_id):
        # AWS answers AuthFailure then, as if the credentials were wrong.
        raise AwsError(f"{found['PublicIp']} is held by {interface_id} of a NAT gateway or the like", transient=True)
    if found.get("AssociationId"):
        session.ec2.disassociate_address(AssociationId=found["AssociationId"])
    session.ec2.release_address(AllocationId=allocation_id)


def _is_of_a_service(session: AwsSession, interface_id: str) -> bool:
    """Whether an interface is one that a service of AWS made for itself, and takes away itself."""
    pages = session.ec2.get_paginator("describe_network_interfaces").paginate(
        Filters=[{"Name": "network-interface-id", "Values": [interface_id]}]
    )
    return any(one.get("RequesterManaged") for page in pages for one in page["NetworkInterfaces"])


def _volume(session: AwsSession, volume_id: str) -> None:
    found = session.ec2.describe_volumes(VolumeIds=[volume_id])["Volumes"][0]
    if found["State"] == "in-use":
        session.ec2.detach_volume(VolumeId=volume_id, Force=True)
        session.ec2.get_waiter("volume_available").wait(VolumeIds=[volume_id])
    session.ec2.delete_volume(VolumeId=volume_id)


def _security_group(session: AwsSession, group_id: str) -> None:
    # Groups that name each other hold each other: without their rules, they go in any order. Rules are revoked by
    # id, since one that names a group which is gone already cannot be told by its content any more.
    pages = session.ec2.get_paginator("describe_security_group_rules").paginate(
        Filters=[{"Name": "group-id", "Values": [group_id]}]
    )
    rules = [rule for page in pages for rule in page["SecurityGroupRules"]]
    inward = [rule["SecurityGroupRuleId"] for rule in rules if not rule["IsEgress"]]
    outward = [rule["SecurityGroupRuleId"] for rule in rules if rule["IsEgress"]]
    if inward:
        session.ec2.revoke_security_group_ingress(GroupId=group_id, SecurityGroupRuleIds=inward)
    if outward:
        session.ec2.revoke_security_group_egress(GroupId=group_id, SecurityGroupRuleIds=outward)
    session.ec2.delete_security_group(GroupId=group_id)


def _route_table(session: AwsSession, table_id: str) -> None:
    found = session.ec2.describe_route_tables(RouteTableIds=[table_id])["RouteTables"][0]
    for association in found.get("Associations", []):
        if not association.get("Main"):
            session.ec2.disassociate_route_table(AssociationId=association["RouteTableAssociationId"])
    session.ec2.delete_route_table(RouteTableId=table_id)


def _internet_gateway(session: AwsSession, gateway_id: str) -> None:
    found = session.ec2.describe_internet_gateways(InternetGatewayIds=[gateway_id])["InternetGateways"][0]
    for attachment in found.get("Attachments", []):
        session.ec2.detach_internet_gateway(InternetGatewayId=gateway_id, VpcId=attachment["VpcId"])
    session.ec2.delete_internet_gateway(InternetGatewayId=gateway_id)


def _hosted_zone(session: AwsSession, zone_id: str) -> None:
    pages = session.route53.get_paginator("list_resource_record_sets").paginate(HostedZoneId=zone_id)
    records = [record for page in pages for record in page["ResourceRecordSets"] if record["Type"] not in {"NS", "SOA"}]
    changes: list[Any] = [{"Action": "DELETE", "ResourceRecordSet": record} for record in records]
    for start in range(0, len(changes), 500):  # Route 53 quota: 1000 records in one call; half of it for their values
        session.route53.change_resource_record_sets(
            HostedZoneId=zone_id, ChangeBatch={"Changes": changes[start : start + 500]}
        )
    session.route53.delete_hosted_zone(Id=zone_id)


def _profile(session: AwsSession, name: str) -> None:
    for role in session.iam.get_instance_profile(InstanceProfileName=name)["InstanceProfile"]["Roles"]:
        session.iam.remove_role_from_instance_profile(InstanceProfileName=name, RoleName=role["RoleName"])
    session.iam.delete_instance_profile(InstanceProfileName=name)


def _role(session: AwsSession, name: str) -> None:
    for policies in session.iam.get_paginator("list_role_policies").paginate(RoleName=name):
        for policy in policies["PolicyNames"]:
            session.iam.delete_role_policy(RoleName=name, PolicyName=policy)
    for attached in session.iam.get_paginator("list_attached_role_policies").paginate(RoleName=name):
        for grant in attached["AttachedPolicies"]:
            session.iam.detach_role_policy(RoleName=name, PolicyArn=grant["PolicyArn"])
    session.iam.delete_role(RoleName=name)


_REMOVALS: Mapping[ThingKind, Callable[[AwsSession, str], object]] = {
    ThingKind.AUTO_SCALING_GROUP: _scaling_group,
    ThingKind.LAUNCH_TEMPLATE: lambda session, key: session.ec2.delete_launch_template(LaunchTemplateId=key),
    ThingKind.LOAD_BALANCER: _load_balancer,
    ThingKind.TARGET_GROUP: lambda session, key: session.elbv2.delete_target_group(TargetGroupArn=key),
    ThingKind.INSTANCE: _instance,
    ThingKind.NAT_GATEWAY: lambda session, key: session.ec2.delete_nat_gateway(NatGatewayId=key),
    ThingKind.VPC_ENDPOINT: lambda session, key: session.ec2.delete_vpc_endpoints(VpcEndpointIds=[key]),
    ThingKind.FLOW_LOG: lambda session, key: session.ec2.delete_flow_logs(FlowLogIds=[key]),
    ThingKind.NETWORK_INTERFACE: _interface,
    ThingKind.ELASTIC_ADDRESS: _elastic_address,
    ThingKind.VOLUME: _volume,
    ThingKind.SNAPSHOT: lambda session, key: session.ec2.delete_snapshot(SnapshotId=key),
    ThingKind.SECURITY_GROUP: _security_group,
    ThingKind.SUBNET: lambda session, key: session.ec2.delete_subnet(SubnetId=key),
    ThingKind.ROUTE_TABLE: _route_table,
    ThingKind.NETWORK_ACL: lambda session, key: session.ec2.delete_network_acl(NetworkAclId=key),
    ThingKind.INTERNET_GATEWAY: _internet_gateway,
    ThingKind.HOSTED_ZONE: _hosted_zone,
    ThingKind.VPC: lambda session, key: session.ec2.delete_vpc(VpcId=key),
    ThingKind.INSTANCE_PROFILE: _profile,
    ThingKind.ROLE: _role,
    ThingKind.LOG_GROUP: lambda session, key: session.logs.delete_log_group(logGroupName=key),
}
