"""The whole infrastructure, made, changed and unmade by Terraform alone in an emulated AWS: the way by hand."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from support.sandbox_moto import SERVE
from support.terraform_offline import OfflineTerraform

pytestmark = [pytest.mark.sandbox, pytest.mark.slow, pytest.mark.timeout(1500)]

REGION = "us-west-2"
BUCKET = "fleetkit-demo-123456789012-us-west-2"
SERVICES = ("autoscaling", "cloudwatchlogs", "ec2", "elb", "iam", "route53", "s3", "sts")
UBUNTU = "ami-0b0e7a2404000000b"
FLATCAR, NEWER_FLATCAR = "ami-0f1a7ca2459325001", "ami-0f1a7ca2459325002"


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """An emulated AWS account and a working copy of the root module for it."""

    url: str
    key_id: str
    secret: str
    folder: Path
    terraform: OfflineTerraform

    def client(self, service: str) -> Any:
        import boto3

        return boto3.client(
            service,
            region_name=REGION,
            endpoint_url=self.url,
            aws_access_key_id=self.key_id,
            aws_secret_access_key=self.secret,
        )

    def run(self, command: str, *options: str, image: str = FLATCAR, check: bool = True) -> str:
        """Run plan, apply or destroy with the example's values; return what was said."""
        images = f'images={{flatcar="{image}",ubuntu="{UBUNTU}"}}'
        words = [command, "-input=false", "-no-color", "-var-file=examples/minimal.tfvars", "-var", images, *options]
        done = self.terraform.run(self.folder, *words, timeout_s=600, check=check)
        return f"exit {done.returncode}\n{done.stdout}{done.stderr}"


@pytest.fixture
def account(offline: OfflineTerraform, tmp_path: Path) -> Iterator[Account]:
    """Open an account that has what must be there before Terraform: the bucket and the key pair."""
    command = [sys.executable, "-c", SERVE, str(tmp_path), REGION]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        url, key_id, secret = server.stdout.readline().split()
        endpoints = "\n".join(f'    {service} = "{url}"' for service in SERVICES)
        provider = (
            f'provider "aws" {{\n  region = "{REGION}"\n  access_key = "{key_id}"\n  secret_key = "{secret}"\n'
            "  max_retries = 2\n  s3_force_path_style = true\n  skip_credentials_validation = true\n"
            f"  skip_metadata_api_check = true\n  endpoints {{\n{endpoints}\n  }}\n}}\n"
        )
        folder = offline.lay_copy(tmp_path / "copy", provider=provider)
        account = Account(url=url, key_id=key_id, secret=secret, folder=folder, terraform=offline)
        where: Any = {"LocationConstraint": REGION}
        account.client("s3").create_bucket(Bucket=BUCKET, CreateBucketConfiguration=where)
        account.client("ec2").create_key_pair(KeyName="fleetkit")
        yield account
        assert server.stdin is not None
        server.stdin.close()


def _masters(account: Account) -> dict[str, tuple[str, str, bool]]:
    """Return name to instance, image and protection of each running master."""
    ec2 = account.client("ec2")
    wanted = {"tag:fleetkit:role": "master", "instance-state-name": "running"}
    filters = [{"Name": name, "Values": [value]} for name, value in wanted.items()]
    found = [one for group in ec2.describe_instances(Filters=filters)["Reservations"] for one in group["Instances"]]
    masters = {}
    for one in found:
        name = next(tag["Value"] for tag in one["Tags"] if tag["Key"] == "Name")
        told = ec2.describe_instance_attribute(InstanceId=one["InstanceId"], Attribute="disableApiTermination")
        masters[name] = (one["InstanceId"], one["ImageId"], told["DisableApiTermination"]["Value"])
    return masters


def _replace_one_master(account: Account, *options: str) -> None:
    """Do what the module's README says, and see that one member alone gets the newer image."""
    address = 'module.etcd.aws_instance.member["etcd1"]'
    before = _masters(account)
    lifted = ("-var", "termination_protection=false", f"-target={address}")
    account.run("apply", "-auto-approve", *lifted, *options, image=NEWER_FLATCAR)
    account.run("apply", "-auto-approve", f"-replace={address}", *options, image=NEWER_FLATCAR)
    after = _masters(account)
    (changed,) = [name for name in before if before[name] != after[name]]
    assert changed.endswith("etcd1")
    assert (before[changed][1:], after[changed][1:]) == ((FLATCAR, True), (NEWER_FLATCAR, True))


def test_a_cluster_s_life(account: Account) -> None:
    """One test, because each step takes what the one before it left, and a load balancer takes a minute."""
    made = account.run("apply", "-auto-approve")
    assert "0 changed, 0 destroyed" in made

    assert account.run("plan", "-detailed-exitcode").startswith("exit 0\n"), "a second plan must be empty"

    changed = account.run("plan", "-var", 'masters_instance={instance_type="m5.large",disk_gb=50}', image=NEWER_FLATCAR)
    assert "module.etcd" not in "\n".join(line for line in changed.splitlines() if line.startswith("  # "))
    assert "Plan: 0 to add, 4 to change, 0 to destroy." in changed

    # The deploy host works, leaves its mark, and ends itself.
    enabled = ("-var", 'deploy_host={enabled=true,instance_type="t3.small"}')
    account.run("apply", "-auto-approve", *enabled)
    account.client("s3").put_object(Bucket=BUCKET, Key="roles/deploy/done", Body=b"now")
    ec2 = account.client("ec2")
    wanted = [{"Name": "tag:fleetkit:role", "Values": ["deploy"]}]
    (reservation,) = ec2.describe_instances(Filters=wanted)["Reservations"]
    ec2.terminate_instances(InstanceIds=[reservation["Instances"][0]["InstanceId"]])
    assert account.run("plan", "-detailed-exitcode", *enabled).startswith("exit 0\n"), "it must not be wanted back"

    _replace_one_master(account, *enabled)

    refused = account.run("destroy", "-auto-approve", *enabled, check=False)
    assert "may not be terminated" in refused

    account.run("apply", "-auto-approve", "-var", "termination_protection=false", "-target=module.etcd")
    gone = account.run("destroy", "-auto-approve", "-var", "termination_protection=false")
    assert "Destroy complete!" in gone
    assert account.terraform.run(account.folder, "state", "list").stdout == ""
    tagged = [{"Name": "tag:fleetkit:cluster", "Values": ["demo"]}]
    assert ec2.describe_vpcs(Filters=tagged)["Vpcs"] == []
    assert ec2.describe_security_groups(Filters=tagged)["SecurityGroups"] == []
    assert account.client("elbv2").describe_load_balancers()["LoadBalancers"] == []
