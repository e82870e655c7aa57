"""The anatomy of a notebook: what makes it readable, thin, and safe to start."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import get_type_hints

import nbformat
import pytest

from fleetkit import runs, ui, workflows
from fleetkit.core import data_folder
from fleetkit.runs import is_over_many, list_notebooks, read_parameters
from fleetkit.views import (
    DEFRAGMENT_STEPS,
    DEPLOY_STEPS,
    DESTROY_STEPS,
    DRAIN_STEPS,
    REPLACE_STEPS,
    RESIZE_STEPS,
    RESTORE_STEPS,
    ROTATE_STEPS,
    SYNC_NAMES_STEPS,
    UNITS_STEPS,
    UPGRADE_STEPS,
)

ROOT = data_folder("notebooks")
NOTEBOOKS = [notebook.path for notebook in list_notebooks()]
LONGEST_CELL = 8
FACTS = ("Reads", "Changes", "Needs", "Takes about")
FORBIDDEN = (
    ast.FunctionDef,
    ast.AsyncFunctionDef,
    ast.Lambda,
    ast.ClassDef,
    ast.Try,
    ast.TryStar,
    ast.For,
    ast.AsyncFor,
    ast.While,
    ast.ListComp,
    ast.SetComp,
    ast.DictComp,
    ast.GeneratorExp,
    ast.With,
    ast.If,
)

each_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def read_cells(path: Path) -> list[dict]:
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return [{**cell, "source": "".join(cell["source"])} for cell in cells]


def code_of(path: Path) -> list[str]:
    return [cell["source"] for cell in read_cells(path) if cell["cell_type"] == "code"]


def steps_of(path: Path) -> list[tuple[str, str]]:
    """Return heading and code of each step, which is everything after the set-up cell."""
    cells = read_cells(path)[3:]
    assert [cell["cell_type"] for cell in cells] == ["markdown", "code"] * (len(cells) // 2)
    return [(why["source"], code["source"]) for why, code in zip(cells[::2], cells[1::2], strict=True)]


def calls_in(source: str) -> list[ast.Call]:
    return [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]


def name_of(call: ast.Call) -> str:
    return ast.unparse(call.func)


def guide_of(path: Path) -> type | None:
    """Return the class of the guide that leads through a notebook; None where it calls the workflows itself."""
    names = [name_of(call) for source in code_of(path) for call in calls_in(source)]
    begun = [name.removeprefix("ui.") for name in names if name.startswith("ui.begin_")]
    if not begun:
        return None
    return get_type_hints(getattr(ui, begun[0]))["return"]


def test_there_are_the_three_that_a_cluster_needs_to_live_and_die():
    names = {path.relative_to(ROOT).as_posix() for path in NOTEBOOKS}
    assert names >= {
        "deploy/10-deploy-cluster.ipynb",
        "inspect/20-inspect-cluster.ipynb",
        "destroy/90-destroy-cluster.ipynb",
    }


@each_notebook
def test_the_name_is_a_number_a_verb_and_an_object(path):
    assert re.fullmatch(r"\d{2}-[a-z]+(-[a-z]+)+", path.stem)
    numbers = [other.name[:2] for other in NOTEBOOKS]
    assert numbers.count(path.name[:2]) == 1


@each_notebook
def test_the_shelfs_readme_lists_it(path):
    readme = (path.parent / "README.md").read_text(encoding="utf-8")
    assert f"| [{path.stem}]({path.name}) |" in readme
    assert f"{path.parent.name}/README.md" in (ROOT / "README.md").read_text(encoding="utf-8")


@each_notebook
def test_it_is_a_valid_notebook_for_python_with_ids_that_say_something(path):
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    assert notebook.metadata.kernelspec.name == "python3"
    ids = [cell.id for cell in notebook.cells]
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch(r"[a-z][a-z-]+", one) for one in ids)


@each_notebook
def test_it_begins_with_a_title_one_sentence_and_four_facts(path):
    first = read_cells(path)[0]
    assert first["cell_type"] == "markdown"
    title, sentence, *facts = [line for line in first["source"].splitlines() if line]
    assert title.startswith("# ")
    assert re.fullmatch(r"[^.]+\.", sentence)
    assert [re.match(r"- \*(.+?)\*: \S", fact)[1] for fact in facts] == list(FACTS)


@each_notebook
def test_the_parameters_cell_comes_second_with_commented_literals_and_safe_defaults(path):
    cell = read_cells(path)[1]
    assert cell["metadata"]["tags"] == ["parameters"]
    parameters = read_parameters({"cells": [cell]})
    assert parameters[0].name == ("clusters" if is_over_many(one.name for one in parameters) else "cluster")
    assert all(parameter.comment for parameter in parameters)
    assert not any(re.search(r"(?i)password|secret|token|key", parameter.name) for parameter in parameters)
    assert {parameter.default for parameter in parameters if parameter.name in {"cluster", "approve"}} <= {""}
    assert sum("parameters" in other["metadata"].get("tags", []) for other in read_cells(path)) == 1


@each_notebook
def test_one_set_up_cell_imports_and_begins_the_run_with_all_parameters(path):
    """That a run goes by its notebook's own name is tried in test_without_a_cluster, by running it."""
    cells = read_cells(path)
    assert cells[2]["cell_type"] == "code"
    importing = [source for source in code_of(path) if re.search(r"^(import|from) ", source, re.MULTILINE)]
    assert importing == [cells[2]["source"]]
    names = {parameter.name for parameter in read_parameters({"cells": cells})}
    (begin,) = [
        call for call in calls_in(cells[2]["source"]) if name_of(call).startswith(("workflows.begin_", "ui.begin_"))
    ]
    # What does not fit on the line of the call stands on one of its own.
    put_before = {
        node.targets[0].id: ast.unparse(node.value)
        for node in ast.parse(cells[2]["source"]).body
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and isinstance(node.value, ast.Dict)
    }
    words = {keyword.arg: ast.unparse(keyword.value) for keyword in begin.keywords}
    given = {name: put_before.get(word, word) for name, word in words.items()}
    if guide_of(path) is None:
        assert given["notebook"] == repr(path.stem)
        assert all(f"'{name}': {name}" in given["parameters"] for name in names)
    else:
        assert {name: name for name in names} == given


