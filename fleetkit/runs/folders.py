"""Folders that are named by a time and a notebook, as those of records and of sweeps are.

While a run or a sweep is under way the process that writes it holds a lock on its folder,
so a reader can tell one that goes on from one whose process was killed.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from fleetkit.core import SettingsError

__all__ = ["hold_folder", "is_record_name", "is_under_way", "make_numbered_folder", "match_folders"]

_FOLDER_NAME = re.compile(r"\d{8}T\d{6}Z-.+")
_MOST = 1000


def is_record_name(name: str) -> bool:
    """Return whether a folder of this name may be a record's, or a sweep's."""
    return _FOLDER_NAME.fullmatch(name) is not None


def make_numbered_folder(place: Path, stem: str, *, taken: str = "") -> Path:
    """Make a new folder called ``stem``, or where that is there, ``stem-2`` and so on, and return it.

    Parameters
    ----------
    place
        Folder to make it in; made where it is missing.
    taken
        A name that is not to be used although nothing lies there.

    Raises
    ------
    OSError
        When it cannot be made.
    SettingsError
        When all numbers are taken.
    """
    place.mkdir(parents=True, exist_ok=True)
    for number in range(1, _MOST + 1):
        name = stem if number == 1 else f"{stem}-{number}"
        if name == taken:
            continue
        with contextlib.suppress(FileExistsError):
            (place / name).mkdir()
            return place / name
    raise SettingsError(f"{place} holds {_MOST} folders of the same second", seen=stem)


def match_folders(folders: Sequence[Path], name: str) -> Sequence[Path]:
    """Return the folders that ``name`` may mean: the one of that name, else all whose names begin so.

    Parameters
    ----------
    folders
        The newest first; ``latest`` means the first.
    """
    matching = folders[:1] if name == "latest" else [path for path in folders if path.name.startswith(name)]
    exact = [path for path in matching if path.name == name]
    return exact[:1] if len(exact) == 1 else matching


@contextlib.contextmanager
def hold_folder(folder: Path) -> Iterator[None]:
    """Hold the lock that says: what this folder tells of is under way.

    The system drops it when the process dies, however it dies.
    """
    handle = os.open(folder, os.O_RDONLY)
    try:
        _lock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _lock(handle: int, kind: int) -> bool:
    """Take the lock; False where another holds it or the file system knows no locks."""
    try:
        fcntl.flock(handle, kind | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in {errno.EWOULDBLOCK, errno.ENOLCK, errno.ENOTSUP, errno.ENOSYS}:
            return False
        raise
    return True


def is_under_way(folder: Path) -> bool:
    """Return whether the process that writes what is in ``folder`` is at work."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        return not _lock(handle, fcntl.LOCK_SH)
    finally:
        os.close(handle)
