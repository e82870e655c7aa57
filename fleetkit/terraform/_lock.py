"""One change of a working copy at a time, on this computer; the state's own lock guards it beyond that.

A Terraform whose fleetkit was killed works on for some seconds. Its keeper inherits the hold, so that it lasts as long.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import socket
from collections.abc import Iterator
from pathlib import Path

from fleetkit.core import BusyError, current_user, format_utc, utc_now

__all__ = ["held_folder"]


@contextlib.contextmanager
def held_folder(folder: Path, *, doing: str) -> Iterator[int]:
    """Hold the working copy for the time of the block; the kernel lets go of it when the process ends.

    Yields the open file that holds it, for a process that is to hold it too.

    Raises
    ------
    BusyError
        When another process or thread holds it, with what that one does and since when.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (folder / ".fleetkit.lock").open("a+", encoding="utf-8") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            stream.seek(0)
            raise BusyError(
                f"the working copy {folder} is in use",
                seen=stream.read().strip() or "by another process",
                hint="wait until that process ends; nothing stays locked after its end",
            ) from error
        stream.truncate(0)
        stream.write(f"{doing} by {_who()}, process {os.getpid()}, since {format_utc(utc_now())}\n")
        stream.flush()
        yield stream.fileno()
        stream.truncate(0)


def _who() -> str:
    return f"{current_user()}@{socket.gethostname()}"
