"""Private files: 0600 in folders of 0700, written whole or not at all, and one writer at a time."""

from __future__ import annotations

import contextlib
import fcntl
import os
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

from fleetkit.core import BusyError, PreconditionError

__all__ = ["check_private", "locked_folder", "make_private_folder", "write_private"]

_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def make_private_folder(folder: Path) -> None:
    """Make ``folder``, and every parent that is missing, with mode 0700 whatever the umask."""
    missing = [path for path in (folder, *folder.parents) if not path.exists()]
    for path in reversed(missing):
        with contextlib.suppress(FileExistsError):
            path.mkdir(mode=0o700)
    check_private(folder)


def check_private(path: Path) -> None:
    """Refuse a file or folder that anybody but its owner may read or change.

    Raises
    ------
    PreconditionError
        When the mode grants something to group or others.
    """
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & _OTHERS:
        wanted = "0700" if path.is_dir() else "0600"
        raise PreconditionError(
            f"others can reach the private keys in {path}",
            seen=f"mode {mode:04o}, expected {wanted}",
            hint=f"chmod {wanted} {path}; and rotate the keys if anybody else uses this computer",
        )


@contextlib.contextmanager
def locked_folder(folder: Path) -> Iterator[None]:
    """Hold ``folder`` alone for the time of the block.

    Raises
    ------
    BusyError
        When another process holds it.
    """
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise BusyError(f"another process is making certificates in {folder}", hint="wait until it ends") from error
        yield
    finally:
        os.close(descriptor)


def write_private(path: Path, data: bytes, *, replace: bool = True) -> None:
    """Write a file of mode 0600 so that it is there whole, or not at all, even when the power fails.

    Raises
    ------
    FileExistsError
        When ``replace`` is false and the file is there already, whoever made it and however lately.
    """
    make_private_folder(path.parent)
    # mkstemp makes the file 0600 from its first moment, whatever the umask.
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        if replace:
            Path(temporary).replace(path)
        else:
            os.link(temporary, path)
    finally:
        Path(temporary).unlink(missing_ok=True)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
