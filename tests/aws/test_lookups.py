"""Typed lookups against an emulated account."""

from __future__ import annotations

import datetime as dt

import pytest
from botocore.stub import Stubber
from support.aws_moto import REGION, make_subnet, make_vpc, run_machine, seed_images, tag_specification

from fleetkit.aws import (
    FLATCAR_OWNER,
    UBUNTU_OWNER,
    AwsSession,
    QuotaKind,
    ScalingGroup,
    ScalingMember,
    count_vcpus,
    find_image,
    find_newest_flatcar,
    find_newest_ubuntu,
    find_scaling_group,
    find_vpc,
    lift_termination_protection,
    list_addresses_in_use,
    list_elastic_addresses,
    list_instances,
    list_key_pairs,
    list_nat_gateways,
    list_offered_zones,
    list_regions,
    list_scaling_groups,
    list_security_groups,
    list_subnets,
    list_vpcs,
    list_zones,
    open_session,
    protect_from_termination,
    read_quota,
)
from fleetkit.core import NotFoundError


def test_the_caller_is_told_with_account_and_name(session: AwsSession) -> None:
    caller = session.caller()
    assert (caller.account_id, session.account_id()) == ("123456789012", "123456789012")
    assert caller.arn.endswith(caller.name)
    assert "testing" not in repr(session)


def test_zones_and_what_they_offer(session: AwsSession) -> None:
    zones = list_zones(session)
    assert zones[:3] == ("us-west-2a", "us-west-2b", "us-west-2c")
    offered = list_offered_zones(session, ["t3.medium", "zz9.huge"])
    assert {"us-west-2a", "us-west-2b"} <= offered["t3.medium"]
    assert offered["zz9.huge"] == frozenset()


def test_the_regions_of_the_account_are_told_by_name(session: AwsSession) -> None:
    regions = list_regions(session)
    assert {"us-west-2", "eu-west-1"} <= set(regions)
    assert list(regions) == sorted(regions)


def test_every_vpc_is_listed_as_it_is_found_by_its_id(session: AwsSession) -> None:
    made = make_vpc(session)
    vpcs = {vpc.vpc_id: vpc for vpc in list_vpcs(session)}
    assert vpcs[made] == find_vpc(session, made)
    assert len(vpcs) == 2, "the region's default VPC is one of them"


def test_nat_gateways_of_a_vpc_tell_their_subnet_and_their_state(session: AwsSession) -> None:
    ec2 = session.client("ec2")
    vpc, other = make_vpc(session), make_vpc(session, cidr="10.11.0.0/16")
    subnet = make_subnet(session, vpc, cidr="10.10.0.0/24")
    made = ec2.create_nat_gateway(SubnetId=subnet, ConnectivityType="private")["NatGateway"]["NatGatewayId"]
    (gateway,) = list_nat_gateways(session, vpc)
    assert (gateway.gateway_id, gateway.subnet_id, gateway.state) == (made, subnet, "available")
    assert list_nat_gateways(session, other) == ()


def test_key_pairs_tell_their_public_half(session: AwsSession) -> None:
    session.client("ec2").create_key_pair(KeyName="blue", KeyType="ed25519")
    (pair,) = list_key_pairs(session)
    assert (pair.name, pair.kind) == ("blue", "ed25519")
    assert pair.fingerprint


def test_the_newest_images_are_found_by_publisher_and_name(session: AwsSession) -> None:
    ubuntu = "ubuntu/images/hvm-ssd-gp3/ubuntu-{}-amd64-server-{}"
    seed_images(
        ami_00000001=(FLATCAR_OWNER, "Flatcar-stable-4459.2.0-hvm", "2026-05-01T00:00:00.000Z"),
        ami_00000002=(FLATCAR_OWNER, "Flatcar-stable-4593.2.5-hvm", "2026-08-13T00:00:00.000Z"),
        ami_00000003=(FLATCAR_OWNER, "Flatcar-alpha-4700.0.0-hvm", "2026-11-01T00:00:00.000Z"),
        ami_00000004=("210987654321", "Flatcar-stable-9999.0.0-hvm", "2026-11-02T00:00:00.000Z"),
        ami_00000005=(UBUNTU_OWNER, ubuntu.format("noble-24.04", "20261101"), "2026-11-01T00:00:00.000Z"),
        ami_00000006=(UBUNTU_OWNER, ubuntu.format("resolute-26.04", "20261001"), "2026-10-01T00:00:00.000Z"),
        ami_00000007=(UBUNTU_OWNER, ubuntu.format("questing-25.10", "20261102"), "2026-11-02T00:00:00.000Z"),
    )
    assert find_newest_flatcar(session).image_id == "ami-00000002"
    assert find_newest_ubuntu(session).image_id == "ami-00000006"
    image = find_image(session, "ami-00000002")
    assert image is not None
    assert (image.owner_id, image.architecture, image.state) == (FLATCAR_OWNER, "x86_64", "available")
    assert image.created == dt.datetime(2026, 8, 13, tzinfo=dt.UTC)


