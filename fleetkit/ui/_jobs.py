"""One job after the other in a thread of its own, over what is opened once and closed at the end."""

from __future__ import annotations

import contextlib
import queue
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Generic, TypeVar

__all__ = ["Jobs"]

T = TypeVar("T")


class Jobs(Generic[T]):
    """Does what a browser is asked for, in its order; begins with `start`, and ends with `close` or with the kernel.

    Parameters
    ----------
    open_it
        Opens what the jobs look into; called in the thread, at the first job, and again where that failed.
    name
        The thread's.
    ends
        Told after each job that did not fail.
    failed
        Told what a job raised; the next one is done all the same.
    closed
        Told at the end.
    """

    def __init__(
        self,
        open_it: Callable[[], AbstractContextManager[T]],
        *,
        name: str,
        ends: Callable[[], None],
        failed: Callable[[BaseException], None],
        closed: Callable[[], None],
    ) -> None:
        self._open_it = open_it
        self._ends, self._failed, self._closed = ends, failed, closed
        self.opened: T | None = None
        self._waiting: queue.Queue[Callable[[], None] | None] = queue.Queue()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def do(self, job: Callable[[], None]) -> None:
        """Have something done, after what is under way."""
        self._waiting.put(job)

    def close(self) -> None:
        """End the thread, after what is under way, and close what was opened."""
        self._waiting.put(None)

    @property
    def are_done(self) -> bool:
        """Whether all is done that was asked for."""
        return not self._waiting.unfinished_tasks

    def rest(self, timeout_s: float) -> bool:
        """Wait until all is done that was asked for; return whether it is."""
        with self._waiting.all_tasks_done:
            return self._waiting.all_tasks_done.wait_for(lambda: self.are_done, timeout_s)

    def join(self, timeout_s: float | None = None) -> bool:
        """Wait for the end of the thread; return whether it has ended."""
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _run(self) -> None:
        try:
            with contextlib.ExitStack() as stack:
                while (job := self._waiting.get()) is not None:
                    self._work(job, stack)
                    self._waiting.task_done()
        except BaseException as error:  # noqa: BLE001 -- a thread's error is nobody's: it is handed over
            self._failed(error)
        self._closed()

    def _work(self, job: Callable[[], None], stack: contextlib.ExitStack) -> None:
        try:
            if self.opened is None:
                self.opened = stack.enter_context(self._open_it())
            job()
            self._ends()
        except BaseException as error:  # noqa: BLE001 -- shown to whoever asked for it; the thread goes on
            self._failed(error)
