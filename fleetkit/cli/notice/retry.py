"""``fleetkit notice retry``: send what nobody took yet."""

from __future__ import annotations

import click

from fleetkit.cli._exit import ExitCode, exit_code_of, join_exit_codes
from fleetkit.cli._output import cluster_argument, json_option, print_json, print_lines, print_note
from fleetkit.cli.notice._clusters import load_clusters, runs_folder

__all__ = ["command"]


@click.command("retry")
@cluster_argument
@json_option
def command(cluster: str | None, as_json: bool) -> int:
    """Send what waits for the destinations of CLUSTER, or of all clusters here.

    The next run of a cluster does the same by itself. What is older than seven days is given up, and told so.
    Exits 1 while anything still waits or was given up. A cluster file that is not legal is named, and exits 2.

    \b
    fleetkit notice retry
    fleetkit notice retry demo
    """
    from fleetkit import schedule

    clusters = load_clusters(cluster)
    told = {name: schedule.retry_notices(one, runs=runs_folder()) for name, one in clusters.ok.items()}
    if as_json:
        print_json({name: one.to_json() for name, one in told.items()})
    else:
        lines = [f"{name}: {one}" for name, telling in told.items() for one in telling.deliveries]
        print_lines(*(lines or ["nothing waits"]))
    for name, telling in told.items():
        for caveat in telling.caveats:
            print_note(f"{name}: {caveat}")
    for name, error in clusters.failed.items():
        print_note(f"{name}: nothing was sent: {error}")
    codes = [ExitCode.DONE if one.is_taken else ExitCode.FAILED for one in told.values()]
    return join_exit_codes([*codes, *map(exit_code_of, clusters.failed.values())])
