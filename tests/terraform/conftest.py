"""One Terraform, one initialised copy and one plan for all tests of the infrastructure."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from support.terraform_offline import OfflineTerraform, offline_terraform


@pytest.fixture(scope="session")
def offline(tmp_path_factory: pytest.TempPathFactory) -> OfflineTerraform:
    """Terraform with its provider in a folder of this test run."""
    return offline_terraform(tmp_path_factory.mktemp("terraform"))


@pytest.fixture(scope="session")
def root(offline: OfflineTerraform, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Lay an initialised copy of the root module."""
    return offline.lay_copy(tmp_path_factory.mktemp("root"))


@pytest.fixture(scope="session")
def minimal(offline: OfflineTerraform, root: Path) -> dict[str, Any]:
    """Plan the example with a VPC of its own and a bastion."""
    return offline.plan(root, "minimal")


@pytest.fixture(scope="session")
def existing_vpc(offline: OfflineTerraform, root: Path) -> dict[str, Any]:
    """Plan the example with five masters in a VPC that exists, a VPN and HTTPS."""
    return offline.plan(root, "existing-vpc")
