"""One change of a working copy at a time, on this computer; Terraform's own lock guards the state beyond that."""

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
def held_folder(folder: Path, *, doing: str) -> Iterator[None]:
    """Hold the working copy for the time of the block; the kernel lets go of it when the process ends.

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
        yield
        stream.truncate(0)


def _who() -> str:
    return f"{current_user()}@{socket.gethostname()}"
