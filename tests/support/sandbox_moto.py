"""moto inside the test's own process: clients, and the few resources that several tests start from."""

from __future__ import annotations

import contextlib
import functools
import os
from collections.abc import Iterator
from typing import Any
from unittest import mock

from fleetkit.sandbox.aws.patches import Patch, applied

REGION = "us-west-2"
IMAGE = "ami-0123456789abcdef0"


@functools.cache
def _client(service: str) -> Any:
    import boto3

    return boto3.client(service, region_name=REGION)


class Moto:
    """Clients of an emulated AWS that lives as long as the test."""

    def __getattr__(self, service: str) -> Any:
        return _client({"quotas": "service-quotas"}.get(service, service))

    def make_network(self) -> tuple[str, list[str]]:
        """Make a VPC with a subnet in each of two zones; return its id and theirs."""
        vpc = self.ec2.create_vpc(CidrBlock="10.10.0.0/16")["Vpc"]["VpcId"]
        subnets = [
            self.ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.10.{index}.0/24", AvailabilityZone=f"{REGION}{zone}")[
                "Subnet"
            ]["SubnetId"]
            for index, zone in enumerate("ab")
        ]
        return vpc, subnets

    def run_one(self, subnet: str, **more: Any) -> dict[str, Any]:
        """Run one instance in a subnet."""
        answer: dict[str, Any] = self.ec2.run_instances(
            ImageId=IMAGE, MinCount=1, MaxCount=1, InstanceType="t3.small", SubnetId=subnet, **more
        )["Instances"][0]
        return answer


@contextlib.contextmanager
def emulated_aws(*patches: Patch) -> Iterator[Moto]:
    """Yield clients of a fresh moto that has ``patches`` on and no other."""
    from moto import mock_aws

    # moto's own list of images takes a second to load, and no test looks at it.
    without_images = mock.patch.dict(os.environ, {"MOTO_EC2_LOAD_DEFAULT_AMIS": "false"})
    with without_images, applied(*patches), mock_aws():
        yield Moto()


SERVE = """
import sys
from pathlib import Path
from fleetkit.sandbox.aws.server import AwsServer
with AwsServer(Path(sys.argv[1]), region=sys.argv[2]) as server:
    key = server.operator
    print(server.url, key.access_key_id, key.secret_access_key, flush=True)
    sys.stdin.read()
"""
"""A process that holds an emulated AWS until its standard input is closed; moto's state is global to a process."""
