"""``fleetkit destroy``: show what will go, approve, remove, sweep, prove."""

from __future__ import annotations

import click

from fleetkit.cli._approving import approve_option, ask_approval
from fleetkit.cli._exit import ExitCode
from fleetkit.cli._output import cluster_argument, print_lines

__all__ = ["command"]


@click.command()
@cluster_argument
@approve_option
@click.option("--forget", is_flag=True, help="Afterwards remove the local traces too; records stay.")
def command(cluster: str | None, approve: str, forget: bool) -> int:
    """Remove CLUSTER from AWS, and prove that nothing is left.

    What will go is shown, and approved by typing the cluster's name. What Terraform does not know of, but bears the
    cluster's tag, is removed as well, in the order of dependency. Things of others are named and left alone.
    A plan that fleetkit plan --destroy --keep kept is applied by --approve with its sha256 or a signed approval's file.
    """
    from fleetkit import workflows
    from fleetkit.cli._progress import ApplyProgress, note_reporter

    workspace = workflows.open_workspace(cluster)
    notes = note_reporter()
    plan = workflows.plan_destroy(workspace, approval=approve, report=notes)
    print_lines(plan.text)
    approved = workflows.approve(plan, ask_approval(plan, approve))
    with ApplyProgress(plan.saved.plan) as progress:
        applied = workflows.apply_destroy(workspace, approved, report=progress.reporter)
    print_lines(str(applied))
    print_lines(str(workflows.sweep_leftovers(workspace, report=notes)))
    emptiness = workflows.verify_emptiness(workspace)
    print_lines(str(emptiness))
    if emptiness.still_there:
        return ExitCode.FAILED
    if forget:
        print_lines(*workflows.forget_cluster(workspace))
    return ExitCode.DONE
