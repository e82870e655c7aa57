"""What a container would see of the machine's files, and what its user could do with them."""

from __future__ import annotations

import stat
from collections.abc import Mapping, Sequence
from pathlib import Path

from fleetkit.sandbox.machine.accounts import read_owner, record_owner
from fleetkit.sandbox.machine.docker.options import Volume

__all__ = ["check_environment", "check_words", "make_written_folders"]

_KEPT = ("ETCD_DATA_DIR", "ETCD_WAL_DIR")
"""Variables that name a folder to write to; every other path is one to read."""

_READ, _WRITE, _ENTER = 4, 2, 1


def check_environment(environment: Mapping[str, str], *, volumes: Sequence[Volume], uid: int, gid: int) -> str | None:
    """Return what the program would fail with because of a path in its environment, or None.

    Parameters
    ----------
    environment
        The container's; every ``ETCD_…`` whose value begins with ``/`` names a path.
    uid, gid
        Whom the program runs as; 0 may do everything.
    """
    for name, path in environment.items():
        if name.startswith("ETCD_") and path.startswith("/"):
            fault = _check_path(path, volumes, uid, gid, write=name in _KEPT)
            if fault is not None:
                return f"{name}: {fault}"
    return None


def check_words(words: Sequence[str], *, volumes: Sequence[Volume], uid: int, gid: int) -> str | None:
    """Return what the program would fail with because of a path that it is given, or None.

    What is not there on the machine is left to the program: it may be what it is to make.

    Parameters
    ----------
    words
        What follows the program; those count that begin with ``/``.
    uid, gid
        Whom the program runs as.
    """
    for word in words:
        if word.startswith("/") and Path(word).exists():
            fault = _check_path(word, volumes, uid, gid, write=False)
            if fault is not None:
                return fault
    return None


def make_written_folders(environment: Mapping[str, str], *, uid: int, gid: int) -> None:
    """Make the folders that the program writes to, as its user would; in truth they would become uid 0's."""
    for name in _KEPT:
        path = Path(environment.get(name, ""))
        if path.is_absolute() and not path.exists():
            path.mkdir(parents=True, mode=0o700)
            record_owner(path, uid, gid)


def _check_path(path: str, volumes: Sequence[Volume], uid: int, gid: int, *, write: bool) -> str | None:
    volume = next((one for one in volumes if path == one.path or path.startswith(f"{one.path}/")), None)
    if volume is None:
        if write:
            return f"mkdir {path}: the folder lies in no volume; what is written there goes with the container"
        return f"open {path}: no such file or directory (no volume shows it to the container)"
    place = Path(path)
    if write:
        return _check_writable(place, volume, uid, gid)
    if not place.exists():
        return f"open {path}: no such file or directory"
    for folder in _between(Path(volume.path), place):
        if not _may(folder, uid, gid, _ENTER):
            return f"open {path}: permission denied"
    return None if _may(place, uid, gid, _READ) else f"open {path}: permission denied"


def _check_writable(place: Path, volume: Volume, uid: int, gid: int) -> str | None:
    if volume.read_only:
        return f"mkdir {place}: read-only file system"
    there = next(one for one in (place, *place.parents) if one.exists())
    if not _may(there, uid, gid, _WRITE) or not _may(there, uid, gid, _ENTER):
        return f"cannot access data directory: open {place}: permission denied"
    return None


def _between(top: Path, place: Path) -> list[Path]:
    return [folder for folder in reversed(place.parents) if folder == top or top in folder.parents]


def _may(path: Path, uid: int, gid: int, wish: int) -> bool:
    if uid == 0:
        return True
    mode = stat.S_IMODE(path.stat().st_mode)
    owner, group = read_owner(path)
    if owner == uid:
        return bool(mode >> 6 & wish)
    if group == gid:
        return bool(mode >> 3 & wish)
    return bool(mode & wish)
