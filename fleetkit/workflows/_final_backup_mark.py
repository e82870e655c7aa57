"""The mark of a final backup: what a destroy that was cut off needs to go on, when its etcd is no more."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from fleetkit.core import FleetkitError

__all__ = ["FinalBackupMark", "drop_mark", "mark_removal", "read_mark", "write_mark"]

_FILE = "final-backup.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class FinalBackupMark:
    """A final backup that was made and proven.

    Attributes
    ----------
    address
        Where it is.
    taken
        When it was begun, in UTC.
    is_removing
        Whether a destroy has begun to remove things since.
    """

    address: str
    taken: str
    is_removing: bool = False


def read_mark(folder: Path) -> FinalBackupMark | None:
    """Return the final backup that was made; None where there is none.

    Raises
    ------
    FleetkitError
        When what lies there is no such mark.
    """
    file = folder / _FILE
    try:
        return FinalBackupMark(**json.loads(file.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return None
    except (TypeError, ValueError) as error:
        raise FleetkitError(f"{file} is no mark of a final backup", seen=str(error), hint="remove it") from error


def write_mark(folder: Path, mark: FinalBackupMark) -> None:
    """Mark that a final backup was made and proven."""
    new = folder / f"{_FILE}.new"
    new.write_text(json.dumps(asdict(mark)), encoding="utf-8")
    new.replace(folder / _FILE)


def mark_removal(folder: Path) -> None:
    """Mark that a destroy begins to remove things: no newer backup may be had from now on."""
    mark = read_mark(folder)
    if mark is not None:
        write_mark(folder, replace(mark, is_removing=True))


def drop_mark(folder: Path) -> None:
    """Forget it: the cluster lives on, and what is written from now on is in no backup."""
    (folder / _FILE).unlink(missing_ok=True)
