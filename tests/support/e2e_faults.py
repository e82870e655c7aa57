"""Faults that somebody puts into a deployed cluster by AWS's own console, and takes back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from support.e2e_world import CLUSTER, World

__all__ = ["opened_bastion"]


@contextmanager
def opened_bastion(world: World) -> Iterator[None]:
    """Let the world in to the bastion for a while."""
    filters = [
        {"Name": "tag:fleetkit:cluster", "Values": [CLUSTER]},
        {"Name": "tag:fleetkit:role", "Values": ["bastion"]},
    ]
    ec2 = world.client("ec2")
    (group,) = ec2.describe_security_groups(Filters=filters)["SecurityGroups"]
    rule = [{"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]
    ec2.authorize_security_group_ingress(GroupId=group["GroupId"], IpPermissions=rule)
    try:
        yield
    finally:
        ec2.revoke_security_group_ingress(GroupId=group["GroupId"], IpPermissions=rule)
