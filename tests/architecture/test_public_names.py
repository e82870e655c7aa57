"""The public face of each room is one hand-kept list, and this compares it with what is there."""

from __future__ import annotations

import ast
import importlib
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "fleetkit"


def modules() -> list[str]:
    found = []
    for file in sorted(PACKAGE.rglob("*.py")):
        if "_data" in file.parts or file.name == "__main__.py":
            continue
        parts = ("fleetkit", *file.relative_to(PACKAGE).with_suffix("").parts)
        found.append(".".join(parts[:-1] if parts[-1] == "__init__" else parts))
    return found


def declared(tree: ast.Module) -> list[str] | None:
    for node in tree.body:
        target = node.targets[0] if isinstance(node, ast.Assign) else getattr(node, "target", None)
        if isinstance(target, ast.Name) and target.id == "__all__" and node.value is not None:  # type: ignore[attr-defined]
            return list(ast.literal_eval(node.value))  # type: ignore[attr-defined]
    return None


def defined(tree: ast.Module) -> set[str]:
    """Return the public names that a module itself defines: functions, classes and constants."""
    names: set[str] = set()
    for node in tree.body:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            names.add(node.name)
        elif isinstance(node, ast.Assign):
            names.update(target.id for target in node.targets if isinstance(target, ast.Name))
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            names.add(node.target.id)
    # Type variables are written with one letter and belong to the signatures, not to the face.
    return {name for name in names if not name.startswith("_") and len(name) > 1}


def source(module: str) -> ast.Module:
    parts = module.split(".")[1:]
    folder = PACKAGE.joinpath(*parts)
    file = folder / "__init__.py" if folder.is_dir() else folder.with_suffix(".py")
    return ast.parse(file.read_text(encoding="utf-8"))


@pytest.mark.parametrize("module", modules())
def test_a_module_lists_exactly_the_public_names_it_defines(module: str) -> None:
    tree = source(module)
    listed = declared(tree)
    names = defined(tree)
    if listed is None:
        assert names == set(), f"{module} defines public names but has no __all__"
        return
    assert len(listed) == len(set(listed))
    assert names <= set(listed), f"{module} defines names that __all__ does not list"


@pytest.mark.parametrize("module", modules())
def test_every_listed_name_is_there(module: str) -> None:
    listed = declared(source(module)) or []
    loaded = importlib.import_module(module)
    assert [name for name in listed if not hasattr(loaded, name)] == []
