"""Hearing that a sweep is to stop, without breaking off what it is writing."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator
from types import FrameType

__all__ = ["hearing_stops"]


@contextlib.contextmanager
def hearing_stops(on_stop: Callable[[], None]) -> Iterator[None]:
    """Call ``on_stop`` for Ctrl-C, the end of the terminal and a request to end, for the length of the block.

    Only the main thread may set handlers; elsewhere the caller's own stay in force.
    What whoever started the process has it ignore, as nohup does, it goes on ignoring.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def handle(_number: int, _frame: FrameType | None) -> None:
        on_stop()

    heard = [one for one in (signal.SIGHUP, signal.SIGTERM) if signal.getsignal(one) is not signal.SIG_IGN]
    # A shell has background jobs ignore Ctrl-C; one that is sent on purpose is heard all the same.
    before = {one: signal.signal(one, handle) for one in (signal.SIGINT, *heard)}
    try:
        yield
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)
