"""``fleetkit runs list``: which records there are."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from fleetkit.cli._exit import ExitCode
from fleetkit.cli._output import cluster_argument, json_option, print_json, print_note, print_table
from fleetkit.cli.runs._facts import facts_of
from fleetkit.core import format_duration, format_utc

if TYPE_CHECKING:
    from fleetkit.runs import StoredRun

__all__ = ["command"]


@click.command("list")
@cluster_argument
@json_option
def command(cluster: str | None, as_json: bool) -> int:
    """List the records, the newest first; those of CLUSTER alone where it is given.

    A record that cannot be read is named on standard error, and the exit code is 1.
    """
    from fleetkit import runs

    name = None if cluster is None else Path(cluster).name.removesuffix(".toml")
    found = runs.list_runs(Path.cwd() / "runs", cluster=name)
    if as_json:
        print_json([facts_of(stored) for stored in found.ok.values()])
    else:
        columns = ("record", "cluster", "outcome", "started", "took", "by")
        print_table(columns, [_row(stored) for stored in found.ok.values()])
    for error in found.failed.values():
        print_note(f"error: {error}")
    return int(ExitCode.FAILED if found.failed else ExitCode.DONE)


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
