"""The latest runs of one notebook on one cluster, out of the names of their folders: a year of records is not read."""

from __future__ import annotations

import datetime as dt
import itertools
from pathlib import Path

from fleetkit.core import FleetkitError
from fleetkit.runs import Outcome, RunRecord, StoredRun, read_run

__all__ = ["count_changes", "find_untold", "read_recent"]

_MOST = 500


def read_recent(runs: Path, like: StoredRun, *, since: dt.datetime) -> tuple[StoredRun, ...]:
    """Return the runs of the same kind that began since then and before ``like``, and that one, the oldest first.

    One that cannot be read is left out: nothing is decided by it.
    """
    cluster, notebook = like.kind
    earliest = _stamp(since)
    names = sorted(
        folder.name for folder in (runs / cluster).glob(f"*-{notebook}*") if earliest <= folder.name < like.record.id
    )
    found = []
    for name in names[-_MOST:]:
        try:
            one = read_run(runs / cluster / name)
        except FleetkitError:
            continue
        if one.kind == like.kind:
            found.append(one)
    return (*found, like)


def count_changes(recent: tuple[StoredRun, ...]) -> int:
    """Return how often the outcome changed from one run to the next."""
    outcomes = [one.record.outcome for one in recent if one.record.outcome is not Outcome.RUNNING]
    return sum(before is not after for before, after in itertools.pairwise(outcomes))


def find_untold(recent: tuple[StoredRun, ...], *, judged: tuple[str, ...], now: dt.datetime) -> tuple[StoredRun, ...]:
    """Return the runs since the last one that was judged whose process was killed before anybody could be told."""
    # One that is yet to begin was named by a clock that was wrong, and says nothing of those before it.
    last = max((one for one in judged if one.partition("-")[0] <= _stamp(now)), default=None)
    if last is None:
        return ()
    *before, latest = recent
    return tuple(one for one in before if one.record.id > last and _is_untold(one.record, latest.record))


def _is_untold(record: RunRecord, latest: RunRecord) -> bool:
    if record.outcome is Outcome.ABANDONED:
        return True
    # Of a run by hand nobody need be told, and one of another schedule may be about to tell.
    if record.schedule is None or latest.schedule is None or record.schedule.name != latest.schedule.name:
        return False
    # An attempt that was tried again is no run of its own.
    return record.schedule.due != latest.schedule.due and record.outcome not in (Outcome.RUNNING, Outcome.DONE)


def _stamp(moment: dt.datetime) -> str:
    """Return how the name of the folder of a run begins that began then."""
    return f"{moment.astimezone(dt.UTC):%Y%m%dT%H%M%SZ}"
