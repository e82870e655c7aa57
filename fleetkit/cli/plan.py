"""``fleetkit plan``: what a deploy or a destroy would change."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from fleetkit.cli._backups import no_backup_option
from fleetkit.cli._exit import ExitCode
from fleetkit.cli._output import cluster_argument, json_option, print_json, print_lines, print_note

if TYPE_CHECKING:
    from fleetkit.workflows import DeployPlan, DestroyPlan

__all__ = ["command"]


@click.command()
@cluster_argument
@click.option("--details", is_flag=True, help="Show each change's attributes before and after.")
@click.option("--destroy", is_flag=True, help="Show what a destroy would remove.")
@no_backup_option
@click.option("--keep", is_flag=True, help="Keep the plan for a week, to be approved and applied just as it is shown.")
@json_option
def command(cluster: str | None, details: bool, destroy: bool, no_backup: bool, keep: bool, as_json: bool) -> int:
    """Show what a deploy of CLUSTER would change; change nothing.

    Prints "No changes." and exits 0 when there is nothing to do; exits 3 when there is.
    Every destroy or replacement of a master is shown first, and a deploy refuses it.
    With --keep the plan is kept with what it was made on, and its sha256 is told: fleetkit approve signs an approval
    for it, and fleetkit deploy or destroy applies it, in another process and by another person.
    """
    from fleetkit import workflows
    from fleetkit.cli._progress import note_reporter

    if no_backup and not destroy:
        raise click.UsageError("--no-backup is for a plan of a destroy; leave it out")
    workspace, notes = workflows.open_workspace(cluster), note_reporter()
    plan: DeployPlan | DestroyPlan
    if destroy:
        plan = workflows.plan_destroy(workspace, backs_up=not no_backup, report=notes)
    else:
        plan = workflows.plan_deploy(workspace, report=notes)
    kept = keep and not plan.is_empty
    if kept:
        plan = workflows.keep_plan(workspace, plan, report=notes)
    else:
        plan.saved.discard()
    if as_json:
        print_json(_facts(plan))
    else:
        print_lines(plan.details if details else plan.text)
    if kept:
        print_note(f"kept until it is applied, for a week at most: plan {plan.sha256}")
        print_note(f"  in {plan.saved.path}")
        print_note(f"next: fleetkit approve {plan.sha256[:12]} --cluster {plan.cluster}")
    return ExitCode.DONE if plan.is_empty else ExitCode.FINDINGS


def _facts(plan: DeployPlan | DestroyPlan) -> dict[str, Any]:
    from fleetkit.workflows import DeployPlan

    beside: dict[str, Any]
    if isinstance(plan, DeployPlan):
        removals, starts = map(str, plan.removals), map(str, plan.starts)
        beside = {"bucket": plan.deliveries, "removals": list(removals), "starts": list(starts)}
        beside["strangers"] = plan.strangers
    else:
        beside = {"bucket": plan.bucket, "backs_up": plan.backs_up, "beyond": [str(one) for one in plan.beyond]}
    return {
        "is_empty": plan.is_empty,
        "changes": [{"address": one.address, "action": one.action, "alarm": one.alarm} for one in plan.view.rows],
        **beside,
        "alarms": plan.view.alarms,
        "sha256": plan.sha256,
        "kept": None if plan.basis is None else {"file": plan.saved.path, **plan.basis.to_json()},
    }
