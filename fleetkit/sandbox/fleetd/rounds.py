"""Doing something again and again: at its interval, and soon after somebody asked for it."""

from __future__ import annotations

import threading
from collections.abc import Callable

from fleetkit.core import EtcdError, FleetError

__all__ = ["Rounds"]


class Rounds:
    """A thread that acts in rounds until the end.

    Parameters
    ----------
    act
        One round; says whether the next is to come soon.
    interval_s
        The longest time between two rounds.
    settle_s
        The time from the wish for a round to the round, in which further wishes cost nothing.
    tell
        Takes what is to be logged.
    """

    def __init__(
        self,
        name: str,
        act: Callable[[], bool | None],
        *,
        interval_s: float,
        settle_s: float,
        tell: Callable[[str], None],
    ) -> None:
        self._act = act
        self._interval_s = interval_s
        self._settle_s = settle_s
        self._tell = tell
        self._wished = threading.Event()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._go_round, name=name, daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def wish(self) -> None:
        """Ask for a round soon."""
        self._wished.set()

    def end(self) -> None:
        """Let the round that is under way be the last, and wait for it."""
        self._ended.set()
        self._wished.set()
        if self._thread.is_alive():
            self._thread.join()

    def _go_round(self) -> None:
        soon = False
        while not self._ended.is_set():
            if self._wished.wait(self._settle_s if soon else self._interval_s) and self._ended.wait(self._settle_s):
                return
            self._wished.clear()
            try:
                soon = bool(self._act())
            except (EtcdError, FleetError, OSError) as error:
                soon = False
                self._tell(f"{self._thread.name}: {error}")
