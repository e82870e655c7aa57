"""Terraform's files of state on this computer after a kill or a power cut: told whole from broken off, and mended.

Terraform writes its state in place, so one that was killed in the middle of that leaves a file that is empty or ends
anywhere. An empty one it takes for no state at all, and would create a second cluster beside the first.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import fcntl
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from fleetkit.core import format_utc
from fleetkit.terraform._files import write_file
from fleetkit.terraform.diagnostics import LockInfo

__all__ = ["STATE_FILE", "find_left_lock", "is_cut_off", "mend_state"]

STATE_FILE = "terraform.tfstate"
_BACKUP = "terraform.tfstate.backup"
_LOCK = ".terraform.tfstate.lock.info"


def is_cut_off(path: Path) -> bool:
    """Return whether a file of Terraform's own JSON is there and is not whole."""
    return path.is_file() and _read_json(path) is None


def mend_state(folder: Path, *, now: dt.datetime) -> str:
    """Put a state file that was cut off aside, and Terraform's own backup in its place where that is whole.

    Nothing is removed: what was there is kept beside it, under a name with the moment. Without a whole backup the
    state begins empty. A state that another process has locked is left alone: it is being written.

    Parameters
    ----------
    folder
        The working copy.
    now
        The moment, in UTC.

    Returns
    -------
    str
        What was found and done, for people; empty where the state is whole, or there is none.
    """
    state, backup = folder / STATE_FILE, folder / _BACKUP
    if not is_cut_off(state):
        return ""
    with _held(state) as is_ours:
        # Looked at again: its writer may have come to its end just before we got hold of it.
        if not is_ours or not is_cut_off(state):
            return ""
        size = state.stat().st_size
        aside = _free_name(folder / f"{STATE_FILE}.broken-{now:%Y%m%dT%H%M%SZ}")
        found = f"{STATE_FILE} was cut off while it was written ({size} bytes); it is kept as {aside.name}"
        before = _read_json(backup)
        if before is None:
            state.rename(aside)
            missing = f"{_BACKUP} is cut off too" if backup.exists() else f"there is no {_BACKUP}"
            return f"{found}. Since {missing}, the state begins empty: what exists is found on AWS and adopted"
        # In this order, so that a kill in between leaves a state that is still seen to be broken.
        write_file(aside, state.read_bytes(), mode=0o600)
        write_file(state, backup.read_bytes(), mode=0o600)
    made = dt.datetime.fromtimestamp(backup.stat().st_mtime, dt.UTC)
    return (
        f"{found}. {_BACKUP} of {format_utc(made)}, with {len(before.get('resources', ()))} kinds of resources, takes "
        "its place: what was made since then is found on AWS and adopted"
    )


def find_left_lock(folder: Path) -> LockInfo | None:
    """Return what a Terraform that was killed wrote about its lock; None where there is none, or it is still held.

    The lock of a state file is the kernel's and ends with its holder. Only the note about it stays, and blocks nobody.
    """
    note = folder / _LOCK
    if not note.is_file() or is_cut_off(note):
        return None
    with _held(folder / STATE_FILE) as is_ours:
        return LockInfo.parse_json(note.read_bytes()) if is_ours else None


def _read_json(path: Path) -> dict[str, Any] | None:
    """Return the JSON object in a file; None where there is none, or it is not whole."""
    try:
        found = json.loads(path.read_bytes())
    except (FileNotFoundError, ValueError):
        return None
    return found if isinstance(found, dict) else None


@contextlib.contextmanager
def _held(state: Path) -> Iterator[bool]:
    """Try to hold a state file as Terraform holds it, by the same lock of the kernel."""
    try:
        stream = state.open("r+b")
    except FileNotFoundError:
        yield True
        return
    with stream:
        try:
            fcntl.lockf(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except (BlockingIOError, PermissionError):
            yield False
            return
        yield True


def _free_name(path: Path) -> Path:
    """Return the path, or the first with a number behind it that nothing has."""
    candidates = (path.with_name(f"{path.name}-{number}") for number in range(2, 1000))
    return path if not path.exists() else next(one for one in candidates if not one.exists())
