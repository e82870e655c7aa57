"""``fleetkit notice list``: who is told, and what waits for them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from fleetkit.cli._exit import ExitCode
from fleetkit.cli._output import cluster_argument, json_option, print_json, print_lines, print_note, print_table
from fleetkit.cli.notice._clusters import load_clusters, runs_folder
from fleetkit.core import format_utc

if TYPE_CHECKING:
    from fleetkit.schedule import Outbox

__all__ = ["command"]


@click.command("list")
@cluster_argument
@json_option
def command(cluster: str | None, as_json: bool) -> int:
    """Show who is told of runs of CLUSTER, or of all clusters here, and which notices nobody took yet.

    A reference is shown, never what it leads to; nobody is asked whether it works: "fleetkit notice test" does that.
    Exits 1 where a notice cannot be read.

    \b
    fleetkit notice list
    fleetkit notice list demo --json
    """
    from fleetkit import schedule

    clusters = load_clusters(cluster)
    outbox = schedule.open_outbox(runs_folder())
    found = [
        {
            "cluster": one.name,
            "on": one.notice.on,
            "destinations": schedule.list_destinations(one.notice),
            "waiting": [notice.to_json() for notice in outbox.read_waiting(one.name).ok.values()],
            "given_up": [notice.to_json() for notice in outbox.read_given_up(one.name).ok.values()],
        }
        for one in clusters
    ]
    unread = [
        error
        for one in clusters
        for read in (outbox.read_waiting(one.name), outbox.read_given_up(one.name))
        for error in read.failed.values()
    ]
    if as_json:
        print_json(found)
    else:
        rows = [
            (one.name, to.name, to.kind, to.place, one.notice.on)
            for one in clusters
            for to in schedule.list_destinations(one.notice)
        ]
        if rows:
            print_table(("cluster", "destination", "kind", "where", "told on"), rows)
        else:
            print_lines("nobody is told: no cluster file here names a destination under [notice]")
        _print_kept(outbox, [one.name for one in clusters])
    for error in unread:
        print_note(f"passed over: {error}")
    return ExitCode.FAILED if unread else ExitCode.DONE


def _print_kept(outbox: Outbox, clusters: list[str]) -> None:
    for title, read in (("Waiting", outbox.read_waiting), ("Given up", outbox.read_given_up)):
        kept = [one for name in clusters for one in read(name).ok.values()]
        if not kept:
            continue
        print_lines("", f"{title}:")
        rows = [
            (one.cluster, one.destination, format_utc(one.made), one.attempts, one.message.title, one.reason)
            for one in kept
        ]
        print_table(("cluster", "destination", "since", "tried", "what", "why"), rows)
