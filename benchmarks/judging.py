"""From two sides of raw times to a ratio, a spread and a verdict; nothing is measured here."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

__all__ = ["all_met", "describe_times", "judge", "judge_absence", "take_turns"]

_DIGITS = {"s": 3, "ms": 2, "MB": 1, "calls": 0}


def describe_times(times: Sequence[float], *, unit: str) -> dict[str, Any]:
    """Describe one side: count, median, spread (the quartiles, and both ends) and the raw times in ``unit``.

    Raises
    ------
    ValueError
        When there is no time at all: a median of nothing must not pass for a fast one.
    """
    if not times:
        raise ValueError("nothing was measured")
    digits = _DIGITS[unit]
    # A single time has no quartiles; it is its own.
    lower, median, upper = statistics.quantiles(times, n=4, method="inclusive") if len(times) > 1 else [times[0]] * 3
    return {
        "unit": unit,
        "count": len(times),
        "median": round(median, digits),
        "quartiles": [round(lower, digits), round(upper, digits)],
        "range": [round(min(times), digits), round(max(times), digits)],
        "raw": [round(one, digits) for one in times],
    }


def judge(
    name: str,
    title: str,
    goal: float,
    ours: Sequence[float],
    theirs: Sequence[float],
    *,
    unit: str,
    pick: Callable[[Sequence[float]], float] = statistics.median,
) -> dict[str, Any]:
    """Hold the ratio of both sides against ``goal``.

    Parameters
    ----------
    name
        Fixed name of what is measured.
    title
        What is measured over what, for people.
    goal
        The ratio that is still good.
    ours, theirs
        Raw times in ``unit``, of which there may be a different number on each side.
    pick
        What stands for a side; its median where not given.
    """
    ratio = pick(ours) / pick(theirs)
    return {
        "name": name,
        "title": title,
        "goal": goal,
        "ratio": round(ratio, 3),
        # The exact ratio is judged, not the rounded one: 1.1004 is over 1.1.
        "met": ratio <= goal,
        "ours": describe_times(ours, unit=unit),
        "theirs": describe_times(theirs, unit=unit),
    }


def judge_absence(name: str, title: str, found: Sequence[str]) -> dict[str, Any]:
    """Judge that something is not there at all; ``found`` names what is."""
    return {"name": name, "title": title, "goal": 0, "found": sorted(found), "met": not found}


def all_met(results: Sequence[Mapping[str, Any]]) -> bool:
    """Whether every goal is met; measuring nothing meets none."""
    return bool(results) and all(one["met"] for one in results)


def take_turns(
    sides: Sequence[Callable[[], None]],
    *,
    runs: int,
    warm_ups: int = 1,
    clock: Callable[[], float] = time.perf_counter,
) -> list[list[float]]:
    """Run the sides turn by turn, and return the seconds that each took in each of its counted runs.

    A busy moment of the computer so falls on all of them. Who comes first alternates, that a warm disk favours nobody.
    """
    taken: list[list[float]] = [[] for _ in sides]
    order = list(zip(sides, taken, strict=True))
    for turn in range(warm_ups + runs):
        for side, times in order if turn % 2 == 0 else order[::-1]:
            started = clock()
            side()
            if turn >= warm_ups:
                times.append(clock() - started)
    return taken
