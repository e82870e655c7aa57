"""Copies of notebooks to work in: the package's stay untouched, and so does what a person changed."""

from __future__ import annotations

import shutil
from pathlib import Path

import nbformat
import pytest

from fleetkit.core import data_folder
from fleetkit.runs import CopyState, copy_notebooks


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Return a package's notebooks, of which a newer version can be made."""
    folder = tmp_path / "package" / "notebooks"
    (folder / "look").mkdir(parents=True)
    write(folder / "look" / "20-look.ipynb", "print(1)")
    return folder


def write(path: Path, *sources: str) -> None:
    cells = [nbformat.v4.new_code_cell(source, id=f"cell-{place}") for place, source in enumerate(sources)]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)


def states(folder: Path, source: Path | None = None) -> set[CopyState]:
    return {copy.state for copy in copy_notebooks(folder, source=source)}


def test_all_packaged_notebooks_are_copied_once(tmp_path: Path) -> None:
    copies = copy_notebooks(tmp_path)
    packaged = data_folder("notebooks")
    for copy in copies:
        assert copy.state is CopyState.COPIED
        original = packaged / copy.path.relative_to(tmp_path / "notebooks")
        assert copy.path.read_bytes() == original.read_bytes()
    assert len(copies) == len(list(packaged.glob("*/*.ipynb")))
    assert states(tmp_path) == {CopyState.CURRENT}


def test_what_jupyterlab_saves_by_itself_is_no_change(tmp_path: Path, source: Path) -> None:
    (copy,) = copy_notebooks(tmp_path, source=source)
    ran = nbformat.read(copy.path, as_version=4)
    ran.cells[0].execution_count = 7
    ran.cells[0].outputs = [nbformat.v4.new_output("stream", text="1\n")]
    nbformat.write(ran, copy.path)
    write(source / "look" / "20-look.ipynb", "print(2)")
    assert states(tmp_path, source) == {CopyState.RENEWED}
    assert nbformat.read(copy.path, as_version=4).cells[0].source == "print(2)"


def test_what_a_person_changed_is_kept_when_the_package_is_renewed(tmp_path: Path, source: Path) -> None:
    (copy,) = copy_notebooks(tmp_path, source=source)
    write(copy.path, "print(1)", "my_own = True")
    mine = copy.path.read_bytes()
    assert states(tmp_path, source) == {CopyState.KEPT}
    write(source / "look" / "20-look.ipynb", "print(2)")
    assert states(tmp_path, source) == {CopyState.KEPT}
    assert copy.path.read_bytes() == mine


def test_a_file_that_is_no_notebook_any_more_is_a_persons_too(tmp_path: Path, source: Path) -> None:
    (copy,) = copy_notebooks(tmp_path, source=source)
    copy.path.write_text("notes", encoding="utf-8")
    assert states(tmp_path, source) == {CopyState.KEPT}


def test_where_nobody_remembers_what_was_copied_nothing_is_overwritten(tmp_path: Path, source: Path) -> None:
    copy_notebooks(tmp_path, source=source)
    (tmp_path / "notebooks" / ".copied.json").write_text("[", encoding="utf-8")
    write(source / "look" / "20-look.ipynb", "print(2)")
    assert states(tmp_path, source) == {CopyState.KEPT}


def test_in_a_clone_the_packaged_ones_are_not_worked_in(tmp_path: Path, source: Path) -> None:
    clone = tmp_path / "clone"
    shutil.copytree(source, clone / "notebooks")
    (copy,) = copy_notebooks(clone, source=clone / "notebooks")
    assert copy.path == clone / "my-notebooks" / "look" / "20-look.ipynb"
    assert not (clone / "notebooks" / ".copied.json").exists()
