"""The latest runs of one notebook on one cluster, out of the names of their folders: a year of records is not read."""

from __future__ import annotations

import datetime as dt
import itertools
from pathlib import Path

from fleetkit.core import FleetkitError
from fleetkit.runs import Outcome, StoredRun, read_run

__all__ = ["count_changes", "find_cut_off", "read_recent"]

_MOST = 500


def read_recent(runs: Path, like: StoredRun, *, since: dt.datetime) -> tuple[StoredRun, ...]:
    """Return the runs of the same kind that began since then and before ``like``, and that one, the oldest first.

    One that cannot be read is left out: nothing is decided by it.
    """
    cluster, notebook = like.kind
    earliest = f"{since.astimezone(dt.UTC):%Y%m%dT%H%M%SZ}"
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


def find_cut_off(recent: tuple[StoredRun, ...], *, judged: tuple[str, ...]) -> tuple[str, ...]:
    """Return the runs whose process was killed since the last one that was judged: nobody could tell of them."""
    if not judged:
        return ()
    return tuple(
        one.record.id
        for one in recent[:-1]
        if one.record.outcome is Outcome.ABANDONED and one.record.id > max(judged) and one.record.id not in judged
    )
