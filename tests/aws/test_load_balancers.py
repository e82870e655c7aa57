"""Load balancers and the health of their targets."""

from __future__ import annotations

from typing import Any

from support.aws_moto import make_subnet, make_vpc, run_machine

from fleetkit.aws import AwsSession, list_load_balancer_targets, list_load_balancers


def make_balancer(session: AwsSession, name: str, *, cluster: str, vpc: str, subnets: list[str]) -> dict[str, Any]:
    """Make a load balancer with one listener and one target group."""
    client = session.client("elbv2")
    tags = [{"Key": "fleetkit:cluster", "Value": cluster}]
    balancer = client.create_load_balancer(Name=name, Subnets=subnets, Scheme="internal", Tags=tags)["LoadBalancers"][0]
    group = client.create_target_group(Name=name, Protocol="HTTP", Port=80, VpcId=vpc, Tags=tags)["TargetGroups"][0]
    client.create_listener(
        LoadBalancerArn=balancer["LoadBalancerArn"],
        Protocol="HTTP",
        Port=80,
        DefaultActions=[{"Type": "forward", "TargetGroupArn": group["TargetGroupArn"]}],
    )
    return {"balancer": balancer["LoadBalancerArn"], "group": group["TargetGroupArn"]}


def test_a_clusters_load_balancers_and_targets_are_told_and_no_others(session: AwsSession) -> None:
    vpc = make_vpc(session)
    subnets = [
        make_subnet(session, vpc, cidr="10.10.0.0/24"),
        make_subnet(session, vpc, cidr="10.10.1.0/24", zone="us-west-2b"),
    ]
    made = make_balancer(session, "demo-web", cluster="demo", vpc=vpc, subnets=subnets)
    make_balancer(session, "other-web", cluster="other", vpc=vpc, subnets=subnets)
    instance = run_machine(session, subnet_id=subnets[0], cluster="demo", role="public")
    session.client("elbv2").register_targets(TargetGroupArn=made["group"], Targets=[{"Id": instance}])

    (balancer,) = list_load_balancers(session, "demo")
    assert (balancer.name, balancer.kind) == ("demo-web", "application")
    assert {one.name for one in list_load_balancers(session)} == {"demo-web", "other-web"}
    (group,) = list_load_balancer_targets(session, "demo")
    assert group.load_balancers == ("demo-web",)
    assert [(target.target_id, target.state) for target in group.targets] == [(instance, "healthy")]
    assert group.healthy == 1
    session.client("ec2").stop_instances(InstanceIds=[instance])
    (group,) = list_load_balancer_targets(session, "demo")
    assert group.healthy == 0


def test_more_load_balancers_than_one_question_about_tags_takes(session: AwsSession) -> None:
    vpc = make_vpc(session)
    for number in range(23):
        session.client("elbv2").create_target_group(
            Name=f"demo-{number}",
            Protocol="HTTP",
            Port=80,
            VpcId=vpc,
            Tags=[{"Key": "fleetkit:cluster", "Value": "demo"}],
        )
    assert len(list_load_balancer_targets(session, "demo")) == 23
