"""How long an apply still takes, judged by how an earlier one of about the same size went."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

__all__ = ["Pace", "choose_pace"]

_LEAST_CHANGES = 3
_ABOUT = 2.0
"""An apply of up to twice or half as many changes is of about the same size."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How an earlier apply went.

    Attributes
    ----------
    left_s
        For its start, and for each change as it was done, the seconds that were left until the last one was.
    """

    left_s: tuple[float, ...]

    @classmethod
    def from_moments(cls, began: dt.datetime, done: Sequence[dt.datetime]) -> Pace:
        """Return the pace of an apply that began then, and whose changes were done at these moments."""
        end = max(done, default=began)
        return cls(left_s=tuple((end - at).total_seconds() for at in (began, *sorted(done))))

    @property
    def changes(self) -> int:
        """How many changes it made."""
        return len(self.left_s) - 1

    def estimate_s(self, *, done: int, total: int) -> float:
        """Return the seconds that were left when that share of its changes was done."""
        share = min(1.0, done / total) if total else 1.0
        return self.left_s[round(share * self.changes)]


def choose_pace(paces: Iterable[Pace], *, total: int) -> Pace | None:
    """Return the pace of an apply of about so many changes, the first of those that are nearest; None where none is."""
    near = [one for one in paces if one.changes >= _LEAST_CHANGES and total / _ABOUT <= one.changes <= total * _ABOUT]
    return min(near, key=lambda one: abs(one.changes - total), default=None)
