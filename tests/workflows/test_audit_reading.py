"""Facts of an audit are read from an emulated AWS: the cluster's own, once each, and nothing of others."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.aws_moto import emulated_aws, make_subnet, make_vpc, run_machine, tag_specification
from support.cluster_files import write_cluster

from fleetkit.aws import AwsSession
from fleetkit.checks import FACT_NAMES, FACT_SOURCES, Facts, UnreadFactError
from fleetkit.workflows import Workspace, audit_cluster, open_workspace
from fleetkit.workflows._audit_reading import read_facts

NETWORK = ("acls", "balancers", "flow_logs", "groups", "machines", "subnets", "wearers")
OTHERS = ("balancer_settings", "pools", "protection", "target_groups", "volumes")
STARTS = ("images", "managed")
REDIRECT: Any = {"Type": "redirect", "RedirectConfig": {"Protocol": "HTTPS", "StatusCode": "HTTP_301"}}


@pytest.fixture
def session() -> Iterator[AwsSession]:
    with emulated_aws() as opened:
        yield opened


@pytest.fixture
def workspace(tmp_path: Path, session: AwsSession) -> Workspace:
    write_cluster(tmp_path)
    return open_workspace("demo", folder=tmp_path, environ={"HOME": str(tmp_path)})


def make_group(session: AwsSession, vpc: str, role: str, *, cluster: str = "demo") -> str:
    made = session.ec2.create_security_group(
        GroupName=f"{cluster}-{role}", Description=role, VpcId=vpc,
        TagSpecifications=tag_specification("security-group", cluster, role),
    )  # fmt: skip
    return made["GroupId"]


def allow(session: AwsSession, group: str, first: int, last: int, cidr: str) -> None:
    session.ec2.authorize_security_group_ingress(
        GroupId=group,
        IpPermissions=[{"IpProtocol": "tcp", "FromPort": first, "ToPort": last, "IpRanges": [{"CidrIp": cidr}]}],
    )


@pytest.fixture
def world(session: AwsSession) -> dict[str, str]:
    """Make a VPC with a master, a load balancer, a group that nothing wears, and somebody else beside them."""
    vpc = make_vpc(session, cluster="demo")
    first = make_subnet(session, vpc, cidr="10.10.3.0/24")
    second = make_subnet(session, vpc, cidr="10.10.4.0/24", zone="us-west-2b")
    made = {"vpc": vpc, "subnet": first, "master": make_group(session, vpc, "master")}
    made["lb"], made["unused"] = make_group(session, vpc, "lb-ui"), make_group(session, vpc, "deploy")
    made["foreign"] = make_group(session, vpc, "theirs", cluster="other")
    made["machine"] = run_machine(
        session, subnet_id=first, address="10.10.3.100", cluster="demo", role="master",
        groups=[made["master"], made["foreign"]],
    )  # fmt: skip
    balancer = session.elbv2.create_load_balancer(
        Name="demo-fleet-ui", Subnets=[first, second], SecurityGroups=[made["lb"]], Scheme="internal",
        Tags=[{"Key": "fleetkit:cluster", "Value": "demo"}],
    )["LoadBalancers"][0]["LoadBalancerArn"]  # fmt: skip
    targets = session.elbv2.create_target_group(
        Name="demo-fleet-ui", Protocol="HTTP", Port=3000, VpcId=vpc, TargetType="instance",
        Tags=[{"Key": "fleetkit:cluster", "Value": "demo"}],
    )["TargetGroups"][0]["TargetGroupArn"]  # fmt: skip
    made |= {"balancer": balancer, "targets": targets}
    session.elbv2.register_targets(TargetGroupArn=targets, Targets=[{"Id": made["machine"]}])
    session.elbv2.create_listener(
        LoadBalancerArn=balancer, Protocol="HTTP", Port=80,
        DefaultActions=[{"Type": "forward", "TargetGroupArn": targets}],
    )  # fmt: skip
    redirecting = session.elbv2.create_listener(
        LoadBalancerArn=balancer, Protocol="HTTP", Port=81, DefaultActions=[REDIRECT]
    )
    made["redirecting"] = redirecting["Listeners"][0]["ListenerArn"]
    session.ec2.create_launch_template(LaunchTemplateName="pool", LaunchTemplateData={"InstanceType": "t3.small"})
    allow(session, made["master"], 2379, 2379, "10.10.0.0/16")
    made["list"] = session.ec2.create_managed_prefix_list(
        PrefixListName="everybody", MaxEntries=2, AddressFamily="IPv4",
        Entries=[{"Cidr": "0.0.0.0/0"}, {"Cidr": "203.0.113.0/24"}],
    )["PrefixList"]["PrefixListId"]  # fmt: skip
    session.ec2.authorize_security_group_ingress(
        GroupId=made["foreign"],
        IpPermissions=[
            {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "PrefixListIds": [{"PrefixListId": made["list"]}]}
        ],
    )
    return made


def test_facts_are_of_the_cluster_and_of_what_its_machines_wear(
    session: AwsSession, workspace: Workspace, world: dict[str, str]
) -> None:
    facts = read_facts(workspace, NETWORK)
    assert facts.unread == {}
    groups = {one.group_id: one for one in facts.groups}
    default = {one.group_id for one in facts.groups if one.is_default}
    assert groups.keys() - default == {world["master"], world["lb"], world["unused"], world["foreign"]}
    assert len(default) == 1
    assert {one.role for one in facts.groups} == {"master", "lb-ui", "deploy", ""}
    assert "ingress tcp 2379 from 10.10.0.0/16" in [one.words for one in groups[world["master"]].rules]
    assert facts.wearers[world["unused"]] == ()
    assert facts.wearers[world["lb"]] == ("demo-fleet-ui",)
    assert world["machine"] in facts.wearers[world["master"]]
    (machine,) = facts.machines
    assert (machine.resource, machine.role, set(machine.group_ids)) == (
        "etcd1", "master", {world["master"], world["foreign"]},
    )  # fmt: skip
    (balancer,) = facts.balancers
    assert (balancer.resource, balancer.faces_internet, balancer.group_ids) == ("fleet-ui", False, (world["lb"],))
    assert [one.subnet_id for one in facts.subnets] == [world["subnet"]]
    (acl,) = facts.acls
    assert acl.open_entries == ("100 ingress 0.0.0.0/0", "100 egress 0.0.0.0/0")
    assert facts.flow_logs == {}


def test_machines_pools_and_load_balancers_are_read_as_they_are_set_up(
    session: AwsSession, workspace: Workspace, world: dict[str, str]
) -> None:
    session.elbv2.modify_target_group_attributes(
        TargetGroupArn=world["targets"],
        Attributes=[{"Key": "load_balancing.cross_zone.enabled", "Value": "false"}],
    )
    session.autoscaling.create_auto_scaling_group(
        AutoScalingGroupName="demo-public", MinSize=0, MaxSize=0, VPCZoneIdentifier=world["subnet"],
        LaunchTemplate={"LaunchTemplateName": "pool"}, TargetGroupARNs=[world["targets"]],
        Tags=[{"Key": "fleetkit:cluster", "Value": "demo"}, {"Key": "fleetkit:role", "Value": "public"}],
    )  # fmt: skip
    facts = read_facts(workspace, OTHERS)
    assert facts.unread == {}
    assert facts.protection == {"etcd1": False}
    (volume,) = facts.volumes
    assert (volume.machine, volume.encrypted) == ("etcd1", False)
    (pool,) = facts.pools
    assert (pool.resource, pool.has_template, pool.zones) == ("public", True, ("us-west-2a",))
    assert pool.health_check == "EC2"
    (settings,) = facts.balancer_settings.values()
    assert (settings.access_logs, settings.cross_zone) == (False, True)
    assert [(one.protocol, one.port, one.policy, one.sends_to_tls) for one in settings.listeners] == [
        ("HTTP", 80, "", False), ("HTTP", 81, "", True),
    ]  # fmt: skip
    (group,) = facts.target_groups
    assert (group.resource, group.draining_s, group.cross_zone) == ("fleet-ui", 300, False)
    assert pool.target_groups == {group.arn}
    assert sum(group.states.values()) == 1


def test_a_listener_that_lets_one_path_pass_in_clear_does_not_send_all_to_tls(
    session: AwsSession, workspace: Workspace, world: dict[str, str]
) -> None:
    forward: Any = {"Type": "forward", "TargetGroupArn": world["targets"]}
    for priority, action in enumerate([REDIRECT, forward], start=1):
        session.elbv2.create_rule(
            ListenerArn=world["redirecting"], Priority=priority, Actions=[action],
            Conditions=[{"Field": "path-pattern", "Values": [f"/{priority}/*"]}],
        )  # fmt: skip
        (settings,) = read_facts(workspace, ["balancer_settings"]).balancer_settings.values()
        assert [one.sends_to_tls for one in settings.listeners] == [False, priority == 1]


@pytest.mark.parametrize(
    ("ports", "is_open"), [((0, 65535), True), ((1, 65535), True), ((2, 65535), False), ((443, 443), False)]
)
def test_an_acl_that_lets_tcp_through_on_all_ports_is_open(
    session: AwsSession, workspace: Workspace, world: dict[str, str], ports: tuple[int, int], is_open: bool
) -> None:
    (acl,) = session.ec2.describe_network_acls(Filters=[{"Name": "vpc-id", "Values": [world["vpc"]]}])["NetworkAcls"]
    session.ec2.create_network_acl_entry(
        NetworkAclId=acl["NetworkAclId"], RuleNumber=50, Protocol="6", RuleAction="allow", Egress=False,
        CidrBlock="0.0.0.0/0", PortRange={"From": ports[0], "To": ports[1]},
    )  # fmt: skip
    (read,) = read_facts(workspace, ["acls"]).acls
    assert ("50 ingress tcp 0.0.0.0/0" in read.open_entries) is is_open


@pytest.mark.parametrize(("traffic", "told"), [("ALL", "ACTIVE"), ("REJECT", "writing of REJECT alone")])
def test_a_flow_log_is_active_where_it_writes_of_all_traffic(
    session: AwsSession, workspace: Workspace, world: dict[str, str], traffic: Any, told: str
) -> None:
    session.s3.create_bucket(Bucket="traffic", CreateBucketConfiguration={"LocationConstraint": "us-west-2"})
    (made,) = session.ec2.create_flow_logs(
        ResourceIds=[world["vpc"]], ResourceType="VPC", TrafficType=traffic, LogDestinationType="s3",
        LogDestination="arn:aws:s3:::traffic",
    )["FlowLogIds"]  # fmt: skip
    assert read_facts(workspace, ["flow_logs"]).flow_logs == {made: told}


def test_what_others_have_costs_no_calls(session: AwsSession, workspace: Workspace, world: dict[str, str]) -> None:
    with workspace.session.counting() as alone:
        read_facts(workspace, NETWORK)
    for _ in range(20):
        run_machine(session, subnet_id=world["subnet"], cluster="other", role="public")
    with workspace.session.counting() as crowded:
        read_facts(workspace, NETWORK)
    assert crowded.made == alone.made
    assert max(alone.made.values()) <= 3


def test_a_group_that_a_load_balancer_alone_wears_is_looked_at_too(
    session: AwsSession, workspace: Workspace, world: dict[str, str]
) -> None:
    wide = make_group(session, world["vpc"], "wide", cluster="other")
    allow(session, wide, 0, 65535, "0.0.0.0/0")
    (balancer,) = session.elbv2.describe_load_balancers()["LoadBalancers"]
    session.elbv2.set_security_groups(LoadBalancerArn=balancer["LoadBalancerArn"], SecurityGroups=[wide])
    names = ["security-group-open-to-world", "inner-load-balancer-faces-internet"]
    found = audit_cluster(workspace, checks=names).results
    failed = {(one.check.id, one.judgement.resource) for one in found if one.state == "failed"}
    assert failed == {(names[0], f"other-wide ({wide})"), (names[1], "fleet-ui")}


def test_a_rule_for_a_prefix_list_is_judged_by_the_networks_in_it(workspace: Workspace, world: dict[str, str]) -> None:
    (group,) = [one for one in read_facts(workspace, ["groups"]).groups if one.group_id == world["foreign"]]
    peers = [one.peer for one in group.rules if one.direction == "ingress"]
    assert peers == [world["list"], "0.0.0.0/0", "203.0.113.0/24"]
    failed = [one for one in audit_cluster(workspace, checks=["ssh-open-to-world"]).results if one.state == "failed"]
    assert [one.judgement.resource_id for one in failed] == [world["foreign"]]


def test_only_what_is_asked_for_is_read(workspace: Workspace, world: dict[str, str]) -> None:
    with workspace.session.counting() as calls:
        read_facts(workspace, ["machines"])
    assert calls.made == {"ec2:DescribeInstances": 1}


def test_a_read_that_fails_leaves_the_others_alone(
    workspace: Workspace, world: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(self: Any, *args: object, **kwargs: object) -> None:
        from botocore.exceptions import ClientError

        message = "You are not authorized to perform: ec2:DescribeFlowLogs"
        raise ClientError({"Error": {"Code": "UnauthorizedOperation", "Message": message}}, "DescribeFlowLogs")

    monkeypatch.setattr("moto.ec2.responses.flow_logs.FlowLogs.describe_flow_logs", refuse)
    facts = read_facts(workspace, NETWORK)
    assert facts.unread.keys() == {"flow_logs"}
    with pytest.raises(UnreadFactError, match="ec2:DescribeFlowLogs"):
        _ = facts.flow_logs


def test_of_a_cluster_that_is_not_there_nothing_is_known(workspace: Workspace) -> None:
    facts = read_facts(workspace, NETWORK)
    assert facts.unread.keys() == set(NETWORK) - {"machines"}
    assert "demo has no security group" in facts.unread["groups"]


def test_an_audit_tells_what_is_amiss_what_is_unknown_and_what_it_cost(
    workspace: Workspace, world: dict[str, str]
) -> None:
    found = audit_cluster(workspace, checks=["etcd-ports-open", "security-group-unused", "vpc-flow-logs"])
    states = {(one.check.id, one.judgement.resource): str(one.state) for one in found.results}
    assert states["etcd-ports-open", "master"] == "failed"
    assert states["security-group-unused", "master"] == "passed"
    assert states["vpc-flow-logs", "vpc"] == "failed"
    assert found.outcome == "findings"
    assert found.to_json()["results"][0]["evidence"] == {"rules": ["ingress tcp 2379 from 10.10.0.0/16"]}
    assert sum(found.calls.values()) == len(found.calls) + found.calls["ec2:DescribeSecurityGroups"] - 1


def test_a_budget_is_never_passed_and_what_it_kept_back_is_unknown(workspace: Workspace, world: dict[str, str]) -> None:
    found = audit_cluster(workspace, checks=["vpc-flow-logs"], budget=1)
    assert (sum(found.calls.values()), found.outcome) == (1, "failed")
    (result,) = found.results
    assert "the budget of 1 calls is spent" in result.judgement.reason


@pytest.mark.parametrize(("fail_on", "outcome"), [("low", "findings"), ("medium", "findings"), ("high", "done")])
def test_what_weighs_less_than_asked_does_not_count(
    workspace: Workspace, world: dict[str, str], fail_on: str, outcome: str
) -> None:
    assert audit_cluster(workspace, checks=["vpc-flow-logs"], fail_on=fail_on).outcome == outcome


def test_every_fact_has_a_reader(workspace: Workspace) -> None:
    asked = FACT_NAMES - {"operator_address"}
    facts = read_facts(workspace, asked)
    assert facts.unread.keys() <= asked
    assert isinstance(read_facts(workspace, []), Facts)


@pytest.mark.parametrize("name", [*NETWORK, *OTHERS, *STARTS])
def test_a_fact_takes_the_permissions_that_it_says(workspace: Workspace, world: dict[str, str], name: str) -> None:
    with workspace.session.counting() as calls:
        read_facts(workspace, [name])
    assert tuple(calls.made) == FACT_SOURCES[name].permissions
