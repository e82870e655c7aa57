"""``fleetkit notice test``: whether those who are to be told can be."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import click

from fleetkit.cli._exit import ExitCode
from fleetkit.cli._output import cluster_argument, json_option, print_json, print_note, print_table
from fleetkit.cli.notice._clusters import load_clusters
from fleetkit.core import format_duration

__all__ = ["command"]


def _complete_destination(context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    """Return the destinations that begin so, for the shell; nothing where the cluster file cannot be read."""
    from fleetkit.core import FleetkitError

    try:
        clusters = load_clusters(context.params.get("cluster"))
    except FleetkitError:
        return []
    return sorted({name for one in clusters.ok.values() for name in one.notice.names if name.startswith(incomplete)})


@click.command("test")
@cluster_argument
@click.option(
    "--to",
    "names",
    metavar="NAME",
    multiple=True,
    shell_complete=_complete_destination,
    help="This destination alone; may be given again.",
)
@json_option
def command(cluster: str | None, names: Sequence[str], as_json: bool) -> int:
    """Send a notice that says that it is a test, and show which destinations of CLUSTER took it.

    That a service took it is all that can be known here: look there whether it was shown.
    Exits 1 where one did not take it; nothing is kept of a test, and nothing tried again.

    \b
    fleetkit notice test demo
    fleetkit notice test demo --to oncall
    """
    from fleetkit import schedule
    from fleetkit.config import Settings, load_cluster

    read = load_cluster(cluster or Settings.from_environment(os.environ).cluster, folder=Path.cwd())
    sent = schedule.send_test_notice(read, names=names, folder=Path.cwd())
    if as_json:
        print_json(sent)
    else:
        rows = [
            (name, "not taken" if name in sent.failed else f"taken in {format_duration(sent.ok[name].took_s)}")
            for name in sent
        ]
        print_table(("destination", "result"), rows)
    for name, error in sent.failed.items():
        print_note(f"{name}: {error}")
    return ExitCode.FAILED if sent.failed else ExitCode.DONE
