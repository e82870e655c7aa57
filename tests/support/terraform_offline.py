"""Run the real Terraform on our own code with the real AWS provider 3.39, with no network and no AWS."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from support.tf_aws import unpack_provider, write_cli_configuration

from fleetkit.terraform import find_terraform

TERRAFORM = Path(__file__).resolve().parents[2] / "terraform"

# Nothing here asks AWS: a plan of what does not exist yet needs no answer from it.
PROVIDER = """
provider "aws" {
  region                      = "us-west-2"
  access_key                  = "testing"
  secret_key                  = "testing"
  max_retries                 = 1
  skip_credentials_validation = true
  skip_get_ec2_platforms      = true
  skip_metadata_api_check     = true
  skip_requesting_account_id  = true
}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class OfflineTerraform:
    """A Terraform that finds its provider in a folder."""

    program: Path
    environ: dict[str, str]

    def run(
        self, folder: Path, *arguments: str, timeout_s: float = 110, check: bool = True
    ) -> subprocess.CompletedProcess[str]:
        """Run Terraform in ``folder``; a failure fails the test with what Terraform said."""
        done = subprocess.run(
            [str(self.program), *arguments],
            cwd=folder,
            env=self.environ,
            capture_output=True,
            text=True,
            timeout=timeout_s,
        )
        if check and done.returncode != 0:
            pytest.fail(f"terraform {' '.join(arguments)} exited {done.returncode}:\n{done.stdout}\n{done.stderr}")
        return done

    def lay_copy(self, folder: Path, *, provider: str = PROVIDER) -> Path:
        """Copy the whole of ``terraform/`` into ``folder``, put a provider block beside it and initialise it."""
        shutil.copytree(TERRAFORM, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns(".terraform*"))
        (folder / "provider.tf").write_text(provider, encoding="utf-8")
        self.run(folder, "init", "-input=false")
        return folder

    def plan(self, folder: Path, example: str, **variables: Any) -> dict[str, Any]:
        """Plan an example, with some variables given another value, and return the plan as JSON."""
        (folder / "test.tfvars.json").write_text(json.dumps(variables), encoding="utf-8")
        self.run(
            folder,
            "plan",
            "-input=false",
            "-refresh=false",
            f"-var-file=examples/{example}.tfvars",
            "-var-file=test.tfvars.json",
            "-out=test.tfplan",
        )
        plan: dict[str, Any] = json.loads(self.run(folder, "show", "-json", "test.tfplan").stdout)
        return plan


def offline_terraform(folder: Path) -> OfflineTerraform:
    """Set up Terraform and its provider below ``folder``; skips the test where the provider is not installed."""
    mirror = unpack_provider(folder / "mirror")
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("TF_", "AWS_"))}
    environ |= {
        "CHECKPOINT_DISABLE": "1",
        "NO_COLOR": "1",
        "TF_CLI_CONFIG_FILE": str(write_cli_configuration(folder / "terraformrc", mirror)),
        "TF_IN_AUTOMATION": "1",
    }
    found = find_terraform(None, os.environ["PATH"], launcher_folder=folder / "launcher", environ=environ)
    return OfflineTerraform(program=found.path, environ=environ)


def planned(plan: dict[str, Any], type_: str) -> dict[str, dict[str, Any]]:
    """Return address → planned values of every resource of a type."""
    return {
        change["address"]: change["change"]["after"]
        for change in plan["resource_changes"]
        if change["type"] == type_ and change["mode"] == "managed" and change["change"]["after"] is not None
    }


def user_data(plan: dict[str, Any]) -> dict[str, str]:
    """Return address → user data, as the machine will read it, of everything that boots."""
    encoded = {
        **{address: values["user_data_base64"] for address, values in planned(plan, "aws_instance").items()},
        **{address: values["user_data"] for address, values in planned(plan, "aws_launch_template").items()},
    }
    return {address: base64.b64decode(text).decode() for address, text in encoded.items()}
