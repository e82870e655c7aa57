"""Schedules of small notebooks, for tests of what runs them."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from support.runs_notebooks import BEGIN, write_notebook

from fleetkit.schedule import Entry, SchedulerKind, parse_cron
from fleetkit.schedule.entries import write_entry

__all__ = ["make_entry", "write_look", "write_schedule"]

ADDED = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)


def make_entry(folder: Path, **changes) -> Entry:
    """Return the schedule ``look`` of the notebook 10-look in ``folder``, each night, since the first of March."""
    facts = {
        "name": "look",
        "notebook": str(folder / "10-look.ipynb"),
        "cluster": "",
        "line": parse_cron("0 3 * * *"),
        "on": SchedulerKind.CRON,
        "added": ADDED,
        "timeout_s": 60.0,
        "backoff_s": 0.01,
    }
    return Entry(**{**facts, **changes})


def write_schedule(folder: Path, **changes) -> Entry:
    """Write such a schedule's file, and return it."""
    entry = make_entry(folder, **changes)
    write_entry(folder, entry)
    return entry


def write_look(
    folder: Path, *cells: str, parameters: str = "count = 3  # how many", finish: str = "run.finish()"
) -> Path:
    """Write the notebook 10-look, which needs no cluster, and begins and finishes its own run."""
    begin = BEGIN.format(name="10-look")
    return write_notebook(
        folder / "10-look.ipynb", "## Set up", begin, "## Look", *cells, "## Outcome", finish, parameters=parameters
    )
