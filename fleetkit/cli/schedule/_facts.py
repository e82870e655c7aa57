"""What is told of a schedule, in words and as JSON."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from fleetkit.cli._output import to_plain
from fleetkit.core import FleetkitError, format_utc, utc_now

if TYPE_CHECKING:
    from fleetkit.runs import StoredRun
    from fleetkit.schedule import Entry

__all__ = ["complete_schedule", "describe_run", "facts_of", "find_missing"]


def complete_schedule(_context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    """Return the names of the schedules here that begin so, for the shell."""
    return [file.stem for file in sorted(Path.cwd().glob("schedules/*.toml")) if file.stem.startswith(incomplete)]


def describe_run(stored: StoredRun) -> str:
    """Say in a line when a run began and how it ended."""
    record = stored.record
    attempt = record.schedule.attempt if record.schedule else 1
    tried = f", attempt {attempt}" if attempt > 1 else ""
    said = record.summary or (record.error.message.split("\n", 1)[0] if record.error else "")
    ending = f"{record.outcome.value} ({record.exit})" if record.exit is not None else record.outcome.value
    return f"{format_utc(record.started)} {ending}{tried}" + (f": {said}" if said else "")


def find_missing(entry: Entry) -> tuple[str, ...]:
    """Return what was put in place for a schedule and is not there; why that cannot be told counts as well."""
    from fleetkit.schedule import find_scheduler

    try:
        return find_scheduler(entry.on, environ=os.environ, place=entry.place).find_missing(entry)
    except (FleetkitError, OSError) as error:
        return (f"not known: {error}",)


def facts_of(entry: Entry, runs: Sequence[StoredRun], *, missing: Sequence[str]) -> dict[str, Any]:
    """Return what there is to know of a schedule, for JSON."""
    from fleetkit.schedule import next_times

    last = runs[0].record if runs else None
    return {
        "name": entry.name,
        "notebook": entry.notebook,
        "cluster": entry.cluster,
        "cron": entry.line.text,
        "timezone": entry.line.timezone,
        "words": entry.line.words,
        "on": entry.on.value,
        "next": [format_utc(moment) for moment in next_times(entry, now=utc_now())],
        "last": None if last is None else {"id": last.id, **{key: last.to_json()[key] for key in _OF_LAST}},
        "timeout_s": entry.timeout_s,
        "retries": entry.retries,
        "parameters": to_plain(entry.parameters),
        "approve": entry.approve,
        "environment": dict(entry.environment),
        "wrote": dict(entry.wrote),
        "missing": list(missing),
    }


_OF_LAST = ("started", "ended", "outcome", "exit", "summary", "schedule")
