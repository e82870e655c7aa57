"""One operation at a time per cluster and computer: an advisory lock that its owner's death releases.

Terraform's own lock guards its state; this one also guards the steps around it,
so that a second deploy says who is at work before it has changed anything.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import socket
from collections.abc import Iterator
from pathlib import Path

from fleetkit.core import BusyError, current_user, format_utc, utc_now

__all__ = ["hold_cluster"]


@contextlib.contextmanager
def hold_cluster(folder: Path, *, operation: str) -> Iterator[None]:
    """Hold the cluster whose local folder is ``folder`` for the length of a block.

    Parameters
    ----------
    folder
        The cluster's folder; made when it is not there.
    operation
        What is being done, told to whoever comes second: ``deploy``, ``destroy``.

    Raises
    ------
    BusyError
        When another process holds the cluster; the message names operation, user, computer, process and start.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    file = folder / "lock.json"
    descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise BusyError(
                f"another operation is at work on {folder.name}",
                seen=_describe_owner(file),
                hint="wait for it to end; nothing was changed",
            ) from error
        owner = {
            "operation": operation,
            "user": current_user(),
            "host": socket.gethostname(),
            "pid": os.getpid(),
            "since": format_utc(utc_now()),
        }
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, json.dumps(owner).encode(), 0)
        yield
    finally:
        # Closing releases the lock; the file stays, because removing it would race with the next owner.
        os.close(descriptor)


def _describe_owner(file: Path) -> str:
    try:
        owner = json.loads(file.read_text(encoding="utf-8"))
        where = f"{owner['user']} on {owner['host']}, process {owner['pid']}"
        return f"{owner['operation']} by {where}, since {owner['since']}"
    except (OSError, ValueError, KeyError):
        # Between taking the lock and writing its name the owner is nameless for a moment.
        return "an owner that has not yet written its name"
