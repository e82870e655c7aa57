"""How the Terraform code is laid out: formatted, valid, typed, described, in order, wired by the root alone."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from support.terraform_offline import TERRAFORM, OfflineTerraform
from support.terraform_schema import parse, plain

from fleetkit.workflows.outputs import OUTPUTS

MODULES = sorted(path.name for path in (TERRAFORM / "modules").iterdir())
FOLDERS = [TERRAFORM, *(TERRAFORM / "modules" / name for name in MODULES)]


def named(folder: Path, kind: str) -> dict[str, dict[str, Any]]:
    """Return the variables or outputs of a module, in their order."""
    entries = parse(folder / f"{kind}s.tf").get(kind, [])
    return {plain(name): body for entry in entries for name, body in entry.items() if not name.startswith("__")}


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
class TestEachModule:
    def test_has_its_files(self, folder: Path) -> None:
        assert {"README.md", "outputs.tf", "tests", "variables.tf", "versions.tf"} <= {
            path.name for path in folder.iterdir()
        }
        assert list((folder / "tests").glob("*.tftest.hcl"))

    def test_asks_for_the_same_versions(self, folder: Path) -> None:
        text = (folder / "versions.tf").read_text()
        assert 'required_version = ">= 1.11"' in text
        if folder.name != "user_data":
            assert 'version = ">= 3.39.0, < 7.0.0"' in text

    def test_names_variables_in_order_with_type_and_description(self, folder: Path) -> None:
        variables = named(folder, "variable")
        assert list(variables) == sorted(variables)
        for name, body in variables.items():
            assert "type" in body, name
            assert body.get("description", "").rstrip('"').endswith("."), name

    def test_validates_every_variable_that_can_be_wrong(self, folder: Path) -> None:
        for name, body in named(folder, "variable").items():
            assert "validation" in body or body["type"] in ("${bool}", "bool"), name

    def test_names_outputs_in_order_with_a_description(self, folder: Path) -> None:
        outputs = named(folder, "output")
        assert outputs
        assert list(outputs) == sorted(outputs)
        for name, body in outputs.items():
            assert body.get("description", "").rstrip('"').endswith("."), name

    def test_sets_up_no_provider_and_no_backend(self, folder: Path) -> None:
        for path in folder.glob("*.tf"):
            assert "provider" not in parse(path), path
            assert not any("backend" in block for block in parse(path).get("terraform", [])), path


@pytest.mark.parametrize("name", MODULES)
def test_only_the_root_wires_modules(name: str) -> None:
    for path in (TERRAFORM / "modules" / name).glob("*.tf"):
        assert "module" not in parse(path), path


def test_the_root_puts_out_what_the_library_reads_and_the_command_of_those_who_work_by_hand() -> None:
    # The library's own sshuttle command pins the host key, which Terraform does not know.
    assert set(named(TERRAFORM, "output")) == {*OUTPUTS, "sshuttle"}


def test_no_file_is_longer_than_a_reader_has_patience_for() -> None:
    lengths = {path: len(path.read_text().splitlines()) for path in TERRAFORM.rglob("*.tf")}
    assert [str(path) for path, length in lengths.items() if length > 300] == []


@pytest.mark.sandbox
def test_is_formatted(offline: OfflineTerraform) -> None:
    assert offline.run(TERRAFORM, "fmt", "-check", "-recursive", "-diff", check=False).stdout == ""


@pytest.mark.sandbox
def test_is_valid(offline: OfflineTerraform, root: Path) -> None:
    assert "valid" in offline.run(root, "validate").stdout


@pytest.mark.sandbox
def test_the_example_of_every_readme_is_valid(offline: OfflineTerraform, tmp_path: Path) -> None:
    for name in MODULES:
        text = (TERRAFORM / "modules" / name / "README.md").read_text()
        examples = re.findall(r"```hcl\n(.*?)```", text, re.DOTALL)
        assert len(examples) == 1, f"{name}: one example, and it is tested"
        assert f'source = "./modules/{name}"' in examples[0]
        (tmp_path / f"{name}.tf").write_text(examples[0])
    shutil.copytree(TERRAFORM / "modules", tmp_path / "modules", ignore=shutil.ignore_patterns(".terraform*"))
    offline.run(tmp_path, "init", "-input=false")
    assert "valid" in offline.run(tmp_path, "validate").stdout


@pytest.mark.sandbox
@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_keeps_its_promises_before_a_mocked_provider(offline: OfflineTerraform, folder: Path, tmp_path: Path) -> None:
    # The root's copy needs its modules; a module stands alone.
    shutil.copytree(folder, tmp_path, dirs_exist_ok=True, ignore=shutil.ignore_patterns(".terraform*"))
    offline.run(tmp_path, "init", "-input=false", "-backend=false")
    done = offline.run(tmp_path, "test", "-no-color")
    assert re.search(r"Success! [1-9]\d* passed, 0 failed\.", done.stdout)
