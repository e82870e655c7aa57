"""The notebooks that can be run: found by number, by name or by path."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fleetkit.core import FleetkitError, NotFoundError, data_folder
from fleetkit.runs._loading import rare_parts_on_demand

__all__ = ["NotebookFile", "find_notebook", "is_called", "list_notebooks"]


@dataclass(frozen=True, slots=True, kw_only=True)
class NotebookFile:
    """A notebook on disk.

    Attributes
    ----------
    name
        File name without its ending: ``10-deploy-cluster``.
    """

    path: Path

    @property
    def name(self) -> str:
        """File name without its ending."""
        return self.path.stem

    def sha256(self) -> str:
        """Return the SHA-256 of the file, in hex."""
        return hashlib.sha256(self.path.read_bytes()).hexdigest()

    def read(self) -> Any:
        """Read the notebook as an nbformat node of version 4.

        Raises
        ------
        FleetkitError
            When the file is not a notebook.
        """
        with rare_parts_on_demand():
            import nbformat

        try:
            return nbformat.read(self.path, as_version=4)  # type: ignore[no-untyped-call]
        except (OSError, ValueError, nbformat.validator.NotebookValidationError) as error:
            raise FleetkitError(
                f"the notebook {self.path} cannot be read", seen=str(error).split("\n", 1)[0]
            ) from error


def list_notebooks() -> tuple[NotebookFile, ...]:
    """Return the packaged notebooks, in the order of their numbers."""
    paths = data_folder("notebooks").glob("*/*.ipynb")
    return tuple(NotebookFile(path=path) for path in sorted(paths, key=lambda path: path.name))


def is_called(notebook: str, name: str) -> bool:
    """Return whether ``name`` means ``notebook``: its whole name, the name without the number, or the number."""
    number, _, rest = notebook.partition("-")
    return name in {notebook, rest} or (name.isdigit() and number.isdigit() and int(name) == int(number))


def find_notebook(name: str, *, folder: Path | None = None) -> NotebookFile:
    """Find a notebook by its number (``10``), name (``deploy-cluster``, ``10-deploy-cluster``) or path.

    Parameters
    ----------
    folder
        Folder that a relative path starts from; the current one where not given.

    Raises
    ------
    NotFoundError
        When there is none; lists the packaged ones.
    """
    path = (folder or Path.cwd()) / Path(name).expanduser()
    if path.suffix == ".ipynb" and path.is_file():
        return NotebookFile(path=path.resolve())
    packaged = list_notebooks()
    for found in packaged:
        if is_called(found.name, name):
            return found
    raise NotFoundError(
        f"there is no notebook {name!r}",
        known=[found.name for found in packaged],
        hint="give the number, the name, or the path of an .ipynb file",
    )
