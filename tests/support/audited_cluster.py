"""A cluster in an emulated AWS with all that an audit reads of it there, and as many workers as are wanted."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

from fleetkit.aws import FLATCAR_OWNER, UBUNTU_OWNER, AwsSession
from fleetkit.workflows import Workspace, open_workspace
from fleetkit.workflows._audit_etcd import MOST_PROOFS

# Relative, as the benchmarks take this module too, by another name.
from .aws_moto import make_subnet, make_vpc, run_machine, seed_images, tag_specification
from .cluster_files import write_cluster

__all__ = ["add_foreign_machines", "make_audited_cluster", "make_operator", "seed_cluster_images"]

NAME = "demo"
MASTERS = {"us-west-2a": "10.10.3.100", "us-west-2b": "10.10.4.100", "us-west-2c": "10.10.5.100"}
POOLS = ("internal", "public")
BALANCERS = {"internal-web": 2, "public-web": 1, "fleet-ui": 1, "etcd-browser": 1}
"""Each with how many target groups it has."""
_AT_ONCE = 50
_TAG = [{"Key": "fleetkit:cluster", "Value": NAME}]
_FLATCAR, _UBUNTU = "ami-0f1a7ca2459325002", "ami-0b0e7a2404000000b"
"""Images that the sandbox's emulated AWS has; in a bare one they are to be seeded."""
_WHERE: Any = {"LocationConstraint": "us-west-2"}


def seed_cluster_images() -> None:
    """Put the images that the cluster's machines run from into an account that has none."""
    seed_images(**{
        _FLATCAR: (FLATCAR_OWNER, "Flatcar-stable-4593.2.5-hvm", "2026-08-13T08:47:19+00:00"),
        _UBUNTU: (UBUNTU_OWNER, "ubuntu/images/hvm-ssd/ubuntu-24.04-amd64-server-1", "2026-08-13T08:47:19+00:00"),
    })  # fmt: skip


def make_operator(session: AwsSession) -> dict[str, str]:
    """Make a user with an access key, and return the environment in which one is that user."""
    session.iam.create_user(UserName="ada")
    key = session.iam.create_access_key(UserName="ada")["AccessKey"]
    return {"AWS_ACCESS_KEY_ID": key["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"]}


def make_audited_cluster(session: AwsSession, folder: Path, *, workers: int) -> Workspace:
    """Make a cluster with so many workers in each pool; state and backups lie in buckets, as whoever is careful has it.

    Nothing answers at its bastion.
    """
    pools = {f"pools.{one}.{key}": workers for one in POOLS for key in ("maximum", "desired")}
    write_cluster(folder, NAME, **pools, state={"kind": "s3", "bucket": "states", "key": "demo.tfstate"})
    vpc = make_vpc(session, cluster=NAME)
    subnets = [
        make_subnet(session, vpc, cidr=f"{address.rpartition('.')[0]}.0/24", zone=zone)
        for zone, address in MASTERS.items()
    ]
    groups = {one: _make_group(session, vpc, one) for one in ("master", "bastion", "lb", *POOLS)}
    profiles = {one: _make_role(session, one) for one in ("master", "bastion", *POOLS)}
    for subnet, address in zip(subnets, MASTERS.values(), strict=True):
        run_machine(
            session, subnet_id=subnet, address=address, cluster=NAME, role="master", groups=[groups["master"]],
            ImageId=_FLATCAR, UserData="#!/bin/sh", IamInstanceProfile={"Arn": profiles["master"]},
        )  # fmt: skip
    run_machine(
        session, subnet_id=subnets[0], cluster=NAME, role="bastion", groups=[groups["bastion"]],
        ImageId=_UBUNTU, IamInstanceProfile={"Arn": profiles["bastion"]},
    )  # fmt: skip
    targets = [
        one for name, count in BALANCERS.items() for one in _make_balancer(session, name, vpc, subnets, groups, count)
    ]
    for pool in POOLS:
        _make_pool(session, pool, workers, subnets=subnets, group=groups[pool], profile=profiles[pool], targets=targets)
    environ = {"HOME": str(folder), "AWS_REGION": "us-west-2"}
    _fill_buckets(session, open_workspace(NAME, folder=folder, environ=environ).bucket)
    return open_workspace(NAME, folder=folder, environ=environ)


def add_foreign_machines(session: AwsSession, count: int) -> None:
    """Run machines of somebody else in the cluster's own VPC."""
    (vpc,) = session.ec2.describe_vpcs(Filters=[{"Name": "tag:fleetkit:cluster", "Values": [NAME]}])["Vpcs"]
    subnet = make_subnet(session, vpc["VpcId"], cidr="10.10.64.0/18")
    # A few at a time, since an emulated AWS takes longer for a thousand than a client waits.
    for start in range(0, count, _AT_ONCE):
        some = min(_AT_ONCE, count - start)
        session.ec2.run_instances(
            ImageId=_FLATCAR, MinCount=some, MaxCount=some, InstanceType="t3.small", SubnetId=subnet,
            TagSpecifications=tag_specification("instance", "other", "public"),
        )  # fmt: skip


