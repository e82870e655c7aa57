"""Work in a thread, so that the kernel stays free; what comes of it is handed over, and no error is lost."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeVar

from fleetkit.core import BusyError

__all__ = ["Ticker", "Work"]

T = TypeVar("T")


class Work:
    """One piece of work at a time, in a thread of its own.

    The threads do not keep a kernel alive: what outlives a kernel is stopped by whoever watches over it, as
    Terraform's keeper does.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    @property
    def is_running(self) -> bool:
        """Whether work is under way."""
        thread = self._thread
        return thread is not None and thread.is_alive()

    def start(
        self, work: Callable[[], T], *, done: Callable[[T], None], failed: Callable[[BaseException], None]
    ) -> None:
        """Begin ``work`` and return at once.

        Parameters
        ----------
        done
            Told what the work returned, in the work's thread.
        failed
            Told what the work raised, or what ``done`` did.

        Raises
        ------
        BusyError
            When work is under way already.
        """

        def run() -> None:
            try:
                done(work())
            except BaseException as error:  # noqa: BLE001 -- a thread's error is nobody's: it is handed over
                failed(error)

        with self._lock:
            if self.is_running:
                raise BusyError("this is under way already", hint="wait for its end")
            self._thread = threading.Thread(target=run, name="guide-work", daemon=True)
            self._thread.start()

    def join(self, timeout_s: float | None = None) -> bool:
        """Wait for what is under way; return whether it has ended."""
        thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join(timeout_s)
        return not self.is_running


class Ticker:
    """Calls something again and again while a ``with`` block runs, for clocks that a person watches.

    Parameters
    ----------
    interval_s
        Seconds between two calls.
    tell
        What is called, in the ticker's thread; its first error ends the ticking, and the block raises it at its end.
    """

    def __init__(self, interval_s: float, tell: Callable[[], None]) -> None:
        self._interval_s, self._tell = interval_s, tell
        self._stop = threading.Event()
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="guide-ticker", daemon=True)

    def __enter__(self) -> Ticker:
        self._thread.start()
        return self

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        self.close()
        if self._error is not None and error is None:
            raise self._error

    def close(self) -> None:
        """End the ticking, and wait for a call that is under way."""
        self._stop.set()
        if self._thread is not threading.current_thread():
            self._thread.join()

    def _run(self) -> None:
        while not self._stop.wait(self._interval_s):
            try:
                self._tell()
            except BaseException as error:  # noqa: BLE001 -- a thread's error is nobody's: the block raises it
                self._error = error
                return