@each_notebook
def test_each_step_has_a_heading_with_a_reason_and_a_short_cell(path):
    for why, code in steps_of(path):
        heading, *reason = [line for line in why.splitlines() if line]
        assert heading.startswith("## ")
        assert reason
        assert all(line.endswith((".", ":")) for line in reason)
        assert 1 <= len(code.splitlines()) <= LONGEST_CELL
    assert all(len(source.splitlines()) <= LONGEST_CELL for source in code_of(path))


@each_notebook
def test_each_step_makes_one_call_and_shows_one_result(path):
    for _, code in steps_of(path):
        tree = ast.parse(code)
        calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
        assert len(calls) <= 1, code
        assert isinstance(tree.body[-1], ast.Expr), code


@each_notebook
def test_no_logic_and_no_shell_lives_in_it(path):
    for source in code_of(path):
        assert not re.search(r"^\s*[!%]", source, re.MULTILINE)
        found = [type(node).__name__ for node in ast.walk(ast.parse(source)) if isinstance(node, FORBIDDEN)]
        assert not found, source


@each_notebook
def test_what_changes_the_world_is_planned_shown_approved_applied_and_verified_in_this_order(path):
    calls = re.findall(r"(?:workflows|guide)\.([a-z]+)_?\w*\(", "\n".join(code_of(path)))
    if "apply" not in calls:
        assert not {"plan", "approve"} & set(calls)
        return
    # A guide shows each step's result, and locks a step until those before it have passed.
    assert guide_of(path) is not None
    order = [calls.index(verb) for verb in ("plan", "approve", "apply", "verify")]
    assert order == sorted(order)


@each_notebook
def test_the_steps_of_a_guide_stand_in_the_notebook_in_the_order_in_which_it_lets_them_pass(path):
    guide = guide_of(path)
    if guide is None:
        return
    steps = {
        ui.DefragmentGuide: DEFRAGMENT_STEPS,
        ui.DeployGuide: DEPLOY_STEPS,
        ui.DestroyGuide: DESTROY_STEPS,
        ui.DrainGuide: DRAIN_STEPS,
        ui.ReplaceGuide: REPLACE_STEPS,
        ui.ResizeGuide: RESIZE_STEPS,
        ui.RestoreGuide: RESTORE_STEPS,
        ui.RotateGuide: ROTATE_STEPS,
        ui.SyncNamesGuide: SYNC_NAMES_STEPS,
        ui.UnitsGuide: UNITS_STEPS,
        ui.UpgradeGuide: UPGRADE_STEPS,
    }[guide]
    called = [code.removeprefix("guide.").removesuffix("()") for _, code in steps_of(path)]
    assert [name for name in called if name in {step.name for step in steps}] == [step.name for step in steps]


@each_notebook
def test_the_last_cell_shows_the_outcome(path):
    why, code = steps_of(path)[-1]
    assert why.startswith("## Outcome")
    assert re.fullmatch(r"run\.finish\(\w+\)" if guide_of(path) is None else r"guide\.outcome\(\)", code)


@each_notebook
def test_outputs_counts_and_traces_of_runs_are_stripped(path):
    document = json.loads(path.read_text(encoding="utf-8"))
    for cell in document["cells"]:
        assert cell.get("outputs", []) == []
        assert cell.get("execution_count") is None
        assert set(cell["metadata"]) <= {"tags"}
    # What a notebook itself says of how far it may go with nobody there is no trace of a run.
    assert set(document["metadata"]) - {"fleetkit"} == {"kernelspec", "language_info"}
    assert set(document["metadata"].get("fleetkit", ())) <= {"unattended"}
    assert set(document["metadata"]["language_info"]) == {"name"}


@each_notebook
def test_it_calls_only_what_the_library_offers(path):
    rooms = {"runs": runs, "ui": ui, "workflows": workflows}
    tree = ast.parse("\n".join(code_of(path)))
    used = [node for node in ast.walk(tree) if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)]
    called = {(node.value.id, node.attr) for node in used if node.value.id in rooms}
    assert called
    missing = {(room, name) for room, name in called if name not in rooms[room].__all__}
    assert not missing
    steps = {node.attr for node in used if node.value.id == "guide"}
    assert all(callable(getattr(guide_of(path), name, None)) and not name.startswith("_") for name in steps)


def test_ruff_accepts_the_notebooks_and_their_form():
    for arguments in (["check"], ["format", "--check"]):
        done = subprocess.run(
            [sys.executable, "-m", "ruff", *arguments, str(ROOT)], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout
