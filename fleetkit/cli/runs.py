"""``fleetkit runs``: the records of earlier runs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from fleetkit.cli._exit import ExitCode
from fleetkit.cli._output import cluster_argument, json_option, print_json, print_lines, print_note, print_table
from fleetkit.core import format_duration, format_utc

if TYPE_CHECKING:
    from fleetkit.runs import StoredRun

__all__ = ["command"]


@click.group()
def command() -> None:
    """List and show the records under ./runs."""


@command.command("list")
@cluster_argument
@json_option
def _list_records(cluster: str | None, as_json: bool) -> int:
    """List the records, the newest first; those of CLUSTER alone where it is given.

    A record that cannot be read is named on standard error, and the exit code is 1.
    """
    from fleetkit import runs

    name = None if cluster is None else Path(cluster).name.removesuffix(".toml")
    found = runs.list_runs(Path.cwd() / "runs", cluster=name)
    if as_json:
        print_json([_facts(stored) for stored in found.ok.values()])
    else:
        columns = ("record", "cluster", "outcome", "started", "took", "by")
        print_table(columns, [_row(stored) for stored in found.ok.values()])
    for error in found.failed.values():
        print_note(f"error: {error}")
    return int(ExitCode.FAILED if found.failed else ExitCode.DONE)


@command.command("show")
@click.argument("run", default="latest")
@json_option
def _show_record(run: str, as_json: bool) -> None:
    """Show one record: RUN is its id, the start of one, a folder, or "latest"."""
    from fleetkit import runs

    stored = runs.find_run(Path.cwd() / "runs", run)
    if as_json:
        print_json(_facts(stored))
        return
    record = stored.record
    print_lines(
        f"{record.id} of {record.cluster}: {record.outcome.value}",
        *([record.summary] if record.summary else []),
        f"started  {format_utc(record.started)} by {record.actor.user} on {record.actor.host} ({record.way.value})",
        f"took     {'' if record.took_s is None else format_duration(record.took_s)}",
        f"notebook {stored.notebook}",
        f"report   {stored.report}",
        *(f"-p {name} {value!r}" for name, value in record.parameters.items()),
    )
    if record.error is not None:
        print_lines(f"{record.error.kind} in “{record.error.title}”: {record.error.message}")


def _facts(stored: StoredRun) -> dict[str, object]:
    return {**stored.record.to_json(), "folder": str(stored.folder)}


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
