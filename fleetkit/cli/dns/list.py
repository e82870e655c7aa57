"""``fleetkit dns list``: the instances of services, whether each serves, and whether its name says so."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from fleetkit.cli._exit import ExitCode
from fleetkit.cli._output import cluster_argument, json_option, print_json, print_lines, print_table
from fleetkit.cli.dns._options import endpoint_option, facts_of

if TYPE_CHECKING:
    from fleetkit.fleet import FleetEndpoint

__all__ = ["command"]


@click.command("list")
@cluster_argument
@endpoint_option
@json_option
def command(cluster: str | None, endpoint: FleetEndpoint | None, as_json: bool) -> int:
    """List the instances of the services of CLUSTER: whether each serves, and whether it is named in the zone.

    Changes nothing.

    \b
    fleetkit dns list demo
    fleetkit dns list demo --json

    Exits 0 when the names are those of all healthy instances, 3 when they are not or a service has none, 1 when fleet
    or the zone could not be read.
    """
    from fleetkit import workflows
    from fleetkit.cli._progress import note_reporter

    plan = workflows.plan_dns_sync(workflows.open_workspace(cluster), endpoint=endpoint, report=note_reporter())
    if as_json:
        print_json(facts_of(plan))
    else:
        print_table(
            ("service", "instance", "unit", "probe", "health", "named", "reason"),
            [
                (
                    service.name,
                    f"{one.instance.address or '-'}:{one.instance.port}",
                    one.instance.unit,
                    one.instance.probe,
                    one.health,
                    "yes" if one.instance in service.named else "no",
                    one.reason,
                )
                for service in plan.services
                for one in service.instances
            ],
        )
        print_lines(*(f"! {one}" for one in plan.findings))
        state = f"fleetkit dns sync {plan.cluster} makes them true" if plan.changes else "nothing has to change"
        print_lines(f"{len(plan.services)} services in {plan.zone.name} ({plan.asked}): {state}")
    return ExitCode.FINDINGS if plan.changes or plan.findings else ExitCode.DONE
