"""Where a cluster's state lives: in a file of its working copy, or in S3 with a lock file beside it."""

from __future__ import annotations

import json
from dataclasses import dataclass

__all__ = ["Backend", "LocalBackend", "S3Backend"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalBackend:
    """State in ``terraform.tfstate`` of the working copy; locked while Terraform runs on this computer."""

    def render(self) -> str:
        """Return the HCL that chooses this backend."""
        return 'terraform {\n  backend "local" {}\n}\n'

    def __str__(self) -> str:
        return "a file in the working copy"


@dataclass(frozen=True, slots=True, kw_only=True)
class S3Backend:
    """State in a bucket that exists already and outlasts the cluster; locked by an object beside it.

    Attributes
    ----------
    bucket, key, region
        Where the state object lies.
    endpoint_url
        Address of an API that stands in for AWS, as in AWS_ENDPOINT_URL; empty for AWS itself.
    """

    bucket: str
    key: str
    region: str
    endpoint_url: str = ""

    def render(self) -> str:
        """Return the HCL that chooses this backend."""
        lines = [
            f"bucket       = {_quote(self.bucket)}",
            f"key          = {_quote(self.key)}",
            f"region       = {_quote(self.region)}",
            "encrypt      = true",
            "use_lockfile = true",
        ]
        if self.endpoint_url:
            # What stands in for AWS answers on one address: neither buckets as host names nor AWS's own checks fit it.
            where = _quote(self.endpoint_url)
            lines += [
                f"endpoints = {{ s3 = {where}, sts = {where}, iam = {where} }}",
                "use_path_style              = true",
                "skip_credentials_validation = true",
                "skip_metadata_api_check     = true",
                "skip_requesting_account_id  = true",
                "skip_region_validation      = true",
            ]
        body = "\n".join(f"    {line}" for line in lines)
        return f'terraform {{\n  backend "s3" {{\n{body}\n  }}\n}}\n'

    def __str__(self) -> str:
        return f"s3://{self.bucket}/{self.key}"


Backend = LocalBackend | S3Backend
"""Any of the two."""


def _quote(text: str) -> str:
    # HCL reads JSON strings, but for its own templates.
    return json.dumps(text, ensure_ascii=False).replace("${", "$${").replace("%{", "%%{")
