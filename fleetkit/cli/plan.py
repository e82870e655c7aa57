"""``fleetkit plan``: what a deploy would change."""

from __future__ import annotations

import click

from fleetkit.cli._exit import ExitCode
from fleetkit.cli._output import cluster_argument, json_option, print_json, print_lines

__all__ = ["command"]


@click.command()
@cluster_argument
@click.option("--details", is_flag=True, help="Show each change's attributes before and after.")
@json_option
def command(cluster: str | None, details: bool, as_json: bool) -> int:
    """Show what a deploy of CLUSTER would change; change nothing.

    Prints "No changes." and exits 0 when there is nothing to do; exits 3 when there is.
    Every destroy or replacement of a master is shown first, and a deploy refuses it.
    """
    from fleetkit.cli._progress import note_reporter
    from fleetkit.workflows import open_workspace, plan_deploy

    plan = plan_deploy(open_workspace(cluster), report=note_reporter())
    plan.saved.discard()
    if as_json:
        rows = [{"address": one.address, "action": one.action, "alarm": one.alarm} for one in plan.view.rows]
        print_json(
            {
                "is_empty": plan.is_empty,
                "changes": rows,
                "bucket": plan.deliveries,
                "removals": [str(one) for one in plan.removals],
                "alarms": plan.view.alarms,
            }
        )
    else:
        print_lines(plan.view.details if details else plan.text)
    return ExitCode.DONE if plan.is_empty else ExitCode.FINDINGS
