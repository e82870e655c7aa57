"""An AWS in this process, with the images that a cluster starts from, and helpers to fill it."""

from __future__ import annotations

import contextlib
import datetime as dt
import os
from collections.abc import Iterator, Sequence
from typing import Any
from unittest import mock

from moto import mock_aws

from fleetkit.aws import AwsLimits, AwsSession, open_session
from fleetkit.sandbox.aws.patches import applied
from fleetkit.sandbox.aws.patches.bucket_policies import BUCKET_POLICIES
from fleetkit.sandbox.aws.patches.signing_keys import SIGNING_KEYS
from fleetkit.sandbox.aws.patches.ssm_inventory import SSM_INVENTORY
from fleetkit.sandbox.aws.patches.zone_records import ZONE_RECORDS

REGION = "us-west-2"
ACCOUNT = "123456789012"
QUICK = AwsLimits(connect_timeout_s=1.0, read_timeout_s=2.0, attempts=1)
"""For endpoints that are meant to fail: no second attempt, no waiting between them."""


@contextlib.contextmanager
def emulated_aws(region: str = REGION) -> Iterator[AwsSession]:
    """Give a session with an empty account behind it."""
    # moto's own list of images takes a second to load, its bucket policies deny whatever a condition excepts, and its
    # zones let a record that is there be created once more; it has no inventory of Systems Manager at all.
    without_images = mock.patch.dict(os.environ, {"MOTO_EC2_LOAD_DEFAULT_AMIS": "false"})
    with without_images, applied(BUCKET_POLICIES, SIGNING_KEYS, SSM_INVENTORY, ZONE_RECORDS), mock_aws():
        yield open_session(region)


def seed_images(**images: tuple[str, str, str]) -> None:
    """Put images into the account: id to (owner, name, creation date)."""
    from moto.ec2.models import ec2_backends
    from moto.ec2.models.amis import Ami

    backend = ec2_backends[ACCOUNT][REGION]
    for key, (owner, name, created) in images.items():
        image_id = key.replace("_", "-")
        backend.amis[image_id] = Ami(
            backend,
            ami_id=image_id,
            name=name,
            owner_id=owner,
            public="true",
            virtualization_type="hvm",
            architecture="x86_64",
            state="available",
            creation_date=dt.datetime.fromisoformat(created),
            description=name,
            image_type="machine",
            platform=None,
            root_device_name="/dev/xvda",
            root_device_type="ebs",
            sriov="simple",
            hypervisor="xen",
        )


def tag_specification(kind: str, cluster: str, role: str = "", name: str = "") -> list[dict[str, Any]]:
    """Return the tags with which a thing is made."""
    tags = [{"Key": "fleetkit:cluster", "Value": cluster}]
    tags += [{"Key": "fleetkit:role", "Value": role}] if role else []
    tags += [{"Key": "Name", "Value": name}] if name else []
    return [{"ResourceType": kind, "Tags": tags}]


def make_vpc(session: AwsSession, *, cidr: str = "10.10.0.0/16", cluster: str = "") -> str:
    """Make a VPC and return its id."""
    options: dict[str, Any] = {"TagSpecifications": tag_specification("vpc", cluster)} if cluster else {}
    return str(session.client("ec2").create_vpc(CidrBlock=cidr, **options)["Vpc"]["VpcId"])


def make_subnet(session: AwsSession, vpc_id: str, *, cidr: str, zone: str = f"{REGION}a") -> str:
    """Make a subnet and return its id."""
    made = session.client("ec2").create_subnet(VpcId=vpc_id, CidrBlock=cidr, AvailabilityZone=zone)
    return str(made["Subnet"]["SubnetId"])


def run_machine(
    session: AwsSession,
    *,
    subnet_id: str = "",
    address: str = "",
    cluster: str = "",
    role: str = "",
    name: str = "",
    groups: Sequence[str] = (),
    **more: Any,
) -> str:
    """Start one instance and return its id."""
    options: dict[str, Any] = {"ImageId": "ami-12c6146b", **({"SubnetId": subnet_id} if subnet_id else {}), **more}
    if address:
        options["PrivateIpAddress"] = address
    if groups:
        options["SecurityGroupIds"] = list(groups)
    if cluster:
        options["TagSpecifications"] = tag_specification("instance", cluster, role, name)
    made = session.client("ec2").run_instances(MinCount=1, MaxCount=1, InstanceType="t3.small", **options)
    return str(made["Instances"][0]["InstanceId"])
