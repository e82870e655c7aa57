"""``fleetkit notice list``: who is told, and what waits for them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from fleetkit.cli._exit import ExitCode, exit_code_of, join_exit_codes
from fleetkit.cli._output import cluster_argument, json_option, print_json, print_lines, print_note, print_table
from fleetkit.cli.notice._clusters import load_clusters, runs_folder
from fleetkit.core import format_utc

if TYPE_CHECKING:
    from fleetkit.config import Cluster
    from fleetkit.schedule import Outbox

__all__ = ["command"]


@click.command("list")
@cluster_argument
@json_option
def command(cluster: str | None, as_json: bool) -> int:
    """Show who is told of runs of CLUSTER, or of all clusters here, and which notices nobody took yet.

    A reference is shown, never what it leads to; nobody is asked whether it works: "fleetkit notice test" does that.
    Exits 1 where a notice cannot be read. A cluster file that is not legal is named, and exits 2.

    \b
    fleetkit notice list
    fleetkit notice list demo --json
    """
    from fleetkit import schedule

    clusters = load_clusters(cluster)
    outbox = schedule.open_outbox(runs_folder())
    # Notices wait for clusters too whose file is gone or broken.
    names = list(clusters.ok) if cluster else list(dict.fromkeys([*clusters, *outbox.list_clusters()]))
    unread = [
        error
        for name in names
        for read in (outbox.read_waiting(name), outbox.read_given_up(name))
        for error in read.failed.values()
    ]
    if as_json:
        print_json([_facts_of(outbox, name, clusters.ok.get(name)) for name in names])
    else:
        rows = [
            (one.name, to.name, to.kind, to.place, one.notice.on)
            for one in clusters.ok.values()
            for to in schedule.list_destinations(one.notice)
        ]
        if rows:
            print_table(("cluster", "destination", "kind", "where", "told on"), rows)
        else:
            print_lines("nobody is told: no cluster file here names a destination under [notice]")
        _print_kept(outbox, names)
    for error in unread:
        print_note(f"passed over: {error}")
    for name, error in clusters.failed.items():
        print_note(f"{name}: who is told is not known: {error}")
    codes = [ExitCode.FAILED if unread else ExitCode.DONE]
    return join_exit_codes([*codes, *map(exit_code_of, clusters.failed.values())])


def _facts_of(outbox: Outbox, name: str, cluster: Cluster | None) -> dict[str, Any]:
    from fleetkit.schedule import list_destinations

    return {
        "cluster": name,
        "on": None if cluster is None else cluster.notice.on,
        "destinations": () if cluster is None else list_destinations(cluster.notice),
        "waiting": [notice.to_json() for notice in outbox.read_waiting(name).ok.values()],
        "given_up": [notice.to_json() for notice in outbox.read_given_up(name).ok.values()],
    }


def _print_kept(outbox: Outbox, names: list[str]) -> None:
    for title, read in (("Waiting", outbox.read_waiting), ("Given up", outbox.read_given_up)):
        kept = [one for name in names for one in read(name).ok.values()]
        if not kept:
            continue
        print_lines("", f"{title}:")
        rows = [
            (one.cluster, one.destination, format_utc(one.made), one.attempts, one.message.title, one.reason)
            for one in kept
        ]
        print_table(("cluster", "destination", "since", "tried", "what", "why"), rows)