def _make_group(session: AwsSession, vpc: str, role: str) -> str:
    made = session.ec2.create_security_group(
        GroupName=f"{NAME}-{role}", Description=role, VpcId=vpc,
        TagSpecifications=tag_specification("security-group", NAME, role),
    )  # fmt: skip
    return made["GroupId"]


def _make_role(session: AwsSession, role: str) -> str:
    name, iam = f"{NAME}-{role}", session.iam
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": []}))
    allow = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]}
    iam.put_role_policy(RoleName=name, PolicyName="read-own-files", PolicyDocument=json.dumps(allow))
    profile = iam.create_instance_profile(InstanceProfileName=name)["InstanceProfile"]["Arn"]
    iam.add_role_to_instance_profile(InstanceProfileName=name, RoleName=name)
    return profile


def _make_balancer(
    session: AwsSession, name: str, vpc: str, subnets: list[str], groups: dict[str, str], count: int
) -> list[str]:
    elb = session.elbv2
    balancer = elb.create_load_balancer(
        Name=f"{NAME}-{name}", Subnets=subnets, SecurityGroups=[groups["lb"]], Scheme="internal", Type="application",
        Tags=_TAG,  # type: ignore[arg-type]
    )["LoadBalancers"][0]["LoadBalancerArn"]  # fmt: skip
    made = [
        elb.create_target_group(
            Name=f"{NAME}-{name}-{number}", Protocol="HTTP", Port=80 + number, VpcId=vpc, TargetType="instance",
            Tags=_TAG,  # type: ignore[arg-type]
        )["TargetGroups"][0]["TargetGroupArn"]
        for number in range(count)
    ]  # fmt: skip
    for number, group in enumerate(made):
        elb.create_listener(
            LoadBalancerArn=balancer, Protocol="HTTP", Port=80 + number,
            DefaultActions=[{"Type": "forward", "TargetGroupArn": group}],
        )  # fmt: skip
    return made


def _make_pool(
    session: AwsSession, pool: str, workers: int, *, subnets: list[str], group: str, profile: str, targets: list[str]
) -> None:
    session.ec2.create_launch_template(
        LaunchTemplateName=pool,
        LaunchTemplateData={
            "ImageId": _FLATCAR, "InstanceType": "t3.small", "SecurityGroupIds": [group],
            "UserData": base64.b64encode(b"#!/bin/sh").decode(),
        },
    )  # fmt: skip
    session.autoscaling.create_auto_scaling_group(
        AutoScalingGroupName=f"{NAME}-{pool}", MinSize=0, MaxSize=workers, DesiredCapacity=workers,
        VPCZoneIdentifier=",".join(subnets), LaunchTemplate={"LaunchTemplateName": pool}, TargetGroupARNs=targets,
        Tags=[
            {"Key": "fleetkit:cluster", "Value": NAME, "PropagateAtLaunch": True},
            {"Key": "fleetkit:role", "Value": pool, "PropagateAtLaunch": True},
        ],
    )  # fmt: skip
    # moto's scaling groups start machines without the profile that their launch template names.
    (made,) = session.autoscaling.describe_auto_scaling_groups(AutoScalingGroupNames=[f"{NAME}-{pool}"])[
        "AutoScalingGroups"
    ]
    for machine in made["Instances"]:
        session.ec2.associate_iam_instance_profile(
            InstanceId=machine["InstanceId"], IamInstanceProfile={"Arn": profile}
        )


def _fill_buckets(session: AwsSession, own: str) -> None:
    for bucket in ("states", "backups", own):
        session.s3.create_bucket(Bucket=bucket, CreateBucketConfiguration=_WHERE)
    session.s3.put_object(Bucket="states", Key="demo.tfstate", Body=b"{}")
    last = {
        "cluster_id": "cc", "raft_index": 9, "raft_term": 2, "revision": 7, "digest": "",
        "taken": "2026-11-27T00:00:00Z", "place": "s3://backups/etcd",
    }  # fmt: skip
    session.s3.put_object(Bucket=own, Key="etcd/last-backup.json", Body=json.dumps(last).encode())
    proof = {"drilled": "2026-11-28T01:00:00Z", "sha256": "0" * 64, "findings": [], "rpo_s": 1.0, "rto_s": 2.0}
    for day in range(1, MOST_PROOFS + 3):
        name = f"etcd/{NAME}/{NAME}-202611{day:02}T000000Z-r12.etcd.tar"
        session.s3.put_object(Bucket="backups", Key=name, Body=b"0")
        session.s3.put_object(Bucket="backups", Key=f"{name}.proof.json", Body=json.dumps(proof).encode())
