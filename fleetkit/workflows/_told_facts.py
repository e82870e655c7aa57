"""What past runs recorded about something, as their journals tell it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from fleetkit.core import FleetkitError
from fleetkit.runs import EventKind, StoredRun, list_runs, read_journal

__all__ = ["Told", "read_told", "tell_runs"]

Told = tuple[dt.datetime, Mapping[str, Any]]
"""A fact, and when it was recorded."""


def read_told(runs: Path, about: str, *, cluster: str, most: int) -> tuple[list[Told], tuple[str, ...]]:
    """Return what the last runs on a cluster recorded about something, and what could not be read.

    Parameters
    ----------
    runs
        The folder of the records of all clusters; it need not be there.
    most
        How many of the last records are looked into.
    """
    found = list_runs(runs, cluster=cluster)
    unread = [str(error) for error in found.failed.values()]
    told: list[Told] = []
    for _, one in tell_runs(list(found.ok.values())[:most], about):
        if isinstance(one, FleetkitError):
            unread.append(str(one))
        else:
            told += one
    return told, tuple(unread)


def tell_runs(stored: Iterable[StoredRun], about: str) -> Iterator[tuple[StoredRun, list[Told] | FleetkitError]]:
    """Return of each run what it recorded about something, or the error that kept its journal from being read."""
    for run in stored:
        try:
            yield (
                run,
                [
                    (event.at, event.data)
                    for event in read_journal(run.folder)
                    if event.kind is EventKind.FACT and event.data.get("about") == about
                ],
            )
        except FleetkitError as error:
            yield run, error
