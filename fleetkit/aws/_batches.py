"""Lists that AWS takes in pieces: its filters and some of its calls hold so many values and no more."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

__all__ = ["FILTER_VALUES", "split_values"]

FILTER_VALUES = 200
"""EC2 API, filters: at most 200 values in one call."""


def split_values(values: Iterable[str], *, at_once: int = FILTER_VALUES) -> Iterator[list[str]]:
    """Yield values, each once and in order, so many at a time; nothing where there are none."""
    wanted = sorted(set(values))
    for start in range(0, len(wanted), at_once):
        yield wanted[start : start + at_once]
