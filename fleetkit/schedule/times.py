"""Which times of a schedule came, and which of them went by without a run."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Sequence

from fleetkit.core import format_utc
from fleetkit.runs import Outcome, RunRecord, Scheduling
from fleetkit.schedule.entry import Entry

__all__ = ["judge_times", "next_times"]

_EARLY = dt.timedelta(seconds=5)
"""A scheduler's clock and ours need not agree to the second."""

_MOST = 1000
"""So many times are counted; a line that is due each minute and a year that went by would be half a million."""


def next_times(entry: Entry, *, now: dt.datetime, count: int = 3) -> tuple[dt.datetime, ...]:
    """Return the next moments at which the schedule is due, in UTC."""
    return tuple(itertools.islice(entry.line.after(now), count))


def judge_times(entry: Entry, before: Sequence[RunRecord], *, now: dt.datetime) -> Scheduling:
    """Say which time a run that begins now is for, and what became of those since the run before.

    Parameters
    ----------
    before
        The attempts of the last run, the newest first; none where it never ran.
    """
    last = before[0] if before else None
    killed = ""
    if last is not None and last.outcome is Outcome.ABANDONED:
        killed = f"the run before, {last.id}, was killed"
    since = max(_began(before), entry.added) if before else entry.added
    if since > now + _EARLY:
        clock = f"the clock says {format_utc(now)}, and the run before began at {format_utc(since)}"
        return Scheduling(name=entry.name, note=f"{clock}: what was missed is not known")
    dues = itertools.takewhile(lambda due: due <= now + _EARLY, entry.line.after(since + _EARLY))
    came = list(itertools.islice(dues, _MOST + 1))
    missed, due = came[:-1], came[-1] if came else None
    note = "; ".join(filter(None, (killed, _describe(missed, None if last is None else last.ended))))
    return Scheduling(name=entry.name, due=due, missed=len(missed), note=note)


def _began(before: Sequence[RunRecord]) -> dt.datetime:
    """Return when the first attempt of the run before began: those after it were for the same time."""
    first = next((one for one in before if one.schedule is None or one.schedule.attempt == 1), before[-1])
    return first.started


def _describe(missed: Sequence[dt.datetime], ended: dt.datetime | None) -> str:
    if not missed:
        return ""
    during = 0 if ended is None else sum(due <= ended for due in missed)
    count = f"{len(missed)} or more times" if len(missed) == _MOST else f"{len(missed)} times"
    span = f"{format_utc(missed[0])} to {format_utc(missed[-1])}"
    text = f"1 time came without a run, {format_utc(missed[0])}"
    if len(missed) > 1:
        text = f"{count} came without a run, {span}"
    if during == len(missed):
        return f"{text}: the run before was still under way"
    still = f", {during} of them while the run before was under way" if during else ""
    return f"{text}{still}: the computer was off, or whoever keeps the times did not run"
