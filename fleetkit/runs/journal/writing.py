"""Writing a journal: whole lines, one after the other, from several threads and processes at once.

Each line is on disk before its event counts as told, so that a kill loses nothing before it.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import threading
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fleetkit.core import FleetkitError, Signer, utc_now
from fleetkit.runs.journal.events import BEGINNING, JOURNAL_FILE, TORN_FILE, EventKind, JournalEvent, hash_line
from fleetkit.runs.journal.signing import vouch_for

__all__ = ["JournalEnd", "JournalWriter"]

_CHUNK_BYTES = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalEnd:
    """Where a journal ends.

    Attributes
    ----------
    size_bytes, lines
        How long it is.
    sha256
        Hash of its last line, which the next one names.
    kind
        Kind of its last event; None where there is none yet.
    """

    size_bytes: int
    lines: int
    sha256: str
    kind: EventKind | None


_EMPTY = JournalEnd(size_bytes=0, lines=0, sha256=BEGINNING, kind=None)


class JournalWriter:
    """Appends events to the journal of one record.

    Where the journal ends is remembered, and read again only when somebody else has written:
    an event costs the same however many there are.

    Parameters
    ----------
    folder
        The record's folder, which is there already.

    Raises
    ------
    FleetkitError
        When the journal cannot be opened.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / JOURNAL_FILE
        self._end = _EMPTY
        self._vouched = ""
        self._unsigned = ""
        self._finished = False
        self._lock = threading.Lock()
        with self._telling():
            self._handle = os.open(self._path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o666)
            _sync_folder(folder)

    def append(self, kind: EventKind, data: Mapping[str, Any]) -> None:
        """Write one event, and return when it is on disk.

        What comes after the last event is not written, and a warning says so.

        Raises
        ------
        FleetkitError
            When it cannot be written whole.
        """
        with self._alone():
            if not self._finished:
                self._put(kind, data)
                return
        warnings.warn(f"the run is closed, and {kind.value!r} is not in its record", RuntimeWarning, stacklevel=2)

    def finish(self, data: Mapping[str, Any], *, signer: Signer | None) -> JournalEnd:
        """Write the last event, signed where there is somebody to sign it, and return where the journal ends.

        Where that somebody cannot sign now, the journal ends with the reason.
        """
        with self._alone():
            self._put(EventKind.FINISHED, data)
            self._finished = True
            if signer is not None:
                # Held alone until that is done: nothing may come between the end and its signature.
                self._put_vouched(*vouch_for(self._end.sha256, signer), last=self._end)
            return self._end

    def sign(self, signer: Signer) -> None:
        """Vouch for all that was written since the last signature; nothing where that is nothing.

        Where nobody can sign, the journal says so once, and why.
        It is not held meanwhile, as a key that lies elsewhere takes its time: lines that others write before the
        signature are those of the next one.
        """
        with self._alone():
            last = self._end
        if self._finished or last.kind is None or last.sha256 == self._vouched:
            return
        kind, data = vouch_for(last.sha256, signer)
        with self._alone():
            if not self._finished and (kind is EventKind.SIGNATURE or not self._unsigned):
                self._put_vouched(kind, data, last=last)

    @property
    def unsigned(self) -> str:
        """Why the last lines could not be signed; empty where nobody was to sign them, or somebody did."""
        return self._unsigned

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._finished = True
            os.close(self._handle)

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        """Hold the journal alone, and know where it ends."""
        with self._lock, self._telling():
            if self._finished:
                yield
                return
            fcntl.flock(self._handle, fcntl.LOCK_EX)
            try:
                self._look()
                yield
            finally:
                fcntl.flock(self._handle, fcntl.LOCK_UN)

    @contextlib.contextmanager
    def _telling(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise FleetkitError(
                f"the journal {self._path} cannot be written",
                seen=str(error),
                hint="make room, or keep runs/ on a local disk; what was written before is kept",
            ) from error

    def _look(self) -> None:
        size = os.fstat(self._handle).st_size
        if size == self._end.size_bytes:
            return
        whole = _start_of_line(self._handle, size)
        self._end = self._read_end(whole)
        if whole < size:
            torn = os.pread(self._handle, size - whole, whole)
            fact = self._set_aside(torn)
            os.ftruncate(self._handle, whole)
            self._put(EventKind.FACT, fact)

    def _read_end(self, size: int) -> JournalEnd:
        if size == 0:
            return _EMPTY
        start = _start_of_line(self._handle, size - 1)
        line = os.pread(self._handle, size - 1 - start, start)
        event = JournalEvent.from_line(line, where=f"the last line of {self._path}")
        return JournalEnd(size_bytes=size, lines=event.seq + 1, sha256=hash_line(line), kind=event.kind)

    def _set_aside(self, torn: bytes) -> dict[str, Any]:
        """Keep what a killed writer left of its line, as evidence, and return what is to be said of it."""
        path = self._path.with_name(TORN_FILE)
        with path.open("ab+") as file:
            file.seek(0)
            # A writer that was killed right here has kept the same piece already.
            kept = file.read().removesuffix(torn)
            file.truncate(len(kept))
            file.write(torn)
            file.flush()
            os.fsync(file.fileno())
        _sync_folder(path.parent)
        return {"about": "torn line", "offset": len(kept), "size_bytes": len(torn), "sha256": hash_line(torn)}

    def _put_vouched(self, kind: EventKind, data: Mapping[str, Any], *, last: JournalEnd) -> None:
        """Write a signature of the lines up to ``last``, or why there is none."""
        covers_all = kind is EventKind.SIGNATURE and last.sha256 == self._end.sha256
        self._put(kind, data)
        self._vouched = self._end.sha256 if covers_all else ""
        self._unsigned = str(data.get("why", ""))

    def _put(self, kind: EventKind, data: Mapping[str, Any]) -> None:
        end = self._end
        line = JournalEvent(seq=end.lines, at=utc_now(), kind=kind, data=data, prev=end.sha256).to_line()
        try:
            _write_whole(self._handle, line + b"\n")
        except OSError:
            os.ftruncate(self._handle, end.size_bytes)
            raise
        size = end.size_bytes + len(line) + 1
        self._end = JournalEnd(size_bytes=size, lines=end.lines + 1, sha256=hash_line(line), kind=kind)


def _write_whole(handle: int, line: bytes) -> None:
    written = os.write(handle, line)
    if written < len(line):
        raise OSError(f"{written} of {len(line)} bytes were written")
    os.fdatasync(handle)


def _start_of_line(handle: int, end: int) -> int:
    """Return where the line begins that ends at ``end``."""
    while end > 0:
        start = max(0, end - _CHUNK_BYTES)
        found = os.pread(handle, end - start, start).rfind(b"\n")
        if found >= 0:
            return start + found + 1
        end = start
    return 0


def _sync_folder(folder: Path) -> None:
    """Let the names of new files survive a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
