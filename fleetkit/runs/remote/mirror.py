"""Keeping a bucket's copy of a record up to date while its run goes on."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

from fleetkit.core import FleetkitError, PreconditionError
from fleetkit.runs.journal import read_journal
from fleetkit.runs.remote.objects import RecordObjects
from fleetkit.runs.remote.pushing import push_pending, push_record
from fleetkit.runs.store import RUN_FILE

__all__ = ["SIGN_OF_LIFE_S", "RecordMirror"]

SIGN_OF_LIFE_S = 30.0
"""How often a record that does not change is sent all the same while its run is under way."""


class RecordMirror:
    """Sends a record every few seconds and at its end, and once what earlier runs could not send.

    A bucket that cannot be reached stops no run: that is told once, and once that it can be reached again.

    Parameters
    ----------
    folder
        The record's folder.
    objects
        Where to send it.
    tell
        Told one line about what a person should know.
    every_s
        Seconds between two looks for changes.
    """

    def __init__(
        self, folder: Path, objects: RecordObjects, *, tell: Callable[[str], None], every_s: float = 3.0
    ) -> None:
        self._folder, self._objects, self._tell, self._every_s = folder, objects, tell, every_s
        self._stop = threading.Event()
        self._pushing = threading.Lock()
        self._failing = False
        self._sent_s = -SIGN_OF_LIFE_S
        self._thread = threading.Thread(target=self._follow, name="record-mirror", daemon=True)

    def __enter__(self) -> RecordMirror:
        self._thread.start()
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()
        if words := self.send():
            self._tell(words)

    def send(self) -> str:
        """Send what changed now; return what a person should know where that fails, else an empty text."""
        error = self._push()
        if error is None:
            return ""
        if isinstance(error, PreconditionError):
            return str(error)
        return (
            f"the record is not in {self._objects.address} yet: {error.what}; it is kept in {self._folder}, "
            "and sent by the next run or by: fleetkit runs push"
        )

    def _follow(self) -> None:
        caught_up = False
        while not self._stop.is_set():
            error = self._push(always=time.monotonic() - self._sent_s >= SIGN_OF_LIFE_S)
            if error is None and not caught_up:
                failed = push_pending(self._folder.parents[1], self._objects).failed
                caught_up = all(isinstance(one, PreconditionError) for one in failed.values())
            if (error is not None) != self._failing:
                self._failing = error is not None
                self._tell(
                    f"{self._objects.address} can be reached again"
                    if error is None
                    else f"the record cannot be sent to {self._objects.address} for now: {error}"
                )
            self._stop.wait(self._every_s)

    def _push(self, *, always: bool = False) -> FleetkitError | None:
        try:
            if not (self._folder / RUN_FILE).exists() or next(read_journal(self._folder), None) is None:
                # The run has not said its first word, so there is nothing to send yet.
                return None
            with self._pushing:
                if push_record(self._folder, self._objects, always=always):
                    self._sent_s = time.monotonic()
        except FleetkitError as error:
            return error
        except OSError as error:
            return FleetkitError(f"the record {self._folder} cannot be read", seen=str(error))
        return None
