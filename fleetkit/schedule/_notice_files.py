"""Small files that are whole or not there, readable by nobody else; and a lock that dies with its process."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import json
import os
import tempfile
import urllib.parse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from fleetkit.core import BusyError, FleetkitError, NotYet, Patience, Redactor, WaitTimeoutError, wait_until

__all__ = ["hold_lock", "quote_name", "read_json", "tell_error", "write_json"]


def quote_name(text: str) -> str:
    """Return a text as a part of a file's name, which leads nowhere else."""
    return urllib.parse.quote(text, safe="").replace(".", "%2E")


def tell_error(error: Exception) -> str:
    """Return what an error says on one line, without its hint and without secrets."""
    said = error.without_hint if isinstance(error, FleetkitError) else str(error)
    return " ".join(Redactor().redact(said).split())


def write_json(file: Path, document: Any) -> None:
    """Write a document as a whole, with mode 0600, into a folder that is made where need be.

    Raises
    ------
    OSError
        When it cannot be written; what was there stays.
    """
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=file.parent, prefix=".")
    temporary = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            json.dump(document, stream, indent=1, ensure_ascii=False)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(file)
    finally:
        temporary.unlink(missing_ok=True)


def read_json(file: Path, *, version: int) -> Any:
    """Read what `write_json` wrote.

    Parameters
    ----------
    version
        What its ``format`` must say.

    Raises
    ------
    FleetkitError
        When it cannot be read, is damaged, or was written by another version.
    """
    try:
        document = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, RecursionError, ValueError) as error:
        raise FleetkitError(f"{file} cannot be read", seen=str(error), hint="remove it, or mend it") from error
    seen = document.get("format") if isinstance(document, dict) else None
    if seen != version:
        raise FleetkitError(f"{file} cannot be read", seen=f"format {seen}, and this version reads {version}")
    return document


@contextlib.contextmanager
def hold_lock(file: Path, *, wait_s: float) -> Iterator[None]:
    """Hold a lock; where the file system knows none, go on without.

    Raises
    ------
    BusyError
        When another process holds it for longer than ``wait_s`` seconds.
    OSError
        When its file cannot be made.
    """
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle = os.open(file, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        wait_until(lambda: _lock(handle), what=f"the lock {file}", patience=Patience(deadline_s=wait_s, interval_s=0.2))
        yield
    except WaitTimeoutError as error:
        raise BusyError(f"another process holds {file}", seen=f"for more than {wait_s:g} s") from error
    finally:
        os.close(handle)


def _lock(handle: int) -> bool | NotYet[bool]:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno == errno.EWOULDBLOCK:
            return NotYet("another process holds it")
        if error.errno in {errno.ENOLCK, errno.ENOTSUP, errno.ENOSYS}:
            return False
        raise
    return True
