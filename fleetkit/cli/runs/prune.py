"""``fleetkit runs prune``: remove old records, after they were shown."""

from __future__ import annotations

import datetime as dt
import sys
from pathlib import Path

import click

from fleetkit.cli._output import cluster_argument, print_lines, print_note
from fleetkit.cli.runs._facts import print_runs
from fleetkit.cli.runs._moments import AGE
from fleetkit.core import ApprovalMissingError, utc_now

__all__ = ["command"]


@click.command("prune")
@cluster_argument
@click.option("--keep", type=click.IntRange(min=0), required=True, metavar="N", help="How many of each to keep.")
@click.option("--older-than", type=AGE, metavar="AGE", help="Remove only what is older: 12h, 30d, 8w.")
@click.option("--yes", is_flag=True, help="Remove what is shown without being asked.")
def command(cluster: str | None, keep: int, older_than: dt.timedelta | None, yes: bool) -> None:
    """Remove old records; of each cluster and notebook the newest N stay, and the last run that was done.

    What will go is shown, and removed after a yes. Runs under way stay, and so does what cannot be read.

    \b
    fleetkit runs prune demo --keep 10 --older-than 30d
    """
    from fleetkit import runs, workflows

    name = None if cluster is None else Path(cluster).name.removesuffix(".toml")
    store = workflows.open_record_place().store
    found = store.list_runs(cluster=name)
    before = None if older_than is None else utc_now() - older_than
    going = runs.select_prunable(found.ok.values(), keep=keep, before=before)
    for error in found.failed.values():
        print_note(f"stays: {error}")
    if not going:
        print_lines(f"nothing to remove of {len(found)} records")
        return
    print_runs(going)
    if not (yes or _ask(len(going))):
        raise ApprovalMissingError(
            f"{len(going)} records would be removed, and nobody agreed", hint="repeat with --yes"
        )
    for stored in going:
        store.remove_run(stored)
    print_lines(f"removed {len(going)} records of {len(found)}")


def _ask(count: int) -> bool:
    return sys.stdin.isatty() and click.confirm(f"Remove these {count} records for good?", err=True)
