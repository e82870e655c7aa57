"""Ends that are asked for in other ways than by Ctrl-C, for commands that go on until they are ended."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Iterator

__all__ = ["ended_by_signals"]


@contextlib.contextmanager
def ended_by_signals() -> Iterator[None]:
    """Take the end of the terminal, and a request to end, for Ctrl-C: else what was started would be left behind."""
    # What whoever started it has it ignore, as nohup does, it goes on ignoring.
    heard = [one for one in (signal.SIGHUP, signal.SIGTERM) if signal.getsignal(one) is not signal.SIG_IGN]
    before = {one: signal.signal(one, signal.default_int_handler) for one in heard}
    try:
        yield
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)