def test_an_image_that_is_not_there_is_none_and_a_search_without_result_is_an_error(session: AwsSession) -> None:
    assert find_image(session, "ami-0123456789abcdef0") is None
    with pytest.raises(NotFoundError, match=f"{REGION} has no image of Flatcar stable"):
        find_newest_flatcar(session)


def test_machines_are_listed_by_cluster_role_and_state(session: AwsSession) -> None:
    subnet = make_subnet(session, make_vpc(session), cidr="10.10.3.0/24")
    master = run_machine(
        session, subnet_id=subnet, address="10.10.3.100", cluster="demo", role="master", name="demo etcd1"
    )
    run_machine(session, subnet_id=subnet, cluster="other", role="master")
    gone = run_machine(session, subnet_id=subnet, cluster="demo", role="public")
    session.client("ec2").terminate_instances(InstanceIds=[gone])
    (seen,) = list_instances(session, "demo")
    assert (seen.instance_id, seen.role, seen.name, seen.zone) == (master, "master", "demo etcd1", "us-west-2a")
    assert (seen.state, seen.private_address) == ("running", "10.10.3.100")
    session.client("ec2").stop_instances(InstanceIds=[master])
    assert [machine.state for machine in list_instances(session, "demo", role="master")] == ["stopped"]
    assert {machine.instance_id for machine in list_instances(session, "demo", terminated=True)} == {master, gone}


def test_every_page_of_a_list_is_read() -> None:
    session = open_session(REGION)
    first, second = (
        {
            "InstanceId": instance_id,
            "Placement": {"AvailabilityZone": "us-west-2a"},
            "State": {"Name": "running"},
            "InstanceType": "t3.small",
            "ImageId": "ami-12c6146b",
            "LaunchTime": dt.datetime(2026, 11, 22, tzinfo=dt.UTC),
        }
        for instance_id in ("i-01", "i-02")
    )
    with Stubber(session.client("ec2")) as stubber:
        stubber.add_response("describe_instances", {"Reservations": [{"Instances": [first]}], "NextToken": "more"})
        stubber.add_response("describe_instances", {"Reservations": [{"Instances": [second]}]})
        assert [machine.instance_id for machine in list_instances(session, "demo")] == ["i-01", "i-02"]


def test_scaling_groups_tell_what_is_wanted_and_what_there_is(session: AwsSession) -> None:
    subnet = make_subnet(session, make_vpc(session), cidr="10.10.0.0/24")
    session.client("ec2").create_launch_template(
        LaunchTemplateName="demo", LaunchTemplateData={"ImageId": "ami-12c6146b", "InstanceType": "t3.small"}
    )
    session.client("autoscaling").create_auto_scaling_group(
        AutoScalingGroupName="demo-public",
        LaunchTemplate={"LaunchTemplateName": "demo"},
        MinSize=0,
        MaxSize=95,
        DesiredCapacity=2,
        VPCZoneIdentifier=subnet,
        Tags=[
            {"Key": "fleetkit:cluster", "Value": "demo", "PropagateAtLaunch": True},
            {"Key": "fleetkit:role", "Value": "public", "PropagateAtLaunch": True},
        ],
    )
    (group,) = list_scaling_groups(session, "demo")
    assert (group.role, group.minimum, group.maximum, group.desired, group.in_service) == ("public", 0, 95, 2, 2)
    assert list_scaling_groups(session, "other") == ()
    assert find_scaling_group(session, "demo", role="public") == group
    with pytest.raises(NotFoundError, match="no pool 'web'"):
        find_scaling_group(session, "demo", role="web")
    # Nobody named a version: which machines are older nobody can tell.
    assert (group.template, group.outdated) == ("", ())


def test_machines_of_an_older_version_of_the_launch_template_are_told_apart() -> None:
    members = tuple(
        ScalingMember(instance_id=f"i-{version}", zone="a", lifecycle="InService", healthy=True, template=version)
        for version in ("1", "2")
    )
    group = ScalingGroup(
        name="demo", role="public", minimum=0, maximum=2, desired=2, members=members, tags={}, template="2"
    )
    assert [one.instance_id for one in group.outdated] == ["i-1"]


