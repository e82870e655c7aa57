"""``fleetkit dns sync``: plan, approve, change the zone, verify."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from fleetkit.cli._changes import approve_shown_option, carry_out
from fleetkit.cli._output import cluster_argument, json_option
from fleetkit.cli.dns._options import endpoint_option, facts_of

if TYPE_CHECKING:
    from fleetkit.fleet import FleetEndpoint

__all__ = ["command"]


@click.command("sync")
@cluster_argument
@endpoint_option
@click.option("--remove-last", is_flag=True, help="Also names of services of which no instance is healthy.")
@click.option(
    "--trees", is_flag=True,
    help="Also /services/web and /services/internal in etcd, for proxies of the original system.",
)  # fmt: skip
@approve_shown_option
@json_option
def command(
    cluster: str | None,
    endpoint: FleetEndpoint | None,
    remove_last: bool,
    trees: bool,
    approve: str,
    as_json: bool,
) -> int:
    """Make the names of services in the private zone of CLUSTER those of their healthy instances.

    Fleet's units are read, each instance that has a probe is asked by its own machine, and the difference to the zone
    is shown. Only names that bear fleetkit's mark (a TXT record beside) are changed or removed. A service of which no
    instance is healthy keeps its names, and is told. What cannot be read is an error and changes nothing.

    \b
    fleetkit dns sync demo
    fleetkit dns sync demo --approve demo --json                # by a schedule
    fleetkit dns sync demo --approve demo --trees
    fleetkit dns sync demo --approve demo --endpoint unix:///run/fleet.sock

    Exits 0 when all names are true, 3 when something is left as it is, 4 when it was not approved or has moved, 1 when
    fleet or the zone could not be read.
    """
    from fleetkit import workflows
    from fleetkit.cli._progress import note_reporter

    workspace = workflows.open_workspace(cluster)
    notes = note_reporter()
    plan = workflows.plan_dns_sync(workspace, endpoint=endpoint, remove_last=remove_last, trees=trees, report=notes)
    return carry_out(
        plan,
        given=approve,
        apply=lambda approved: workflows.apply_dns_sync(workspace, approved, report=notes),
        verify=lambda _applied: workflows.verify_dns_sync(workspace, endpoint=endpoint, trees=trees, report=notes),
        told=facts_of(plan),
        as_json=as_json,
    )
