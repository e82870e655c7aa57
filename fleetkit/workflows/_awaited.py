"""Telling what is still waited for, so that nobody takes a slow answer for a hang."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator, Mapping

__all__ = ["Awaited", "telling_what_is_awaited"]

_EVERY_S = 10.0
_NAMED = 3


class Awaited:
    """What is waited for: each by its name, until it is there or has failed.

    Parameters
    ----------
    words
        Name of each to what people call it.
    """

    def __init__(self, words: Mapping[str, str]) -> None:
        self._left, self._count = dict(words), len(words)
        self._lock = threading.Lock()

    @contextlib.contextmanager
    def waiting_for(self, name: str) -> Iterator[None]:
        """Take it as waited for no more, once this block has ended."""
        try:
            yield
        finally:
            with self._lock:
                del self._left[name]

    def __str__(self) -> str:
        with self._lock:
            left = list(self._left.values())
        more = f" and {len(left) - _NAMED} more" if len(left) > _NAMED else ""
        return f"{self._count - len(left)} of {self._count} read; waiting for {', '.join(left[:_NAMED])}{more}"


@contextlib.contextmanager
def telling_what_is_awaited(
    words: Mapping[str, str], note: Callable[[str], None], *, every_s: float = _EVERY_S
) -> Iterator[Awaited]:
    """Tell every few seconds what is still waited for in this block.

    Parameters
    ----------
    words
        As `Awaited` takes them.
    note
        Told a line each time, from another thread.
    """
    awaited, ended = Awaited(words), threading.Event()

    def tell() -> None:
        while not ended.wait(every_s):
            note(str(awaited))

    teller = threading.Thread(target=tell, name="telling what is awaited", daemon=True)
    teller.start()
    try:
        yield awaited
    finally:
        ended.set()
        teller.join()
