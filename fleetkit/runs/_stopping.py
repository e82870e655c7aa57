"""Stopping a run: once gently, so that what is under way can end well, then for good."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from collections.abc import Callable, Iterator
from types import FrameType

from fleetkit.core import format_duration

__all__ = ["CELL_TIME_LIMIT", "INTERRUPTED", "TIME_LIMIT", "RunStopped", "Stopper", "stop_on_signals"]

INTERRUPTED = "interrupted"
TIME_LIMIT = "time limit"
CELL_TIME_LIMIT = "time limit of the cell"


class RunStopped(Exception):  # noqa: N818 -- nothing went wrong: it ends the run between two cells
    """The run was stopped while no cell was being executed."""


class Stopper:
    """Stops the kernel of one run.

    The first request interrupts the cell, as the stop button does.
    A second one, or the end of the grace, kills the kernel.

    Parameters
    ----------
    grace_s
        Seconds that a cell has to end after it was interrupted.
    on_stop
        Told what is being done.
    cell_s
        Seconds that each cell may take; None for no limit.
    """

    def __init__(self, *, grace_s: float, on_stop: Callable[[str], None], cell_s: float | None = None) -> None:
        self.reason = ""
        self._grace_s, self._cell_s, self._on_stop = grace_s, cell_s, on_stop
        self._kernel_pid: int | None = None
        self._executing = False
        self._signalled = False
        self._timers: list[threading.Timer] = []
        self._cell_clock: threading.Timer | None = None
        # Asked from clocks and signals, while the main thread learns of cells.
        self._lock = threading.RLock()

    def start_clock(self, limit_s: float | None) -> None:
        """Let the run be stopped after ``limit_s`` seconds."""
        if limit_s is not None:
            self._after(limit_s, lambda: self.request(TIME_LIMIT))

    def _after(self, seconds: float, call: Callable[[], None]) -> threading.Timer:
        timer = threading.Timer(seconds, call)
        timer.daemon = True
        timer.start()
        self._timers.append(timer)
        return timer

    def request(self, reason: str) -> None:
        """Ask for the run's end."""
        with self._lock:
            again = bool(self.reason)
            if again and reason != INTERRUPTED:
                return  # a limit that passes while the cell ends anyway
            self.reason = self.reason or reason
            if again:
                self._send(signal.SIGKILL)
            elif self._executing:
                self._interrupt()
        grace = format_duration(self._grace_s)
        gently = f"{reason}: the cell has {grace} to end; Ctrl-C again kills the kernel at once"
        self._on_stop("killing the kernel" if again else gently)

    def _interrupt(self) -> None:
        self._signalled = True
        self._send(signal.SIGINT)
        self._after(self._grace_s, lambda: self._send(signal.SIGKILL))

    def _send(self, number: signal.Signals) -> None:
        # The kernel alone is told, not its children: what it started, it stops, and in its own order.
        if self._kernel_pid is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._kernel_pid, number)

    def kernel_started(self, pid: int | None) -> None:
        """Learn whom to stop."""
        self._kernel_pid = pid

    def before_cell(self) -> None:
        """Refuse to begin another cell once a stop was asked for.

        Raises
        ------
        RunStopped
            When one was.
        """
        if self.reason:
            raise RunStopped(self.reason)

    def cell_executes(self) -> None:
        """Note that the kernel has begun with the cell: from here on an interrupt reaches it."""
        with self._lock:
            self._executing = True
            if self.reason and not self._signalled:
                self._interrupt()
        if self._cell_s is not None:
            self._cell_clock = self._after(self._cell_s, lambda: self.request(CELL_TIME_LIMIT))

    def cell_ended(self) -> None:
        """Note that the kernel is idle."""
        self._executing = False
        if self._cell_clock is not None:
            self._cell_clock.cancel()
            self._timers.remove(self._cell_clock)
            self._cell_clock = None

    def close(self) -> None:
        """Forget the clocks."""
        self._kernel_pid = None
        for timer in self._timers:
            timer.cancel()


@contextlib.contextmanager
def stop_on_signals(stopper: Stopper) -> Iterator[None]:
    """Turn SIGINT and SIGTERM of this process into requests to stop the run.

    Only the main thread may set handlers; elsewhere the caller's own stay in force.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def handle(_number: int, _frame: FrameType | None) -> None:
        # In a thread: whoever is told may print, and a handler that prints while the program does so fails.
        threading.Thread(target=stopper.request, args=(INTERRUPTED,), daemon=True).start()

    before = {number: signal.signal(number, handle) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
