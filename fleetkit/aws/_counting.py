"""Counting what AWS is asked, and stopping where a budget is spent."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Mapping

from fleetkit.core import AwsError

__all__ = ["CallCounter"]


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
