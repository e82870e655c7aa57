"""How the verbs of ``fleetkit runs`` show records."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from fleetkit.cli._output import print_table
from fleetkit.core import format_duration, format_utc

if TYPE_CHECKING:
    from fleetkit.runs import StoredRun

__all__ = ["facts_of", "print_runs"]


def facts_of(stored: StoredRun) -> dict[str, object]:
    """Return what ``run.json`` says of a record, and where the record lies."""
    return {**stored.record.to_json(), "folder": str(stored.folder)}


def print_runs(stored: Iterable[StoredRun]) -> None:
    """Print records as a table."""
    columns = ("record", "cluster", "outcome", "started", "took", "by")
    print_table(columns, [_row(one) for one in stored])


def _row(stored: StoredRun) -> tuple[object, ...]:
    record = stored.record
    took = "" if record.took_s is None else format_duration(record.took_s)
    return (
        record.id,
        record.cluster,
        record.outcome.value,
        format_utc(record.started),
        took,
        f"{record.actor.user}@{record.actor.host}",
    )
