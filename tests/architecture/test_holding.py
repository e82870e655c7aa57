"""Whoever changes a cluster over the way in is alone with it, on this computer and on all others."""

from __future__ import annotations

import ast
from pathlib import Path

WORKFLOWS = Path(__file__).parents[2] / "fleetkit" / "workflows"


def calls_in(function: ast.FunctionDef) -> set[str]:
    """Return the names of what a function calls by a bare name."""
    calls = [node.func for node in ast.walk(function) if isinstance(node, ast.Call)]
    return {one.id for one in calls if isinstance(one, ast.Name)}


def test_each_apply_that_opens_the_way_in_holds_the_cluster_and_its_state() -> None:
    found = {
        node.name: calls_in(node)
        for file in WORKFLOWS.glob("*.py")
        for node in ast.parse(file.read_text(encoding="utf-8")).body
        if isinstance(node, ast.FunctionDef) and node.name.startswith("apply_")
    }
    over_the_way = {name for name, calls in found.items() if "open_way_in" in calls}
    assert over_the_way >= {"apply_defragment", "apply_replace", "apply_resize", "apply_restore", "apply_rotation"}
    assert {name for name in over_the_way if "hold_everywhere" not in found[name]} == set()
