"""Counting what AWS is asked, and stopping where a budget is spent."""

from __future__ import annotations

import contextlib
import threading
from collections import Counter
from collections.abc import Iterator, Mapping

from fleetkit.core import AwsError

__all__ = ["CallCounter", "CallCounters"]


class CallCounter:
    """Counts requests as they are sent: each page and each further attempt is one.

    Parameters
    ----------
    limit
        The most that may be sent; None for any number.
    """

    def __init__(self, limit: int | None = None) -> None:
        self.limit = limit
        self._made: Counter[str] = Counter()
        self._lock = threading.Lock()

    @property
    def made(self) -> Mapping[str, int]:
        """Each action, such as ``ec2:DescribeInstances``, to how often it was asked."""
        with self._lock:
            return dict(sorted(self._made.items()))

    @property
    def total(self) -> int:
        """How many requests were sent."""
        with self._lock:
            return self._made.total()

    def take(self, action: str) -> None:
        """Count a request that is about to be sent.

        Raises
        ------
        AwsError
            When it would be one too many; it is not sent then.
        """
        with self._lock:
            if self.limit is not None and self._made.total() >= self.limit:
                raise AwsError(
                    f"AWS was not asked for {action}",
                    seen=f"the budget of {self.limit} calls is spent",
                    hint="give it more calls, or fewer checks at a time",
                )
            self._made[action] += 1


class CallCounters:
    """All that count at a moment, each over a block of its own."""

    def __init__(self) -> None:
        self._counters: tuple[CallCounter, ...] = ()
        self._lock = threading.Lock()

    @contextlib.contextmanager
    def counting(self, limit: int | None) -> Iterator[CallCounter]:
        """Count what is taken inside the block, by all threads."""
        counter = CallCounter(limit)
        # Who counts at the same time in another thread must not be forgotten, nor be counted for after its end.
        with self._lock:
            self._counters = (*self._counters, counter)
        try:
            yield counter
        finally:
            with self._lock:
                self._counters = tuple(one for one in self._counters if one is not counter)

    def take(self, action: str) -> None:
        """Count a request that is about to be sent, with each of them.

        Raises
        ------
        AwsError
            When it would be one too many for one of them.
        """
        for counter in self._counters:
            counter.take(action)
