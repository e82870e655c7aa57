"""Never two runs of one schedule at once: who runs it holds a lock, which the system drops when that process ends."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
from collections.abc import Iterator
from pathlib import Path

from fleetkit.core import BusyError, current_user, format_utc, utc_now
from fleetkit.schedule.entry import require_name

__all__ = ["hold_schedule", "lock_file"]


def lock_file(folder: Path, name: str) -> Path:
    """Return the file that whoever runs a schedule locks; it says who that is, or was last."""
    return folder / "schedules" / f".{require_name(name)}.lock"


@contextlib.contextmanager
def hold_schedule(folder: Path, name: str) -> Iterator[None]:
    """Hold a schedule for one run of it.

    Raises
    ------
    BusyError
        When another process runs it, which is said; or has taken it away meanwhile.
    OSError
        When no lock can be taken here.
    """
    file = lock_file(folder, name)
    handle = os.open(file, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise BusyError(
                f"the schedule {name} is being run already",
                seen=_describe_holder(file),
                hint="nothing was begun; the next time will do, or wait for the end of that run",
            ) from error
        if not _is_still(handle, file):
            raise BusyError(
                f"the schedule {name} was taken away just now",
                hint="nothing was begun; list them: fleetkit schedule list",
            )
        os.ftruncate(handle, 0)
        holder = {
            "pid": os.getpid(),
            "host": os.uname().nodename,
            "user": current_user(),
            "since": format_utc(utc_now()),
        }
        os.pwrite(handle, json.dumps(holder).encode(), 0)
        yield
    finally:
        os.close(handle)


def _is_still(handle: int, file: Path) -> bool:
    """Return whether a file that is held is the one that others would hold: who takes a schedule away removes it."""
    try:
        return os.path.samestat(os.fstat(handle), file.stat())
    except FileNotFoundError:
        return False


def _describe_holder(file: Path) -> str:
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
        return f"by {found['user']} on {found['host']}, process {found['pid']}, since {found['since']}"
    except (OSError, ValueError, KeyError, TypeError):
        # Written a moment after the lock is taken; the lock alone counts.
        return "by a process that has just begun"