def test_a_network_is_told_with_its_ways_out(session: AwsSession) -> None:
    ec2 = session.client("ec2")
    vpc = make_vpc(session)
    public = make_subnet(session, vpc, cidr="10.10.0.0/24")
    private = make_subnet(session, vpc, cidr="10.10.3.0/24", zone="us-west-2b")
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)
    ec2.associate_route_table(RouteTableId=table, SubnetId=public)
    seen = {subnet.subnet_id: subnet for subnet in list_subnets(session, vpc)}
    assert seen[public].default_route == gateway
    assert (seen[private].default_route, seen[private].zone, seen[private].cidr) == ("", "us-west-2b", "10.10.3.0/24")
    found = find_vpc(session, vpc)
    assert found is not None
    assert (found.state, found.cidrs, found.dns) == ("available", ("10.10.0.0/16",), False)
    ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": True})
    found = find_vpc(session, vpc)
    assert found is not None
    assert found.dns
    assert find_vpc(session, "vpc-0123456789abcdef0") is None


def test_addresses_in_use_are_told_with_who_uses_them(session: AwsSession) -> None:
    vpc = make_vpc(session)
    subnet = make_subnet(session, vpc, cidr="10.10.3.0/24")
    instance = run_machine(session, subnet_id=subnet, address="10.10.3.100", cluster="demo", role="master")
    (use,) = list_addresses_in_use(session, ["10.10.3.100", "10.10.3.101"], vpc_id=vpc)
    assert (use.address, use.about, use.cluster) == ("10.10.3.100", instance, "demo")
    assert list_addresses_in_use(session, ["10.10.3.101"], vpc_id=vpc) == ()


def test_elastic_addresses_are_told_with_their_use(session: AwsSession) -> None:
    session.client("ec2").allocate_address(Domain="vpc", TagSpecifications=tag_specification("elastic-ip", "demo"))
    session.client("ec2").allocate_address(Domain="vpc")
    assert len(list_elastic_addresses(session)) == 2
    (ours,) = list_elastic_addresses(session, cluster="demo")
    assert ours.used_by == ""
    assert ours.tags["fleetkit:cluster"] == "demo"


def test_security_groups_are_told_rule_by_rule(session: AwsSession) -> None:
    ec2 = session.client("ec2")
    vpc = make_vpc(session)
    group = ec2.create_security_group(
        GroupName="demo-master",
        Description="masters",
        VpcId=vpc,
        TagSpecifications=tag_specification("security-group", "demo"),
    )["GroupId"]
    ec2.authorize_security_group_ingress(
        GroupId=group,
        IpPermissions=[
            {
                "IpProtocol": "tcp",
                "FromPort": 2379,
                "ToPort": 2380,
                "IpRanges": [{"CidrIp": "10.10.3.0/24", "Description": "clients"}],
                "UserIdGroupPairs": [{"GroupId": group, "Description": "peers"}],
            }
        ],
    )
    (seen,) = list_security_groups(session, "demo")
    told = {(rule.direction, rule.protocol, rule.from_port, rule.to_port, rule.peer) for rule in seen.rules}
    assert told == {
        ("ingress", "tcp", 2379, 2380, "10.10.3.0/24"),
        ("ingress", "tcp", 2379, 2380, group),
        ("egress", "all", None, None, "0.0.0.0/0"),
    }


def test_termination_protection_is_lifted_and_put_back(session: AwsSession) -> None:
    instance = run_machine(session, cluster="demo", role="master")
    ec2 = session.client("ec2")
    ec2.modify_instance_attribute(InstanceId=instance, DisableApiTermination={"Value": True})
    lift_termination_protection(session, [instance])
    assert not is_protected(session, instance)
    protect_from_termination(session, [instance])
    assert is_protected(session, instance)


def is_protected(session: AwsSession, instance: str) -> bool:
    asked = {"InstanceId": instance, "Attribute": "disableApiTermination"}
    return bool(session.client("ec2").describe_instance_attribute(**asked)["DisableApiTermination"]["Value"])


def test_quotas_tell_what_is_used_and_do_not_guess_a_limit(session: AwsSession) -> None:
    before = read_quota(session, QuotaKind.VPCS)
    make_vpc(session)
    after = read_quota(session, QuotaKind.VPCS)
    assert after.used == before.used + 1
    assert after.limit == 5
    assert count_vcpus(session, ["t3.small"]) == {"t3.small": 2}
    run_machine(session)
    vcpus = read_quota(session, QuotaKind.VCPUS)
    assert (vcpus.limit, vcpus.used) == (None, 2)
    for kind in QuotaKind:
        assert read_quota(session, kind).used >= 0
