"""The machines of a cluster as EC2 has them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fleetkit.aws._errors import asking
from fleetkit.aws._tags import cluster_filter, read_tags
from fleetkit.aws.session import ROLE_TAG, AwsSession

if TYPE_CHECKING:
    from mypy_boto3_ec2.type_defs import InstanceTypeDef

__all__ = [
    "Instance",
    "count_vcpus",
    "is_protected",
    "lift_termination_protection",
    "list_instances",
    "protect_from_termination",
    "start_instances",
]

_ALIVE = ("pending", "running", "shutting-down", "stopping", "stopped")


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    """One machine.

    Attributes
    ----------
    role
        Value of the role tag: master, internal, public, bastion, deploy; empty where it has none.
    name
        Value of the ``Name`` tag.
    state
        EC2's word: pending, running, shutting-down, stopping, stopped or terminated.
    private_address, public_address
        Empty where it has none.
    group_ids
        The security groups that its interfaces wear.
    public_addresses
        Those of all its interfaces.
    key_name
        The key pair that it was started with; empty where with none.
    http_tokens, hop_limit
        Whether its metadata service asks for tokens, ``required`` or ``optional``, and how far its answers go.
    profile_arn
        The instance profile by which it has a role; empty where it has none.
    """

    instance_id: str
    role: str
    name: str
    zone: str
    state: str
    instance_type: str
    image_id: str
    private_address: str
    public_address: str
    subnet_id: str
    launched: dt.datetime
    tags: dict[str, str]
    group_ids: tuple[str, ...] = ()
    public_addresses: tuple[str, ...] = ()
    key_name: str = ""
    http_tokens: str = ""
    hop_limit: int = 0
    profile_arn: str = ""


def list_instances(
    session: AwsSession, cluster: str, *, role: str | None = None, terminated: bool = False
) -> tuple[Instance, ...]:
    """Return the machines of a cluster, by role, zone and address.

    Parameters
    ----------
    session, cluster
        Where to look, and the value of the cluster tag.
    role
        Only machines of this role.
    terminated
        Whether to list those that are gone too; AWS shows them for about an hour.
    """
    filters = cluster_filter(cluster)
    if role is not None:
        filters.append({"Name": f"tag:{ROLE_TAG}", "Values": [role]})
    if not terminated:
        filters.append({"Name": "instance-state-name", "Values": list(_ALIVE)})
    with asking(f"the instances of {cluster}"):
        pages = session.ec2.get_paginator("describe_instances").paginate(Filters=filters)
        found = [
            _read_instance(instance)
            for page in pages
            for reservation in page["Reservations"]
            for instance in reservation["Instances"]
        ]
    return tuple(sorted(found, key=lambda item: (item.role, item.zone, item.private_address, item.instance_id)))


def count_vcpus(session: AwsSession, instance_types: Sequence[str]) -> dict[str, int]:
    """Return the default number of vCPUs of each instance type that AWS knows."""
    wanted = sorted(set(instance_types))
    if not wanted:
        return {}
    with asking(f"the size of {', '.join(wanted)}"):
        pages = session.ec2.get_paginator("describe_instance_types").paginate(
            Filters=[{"Name": "instance-type", "Values": wanted}]
        )
        return {
            kind["InstanceType"]: kind["VCpuInfo"]["DefaultVCpus"] for page in pages for kind in page["InstanceTypes"]
        }


def lift_termination_protection(session: AwsSession, instance_ids: Iterable[str]) -> None:
    """Let machines be terminated; Terraform cannot remove one that is protected."""
    for instance_id in instance_ids:
        with asking(f"the lifting of the termination protection of {instance_id}"):
            session.ec2.modify_instance_attribute(InstanceId=instance_id, DisableApiTermination={"Value": False})


def protect_from_termination(session: AwsSession, instance_ids: Iterable[str]) -> None:
    """Put back what `lift_termination_protection` lifted."""
    for instance_id in instance_ids:
        with asking(f"the termination protection of {instance_id}"):
            session.ec2.modify_instance_attribute(InstanceId=instance_id, DisableApiTermination={"Value": True})


def is_protected(session: AwsSession, instance_id: str) -> bool:
    """Return whether a machine is protected from being terminated."""
    with asking(f"the termination protection of {instance_id}"):
        answer = session.ec2.describe_instance_attribute(InstanceId=instance_id, Attribute="disableApiTermination")
    return bool(answer["DisableApiTermination"].get("Value"))


def start_instances(session: AwsSession, instance_ids: Sequence[str]) -> None:
    """Ask EC2 to start machines that are stopped; none of them is nothing to ask."""
    if instance_ids:
        with asking(f"the start of {', '.join(instance_ids)}"):
            session.ec2.start_instances(InstanceIds=list(instance_ids))


def _read_instance(instance: InstanceTypeDef) -> Instance:
    tags = read_tags(instance.get("Tags", []))
    return Instance(
        instance_id=instance["InstanceId"],
        role=tags.get(ROLE_TAG, ""),
        name=tags.get("Name", ""),
        zone=instance["Placement"].get("AvailabilityZone", ""),
        state=instance["State"]["Name"],
        instance_type=instance["InstanceType"],
        image_id=instance["ImageId"],
        private_address=instance.get("PrivateIpAddress", ""),
        public_address=instance.get("PublicIpAddress", ""),
        public_addresses=_read_public_addresses(instance),
        subnet_id=instance.get("SubnetId", ""),
        launched=instance["LaunchTime"],
        tags=tags,
        group_ids=_read_groups(instance),
        key_name=instance.get("KeyName", ""),
        http_tokens=instance.get("MetadataOptions", {}).get("HttpTokens", ""),
        hop_limit=instance.get("MetadataOptions", {}).get("HttpPutResponseHopLimit", 0),
        profile_arn=instance.get("IamInstanceProfile", {}).get("Arn", ""),
    )


def _read_public_addresses(instance: InstanceTypeDef) -> tuple[str, ...]:
    found = {instance.get("PublicIpAddress", "")}
    for interface in instance.get("NetworkInterfaces", []):
        found |= {one.get("Association", {}).get("PublicIp", "") for one in interface.get("PrivateIpAddresses", [])}
    return tuple(sorted(found - {""}))


def _read_groups(instance: InstanceTypeDef) -> tuple[str, ...]:
    # The instance's own list is that of its first interface.
    worn = [*instance.get("SecurityGroups", [])]
    worn += [group for interface in instance.get("NetworkInterfaces", []) for group in interface.get("Groups", [])]
    return tuple(sorted({group["GroupId"] for group in worn}))
