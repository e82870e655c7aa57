"""``fleetkit runs list``: which records there are."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from pathlib import Path

import click

from fleetkit.cli._exit import ExitCode
from fleetkit.cli._output import cluster_argument, json_option, print_json, print_note
from fleetkit.cli.runs._facts import facts_of, print_runs
from fleetkit.cli.runs._moments import MOMENT

__all__ = ["command"]


@click.command("list")
@cluster_argument
@click.option("--notebook", metavar="NAME", default="", help="Only runs of this notebook: its number or name.")
@click.option("--outcome", "outcomes", multiple=True, metavar="OUTCOME", help="Only runs that ended so; repeatable.")
@click.option("--since", type=MOMENT, metavar="WHEN", help="Only runs begun then or later: a date, a moment, or 7d.")
@click.option("--until", type=MOMENT, metavar="WHEN", help="Only runs begun before that.")
@click.option("--limit", type=click.IntRange(min=1), metavar="N", help="Only the newest N of them.")
@json_option
def command(
    cluster: str | None,
    notebook: str,
    outcomes: Sequence[str],
    since: dt.datetime | None,
    until: dt.datetime | None,
    limit: int | None,
    as_json: bool,
) -> int:
    """List the records, the newest first; those of CLUSTER alone where it is given.

    A record that cannot be read is named on standard error, and the exit code is 1.
    A folder that is no record is named there too, and passed over.

    \b
    fleetkit runs list demo --outcome failed --outcome refused --since 7d
    fleetkit runs list --notebook inspect-cluster --limit 1 --json
    """
    from fleetkit import runs, workflows

    name = None if cluster is None else Path(cluster).name.removesuffix(".toml")
    selection = runs.RunSelection(
        notebook=notebook,
        outcomes=frozenset(runs.parse_outcome(text) for text in outcomes),
        since=since,
        until=until,
        limit=limit,
    )
    store = workflows.open_record_place().store
    found = store.list_runs(cluster=name)
    chosen = selection.choose(found.ok.values())
    if as_json:
        print_json([facts_of(stored) for stored in chosen])
    else:
        print_runs(chosen)
    for folder in store.list_foreign(cluster=name):
        print_note(f"passed over: {folder} is no record")
    for error in found.failed.values():
        print_note(f"error: {error}")
    return int(ExitCode.FAILED if found.failed else ExitCode.DONE)
