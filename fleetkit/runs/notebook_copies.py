"""Copies of the packaged notebooks for a person to work in.

JupyterLab saves what it opens, so the packaged ones are never opened. A copy that nobody changed is renewed with
the package; one that a person changed is theirs. What counts are the cells: outputs and counts are no change.
"""

from __future__ import annotations

import enum
import hashlib
import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from fleetkit.core import data_folder

__all__ = ["CopyState", "NotebookCopy", "copy_notebooks"]

_FOLDER = "notebooks"
_BESIDE = "my-notebooks"
_REMEMBERED = ".copied.json"


class CopyState(enum.StrEnum):
    """What became of a copy."""

    COPIED = "copied"
    CURRENT = "current"
    RENEWED = "renewed"
    KEPT = "kept"


@dataclass(frozen=True, slots=True, kw_only=True)
class NotebookCopy:
    """One notebook's copy.

    Attributes
    ----------
    path
        Where it lies.
    state
        What became of it: ``kept`` means that a person has changed it, and it stays as it is.
    """

    path: Path
    state: CopyState


def copy_notebooks(folder: Path, *, source: Path | None = None) -> tuple[NotebookCopy, ...]:
    """Bring the packaged notebooks into ``folder/notebooks``, over no change of a person's.

    In a clone, where that folder holds the packaged ones themselves, they are copied to ``folder/my-notebooks``.

    Parameters
    ----------
    folder
        The folder that holds ``clusters`` and ``runs``.
    source
        Where the notebooks come from; the package where not given.
    """
    source = source or data_folder("notebooks")
    target = folder / _FOLDER
    if target.resolve() == source.resolve():
        target = folder / _BESIDE
    remembered = _read_remembered(target / _REMEMBERED)
    copies = []
    for original in sorted(source.glob("*/*.ipynb"), key=lambda path: path.name):
        name = original.relative_to(source).as_posix()
        state = _judge(original, target / name, remembered.get(name, ""))
        if state in (CopyState.COPIED, CopyState.RENEWED):
            _replace(original, target / name)
        if state is not CopyState.KEPT:
            remembered[name] = _fingerprint(original)
        copies.append(NotebookCopy(path=target / name, state=state))
    (target / _REMEMBERED).write_text(json.dumps(remembered, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    return tuple(copies)


def _judge(original: Path, copy: Path, remembered: str) -> CopyState:
    if not copy.exists():
        return CopyState.COPIED
    there = _fingerprint(copy)
    if there == _fingerprint(original):
        return CopyState.CURRENT
    return CopyState.RENEWED if there == remembered else CopyState.KEPT


def _replace(original: Path, copy: Path) -> None:
    copy.parent.mkdir(parents=True, exist_ok=True)
    temporary = copy.with_name(f".{copy.name}.{os.getpid()}")
    shutil.copyfile(original, temporary)
    temporary.replace(copy)


def _fingerprint(notebook: Path) -> str:
    """Return a hash of what a person writes into a notebook; of the whole file where it is no notebook."""
    content = notebook.read_bytes()
    try:
        cells = json.loads(content)["cells"]
        written = [[cell["cell_type"], "".join(cell["source"])] for cell in cells]
    except (ValueError, KeyError, TypeError):
        return hashlib.sha256(content).hexdigest()
    return hashlib.sha256(json.dumps(written).encode()).hexdigest()


def _read_remembered(file: Path) -> dict[str, str]:
    """Return path to fingerprint of what was copied before; nothing where that is not known any more."""
    try:
        known = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return {str(name): str(value) for name, value in known.items()} if isinstance(known, Mapping) else {}
