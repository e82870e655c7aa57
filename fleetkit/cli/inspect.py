"""``fleetkit inspect``: everything of a cluster at once."""

from __future__ import annotations

import json

import click

from fleetkit.cli._exit import OUTCOME_CODES
from fleetkit.cli._output import cluster_argument, json_option, print_json, print_lines

__all__ = ["command"]


@click.command()
@cluster_argument
@json_option
def command(cluster: str | None, as_json: bool) -> int:
    """Show machines, members, quorum, pools, targets, certificates, drift and pending changes of CLUSTER.

    Exits 0 when all is as it should be, 3 when something is not, 1 when a part could not be read.
    """
    from fleetkit.cli._progress import note_reporter
    from fleetkit.workflows import inspect_cluster, open_workspace

    found = inspect_cluster(open_workspace(cluster), report=note_reporter())
    if as_json:
        print_json(
            {
                "cluster": found.cluster,
                "at": found.at,
                "outcome": found.outcome,
                "summary": found.summary,
                "parts": {
                    name: {
                        "rows": None if part.frame is None else json.loads(part.frame.to_json(orient="records")),
                        "findings": part.findings,
                        "unknown": part.unknown,
                    }
                    for name, part in found.sections.items()
                },
            }
        )
    else:
        print_lines(str(found))
    return OUTCOME_CODES[found.outcome]
