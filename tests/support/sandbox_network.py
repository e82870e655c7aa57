"""A small VPC of a running sandbox, made with boto3: what tests of booting machines start from."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import boto3
from botocore.config import Config

from fleetkit.core import NotYet, Patience, wait_until
from fleetkit.sandbox import Sandbox

BUCKET = "fetched"
OBJECT = "roles/master/etcd1/manifest"
GRANT = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{BUCKET}/roles/master/*"}],
}
EC2_TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "ec2.amazonaws.com"}}],
}
_ONCE = Config(retries={"total_max_attempts": 1})
BOOT = Patience(deadline_s=45, interval_s=0.2)


def ignition(*, files: Mapping[str, str] | None = None, units: Mapping[str, str] | None = None) -> str:
    """Return an Ignition document with text files and enabled units."""
    from urllib.parse import quote

    return json.dumps(
        {
            "ignition": {"version": "3.3.0"},
            "storage": {
                "files": [
                    {"path": path, "mode": 0o755, "contents": {"source": f"data:,{quote(text)}"}}
                    for path, text in (files or {}).items()
                ]
            },
            "systemd": {
                "units": [{"name": name, "enabled": True, "contents": text} for name, text in (units or {}).items()]
            },
        }
    )


@dataclass
class Network:
    """A VPC with one private subnet behind a NAT gateway and one public subnet, a role and a bucket."""

    sandbox: Sandbox
    cidr: str = "10.20"
    made: dict[str, Any] = field(default_factory=dict)

    def client(self, service: str) -> Any:
        env = self.sandbox.environment
        return boto3.client(
            service,
            region_name=env["AWS_REGION"],
            endpoint_url=env["AWS_ENDPOINT_URL"],
            aws_access_key_id=env["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=env["AWS_SECRET_ACCESS_KEY"],
            config=_ONCE,
        )

    def make(self) -> Network:
        ec2 = self.client("ec2")
        vpc = ec2.create_vpc(CidrBlock=f"{self.cidr}.0.0/16")["Vpc"]["VpcId"]
        public = self._subnet(vpc, f"{self.cidr}.0.0/24")
        private = self._subnet(vpc, f"{self.cidr}.1.0/24")
        gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
        ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
        allocation = ec2.allocate_address(Domain="vpc")["AllocationId"]
        nat = ec2.create_nat_gateway(SubnetId=public, AllocationId=allocation)["NatGateway"]["NatGatewayId"]
        for subnet, way in ((public, {"GatewayId": gateway}), (private, {"NatGatewayId": nat})):
            table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
            ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", **way)
            ec2.associate_route_table(RouteTableId=table, SubnetId=subnet)
            self.made[f"table {subnet}"] = table
        group = ec2.create_security_group(GroupName="machines", Description="machines", VpcId=vpc)["GroupId"]
        self.made |= {"vpc": vpc, "public": public, "private": private, "group": group}
        self._make_role()
        return self

    def _subnet(self, vpc: str, cidr: str) -> str:
        answer = self.client("ec2").create_subnet(VpcId=vpc, CidrBlock=cidr, AvailabilityZone="us-west-2a")
        return str(answer["Subnet"]["SubnetId"])

    def _make_role(self) -> None:
        iam, s3 = self.client("iam"), self.client("s3")
        iam.create_role(RoleName="master", AssumeRolePolicyDocument=json.dumps(EC2_TRUST))
        self.grant()
        iam.create_instance_profile(InstanceProfileName="master")
        iam.add_role_to_instance_profile(InstanceProfileName="master", RoleName="master")
        s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "us-west-2"})
        s3.put_object(Bucket=BUCKET, Key=OBJECT, Body=b"from the bucket\n")

    def grant(self) -> None:
        self.client("iam").put_role_policy(RoleName="master", PolicyName="fetch", PolicyDocument=json.dumps(GRANT))

    def image(self, owner: str) -> str:
        images = self.client("ec2").describe_images(Owners=[owner])["Images"]
        return str(max(images, key=lambda one: one["CreationDate"])["ImageId"])

    def run(
        self, user_data: str, *, subnet: str = "private", owner: str = "075585003325", address: str = "", **more: Any
    ) -> str:
        """Run an instance, at a private address where one is given, and return its id."""
        answer = self.client("ec2").run_instances(
            ImageId=self.image(owner),
            MinCount=1,
            MaxCount=1,
            InstanceType="t3.small",
            KeyName="fleetkit",
            IamInstanceProfile={"Name": "master"},
            MetadataOptions={"HttpTokens": "required"},
            UserData=user_data,
            NetworkInterfaces=[
                {
                    "DeviceIndex": 0,
                    "SubnetId": self.made[subnet],
                    "Groups": [self.made["group"]],
                    "AssociatePublicIpAddress": subnet == "public",
                    **({"PrivateIpAddress": address} if address else {}),
                }
            ],
            **more,
        )
        return str(answer["Instances"][0]["InstanceId"])

    def report(self, instance: str) -> dict[str, Any] | None:
        return next((one for one in self.sandbox.machines() if one["instance_id"] == instance), None)

    def wait_state(self, instance: str, *states: str) -> dict[str, Any]:
        """Wait until a machine is in one of these states."""

        def look() -> dict[str, Any] | NotYet[dict[str, Any]]:
            found = self.report(instance)
            if found is not None and found["state"] in states:
                return found
            return NotYet("no machine yet" if found is None else f"{found['state']}: {found['failure']}")

        return wait_until(look, what=f"{instance} to be {' or '.join(states)}", patience=BOOT)
