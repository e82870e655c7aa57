"""Copies of the packaged unit files for a person to keep and change: units are part of what a cluster is."""

from __future__ import annotations

import enum
import os
from dataclasses import dataclass
from pathlib import Path

from fleetkit.core import FleetkitError, data_folder

__all__ = ["UnitCopy", "UnitCopyState", "copy_units"]


class UnitCopyState(enum.StrEnum):
    """What became of a copy."""

    COPIED = "copied"
    CURRENT = "current"
    KEPT = "kept"


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitCopy:
    """One unit file's copy.

    Attributes
    ----------
    path
        Where it lies.
    state
        What became of it: ``kept`` means that another text was there, and it stays as it is.
    """

    path: Path
    state: UnitCopyState


def copy_units(folder: Path, *, source: Path | None = None) -> tuple[UnitCopy, ...]:
    """Bring the packaged unit files into a folder, in the folders that they have, over nothing that is there.

    Parameters
    ----------
    folder
        Made where it is not there. A clone's own ``units`` has them all already.
    source
        Where they come from; the package where not given.

    Raises
    ------
    FleetkitError
        When the folder cannot be read or written; what was copied before stays, and the next call goes on.
    """
    source = source or data_folder("units")
    originals = sorted(path for path in source.rglob("*") if path.is_file())
    return tuple(_copy(original, folder / original.relative_to(source)) for original in originals)


def _copy(original: Path, copy: Path) -> UnitCopy:
    text = original.read_bytes()
    try:
        copy.parent.mkdir(parents=True, exist_ok=True)
        if copy.exists():
            state = UnitCopyState.CURRENT if copy.read_bytes() == text else UnitCopyState.KEPT
            return UnitCopy(path=copy, state=state)
        temporary = copy.with_name(f".{copy.name}.{os.getpid()}")
        temporary.write_bytes(text)
        temporary.replace(copy)
    except OSError as error:
        raise FleetkitError(
            f"unit files cannot be copied to {copy.parent}",
            seen=error.strerror or str(error),
            hint="name a folder that is yours to write",
        ) from error
    return UnitCopy(path=copy, state=UnitCopyState.COPIED)
