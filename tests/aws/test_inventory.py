"""What there is of a cluster, found by tag, by name and by walking its VPC, and removed in an order that works."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.stub import Stubber
from support.aws_moto import make_subnet, make_vpc, run_machine, tag_specification

from fleetkit.aws import AwsSession, Thing, ThingKind, list_unclaimed_target_groups, remove_thing, take_inventory
from fleetkit.aws.inventory import _removal
from fleetkit.core import AwsError

TAGS = [{"Key": "fleetkit:cluster", "Value": "demo"}]


def make_everything(session: AwsSession) -> None:
    """Make one thing of every kind under the tag or the name of the cluster demo."""
    ec2 = session.client("ec2")
    vpc = make_vpc(session, cluster="demo")
    subnet, second = (
        make_subnet(session, vpc, cidr="10.10.0.0/24"),
        make_subnet(session, vpc, cidr="10.10.1.0/24", zone="us-west-2b"),
    )
    ec2.create_tags(Resources=[subnet, second], Tags=TAGS)
    gateway = ec2.create_internet_gateway(TagSpecifications=tag_specification("internet-gateway", "demo"))
    ec2.attach_internet_gateway(InternetGatewayId=gateway["InternetGateway"]["InternetGatewayId"], VpcId=vpc)
    table = ec2.create_route_table(VpcId=vpc, TagSpecifications=tag_specification("route-table", "demo"))
    ec2.associate_route_table(RouteTableId=table["RouteTable"]["RouteTableId"], SubnetId=subnet)
    ec2.create_network_acl(VpcId=vpc, TagSpecifications=tag_specification("network-acl", "demo"))
    address = ec2.allocate_address(Domain="vpc", TagSpecifications=tag_specification("elastic-ip", "demo"))
    ec2.create_nat_gateway(
        SubnetId=subnet, AllocationId=address["AllocationId"], TagSpecifications=tag_specification("natgateway", "demo")
    )
    ec2.create_vpc_endpoint(
        VpcId=vpc,
        ServiceName="com.amazonaws.us-west-2.s3",
        VpcEndpointType="Gateway",
        TagSpecifications=tag_specification("vpc-endpoint", "demo"),
    )
    make_groups_that_hold_each_other(ec2, vpc)
    run_machine(session, subnet_id=subnet, cluster="demo", role="master")
    ec2.create_network_interface(SubnetId=subnet, TagSpecifications=tag_specification("network-interface", "demo"))
    volume = ec2.create_volume(
        AvailabilityZone="us-west-2a", Size=8, TagSpecifications=tag_specification("volume", "demo")
    )
    ec2.create_snapshot(VolumeId=volume["VolumeId"], TagSpecifications=tag_specification("snapshot", "demo"))
    ec2.create_launch_template(
        LaunchTemplateName="demo",
        LaunchTemplateData={"ImageId": "ami-12c6146b", "InstanceType": "t3.small"},
        TagSpecifications=tag_specification("launch-template", "demo"),
    )
    make_other_services(session, vpc, [subnet, second])


def make_groups_that_hold_each_other(ec2: Any, vpc: str) -> None:
    """Make two security groups whose rules name each other."""
    groups = [
        ec2.create_security_group(
            GroupName=f"demo-{name}",
            Description=name,
            VpcId=vpc,
            TagSpecifications=tag_specification("security-group", "demo"),
        )["GroupId"]
        for name in ("master", "public")
    ]
    for group, peer in zip(groups, reversed(groups), strict=True):
        ec2.authorize_security_group_ingress(
            GroupId=group,
            IpPermissions=[
                {"IpProtocol": "tcp", "FromPort": 2379, "ToPort": 2379, "UserIdGroupPairs": [{"GroupId": peer}]}
            ],
        )


def make_other_services(session: AwsSession, vpc: str, subnets: list[str]) -> None:
    """Make what services beside EC2 keep."""
    session.client("autoscaling").create_auto_scaling_group(
        AutoScalingGroupName="demo-public",
        LaunchTemplate={"LaunchTemplateName": "demo"},
        MinSize=0,
        MaxSize=1,
        DesiredCapacity=1,
        VPCZoneIdentifier=subnets[0],
        Tags=[{"Key": "fleetkit:cluster", "Value": "demo", "PropagateAtLaunch": True}],
    )
    elb = session.client("elbv2")
    elb.create_load_balancer(Name="demo-web", Subnets=subnets, Tags=TAGS)
    elb.create_target_group(Name="demo-web", Protocol="HTTP", Port=80, VpcId=vpc, Tags=TAGS)
    zone = (
        session.client("route53")
        .create_hosted_zone(
            Name="demo.internal",
            CallerReference="1",
            VPC={"VPCRegion": "us-west-2", "VPCId": vpc},
            HostedZoneConfig={"PrivateZone": True},
        )["HostedZone"]["Id"]
        .rpartition("/")[2]
    )
    session.client("route53").change_tags_for_resource(ResourceType="hostedzone", ResourceId=zone, AddTags=TAGS)
    record = {"Name": "etcd1.demo.internal", "Type": "A", "TTL": 300, "ResourceRecords": [{"Value": "10.10.3.100"}]}
    session.client("route53").change_resource_record_sets(
        HostedZoneId=zone, ChangeBatch={"Changes": [{"Action": "CREATE", "ResourceRecordSet": record}]}
    )
    iam, role = session.client("iam"), "fleetkit-demo-us-west-2-master"
    iam.create_role(RoleName=role, AssumeRolePolicyDocument="{}", Tags=TAGS)
    policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]}
    iam.put_role_policy(RoleName=role, PolicyName="read-own-files", PolicyDocument=json.dumps(policy))
    iam.create_instance_profile(InstanceProfileName=role)
    iam.add_role_to_instance_profile(InstanceProfileName=role, RoleName=role)
    logs = session.client("logs")
    logs.create_log_group(logGroupName="/fleetkit/demo/flow-logs")
    logs.create_log_group(logGroupName="somewhere-else", tags={"fleetkit:cluster": "demo"})
    session.client("ec2").create_flow_logs(
        ResourceIds=[vpc],
        ResourceType="VPC",
        TrafficType="ALL",
        LogGroupName="/fleetkit/demo/flow-logs",
        DeliverLogsPermissionArn=f"arn:aws:iam::123456789012:role/{role}",
        TagSpecifications=tag_specification("vpc-flow-log", "demo"),
    )


def test_every_kind_is_found_in_the_order_of_removal(session: AwsSession) -> None:
    make_everything(session)
    inventory = take_inventory(session, "demo")
    assert {thing.kind for thing in inventory.ours} == set(ThingKind)
    order = list(ThingKind)
    places = [order.index(thing.kind) for thing in inventory.things]
    assert places == sorted(places)
    names = {thing.name for thing in inventory.ours if thing.kind is ThingKind.LOG_GROUP}
    assert names == {"/fleetkit/demo/flow-logs", "somewhere-else"}


def test_every_thing_can_be_removed_and_then_nothing_is_left(session: AwsSession) -> None:
    make_everything(session)
    for _ in range(3):
        for thing in take_inventory(session, "demo").ours:
            remove_thing(session, thing)
    assert take_inventory(session, "demo").things == ()


def test_there_is_a_removal_for_every_kind() -> None:
    assert set(_removal._REMOVALS) == set(ThingKind)


def test_what_strangers_put_into_the_vpc_is_told_apart_and_what_is_theirs_outside_is_not_touched(
    session: AwsSession,
) -> None:
    vpc = make_vpc(session, cluster="demo")
    subnet = make_subnet(session, vpc, cidr="10.10.0.0/24")
    stranger = run_machine(session, subnet_id=subnet)
    interface = session.client("ec2").create_network_interface(SubnetId=subnet)
    interface_id = interface["NetworkInterface"]["NetworkInterfaceId"]
    other_vpc = make_vpc(session, cidr="10.20.0.0/16", cluster="other")
    outside = run_machine(session, subnet_id=make_subnet(session, other_vpc, cidr="10.20.0.0/24"), cluster="other")
    session.client("logs").create_log_group(logGroupName="/fleetkit/demo-two/flow-logs")
    session.client("iam").create_role(RoleName="fleetkit-demo-eu-west-1-master", AssumeRolePolicyDocument="{}")
    inventory = take_inventory(session, "demo")
    assert [(thing.kind, thing.thing_id) for thing in inventory.ours] == [(ThingKind.VPC, vpc)]
    foreign = {thing.thing_id for thing in inventory.foreign}
    assert {stranger, interface_id, subnet} <= foreign
    assert not {outside, other_vpc} & foreign


def test_a_vpc_that_is_named_is_walked_though_it_has_no_tag(session: AwsSession) -> None:
    vpc = make_vpc(session)
    assert take_inventory(session, "demo").things == ()
    assert {thing.thing_id for thing in take_inventory(session, "demo", vpc_ids=[vpc]).foreign} == {vpc}


def test_a_target_group_that_nobody_marked_or_uses_is_told_in_a_vpc_that_is_not_the_clusters(
    session: AwsSession,
) -> None:
    vpc, elsewhere = make_vpc(session), make_vpc(session, cidr="10.20.0.0/16")
    elb = session.client("elbv2")

    def make(name: str, **more: Any) -> str:
        made = elb.create_target_group(Name=name, Protocol="HTTP", Port=80, **{"VpcId": vpc, **more})
        return str(made["TargetGroups"][0]["TargetGroupArn"])

    bare = make("bare")
    make("marked", Tags=[{"Key": "team", "Value": "other"}])
    make("elsewhere", VpcId=elsewhere)
    used = make("used")
    zones = {"10.10.1.0/24": "us-west-2a", "10.10.2.0/24": "us-west-2b"}
    subnets = [make_subnet(session, vpc, cidr=cidr, zone=zone) for cidr, zone in zones.items()]
    balancer = elb.create_load_balancer(Name="used", Subnets=subnets)["LoadBalancers"][0]["LoadBalancerArn"]
    action = {"Type": "forward", "TargetGroupArn": used}
    elb.create_listener(LoadBalancerArn=balancer, Protocol="HTTP", Port=80, DefaultActions=[action])

    assert [one.thing_id for one in list_unclaimed_target_groups(session, vpc)] == [bare]
    assert take_inventory(session, "demo").things == ()


def test_a_protected_machine_is_removed_too(session: AwsSession) -> None:
    instance = run_machine(session, cluster="demo", role="master")
    session.client("ec2").modify_instance_attribute(InstanceId=instance, DisableApiTermination={"Value": True})
    for thing in take_inventory(session, "demo").ours:
        remove_thing(session, thing)
    assert [thing for thing in take_inventory(session, "demo").ours if thing.kind is ThingKind.INSTANCE] == []


def test_what_is_gone_already_and_what_goes_by_itself_is_no_error(session: AwsSession) -> None:
    assert not remove_thing(session, Thing(kind=ThingKind.VOLUME, thing_id="vol-0123456789abcdef0"))
    assert not remove_thing(session, Thing(kind=ThingKind.ROLE, thing_id="nobody"))
    assert not remove_thing(session, Thing(kind=ThingKind.NETWORK_INTERFACE, thing_id="eni-1", managed=True))


def test_what_stands_in_the_way_may_go_later(session: AwsSession) -> None:
    ec2 = session.client("ec2")
    with Stubber(ec2) as stubber:
        stubber.add_client_error("delete_vpc", service_error_code="DependencyViolation", http_status_code=400)
        with pytest.raises(AwsError, match="the removal of vpc vpc-1") as caught:
            remove_thing(session, Thing(kind=ThingKind.VPC, thing_id="vpc-1"))
    assert caught.value.transient


def test_an_address_that_a_nat_gateway_still_holds_goes_later(session: AwsSession) -> None:
    address = {"AllocationId": "eipalloc-1", "PublicIp": "192.0.2.1", "AssociationId": "a", "NetworkInterfaceId": "eni"}
    with Stubber(session.client("ec2")) as stubber:
        stubber.add_response("describe_addresses", {"Addresses": [address]})
        stubber.add_response("describe_network_interfaces", {"NetworkInterfaces": [{"RequesterManaged": True}]})
        with pytest.raises(AwsError, match=r"192\.0\.2\.1 is held by eni") as caught:
            remove_thing(session, Thing(kind=ThingKind.ELASTIC_ADDRESS, thing_id="eipalloc-1"))
    assert caught.value.transient


def test_a_kind_that_cannot_be_read_fails_the_whole_inventory(session: AwsSession) -> None:
    with Stubber(session.client("logs")) as stubber:
        stubber.add_client_error("describe_log_groups", service_error_code="AccessDeniedException")
        with pytest.raises(AwsError, match="the log groups"):
            take_inventory(session, "demo")
