"""``fleetkit deploy``: plan, approve, apply, verify."""

from __future__ import annotations

import click

from fleetkit.cli._approving import approve_option, ask_approval
from fleetkit.cli._output import cluster_argument, json_option, print_json, print_note, print_story

__all__ = ["command"]


@click.command()
@cluster_argument
@approve_option
@json_option
def command(cluster: str | None, approve: str, as_json: bool) -> None:
    """Create CLUSTER, or change it into what its file says.

    The plan is shown, approved by typing the cluster's name, applied exactly as it was shown, and the deploy ends
    when etcd has its quorum and every desired machine has joined fleet. It may be interrupted: run it again, and it
    goes on. A second run plans in full and says that there is nothing to do.
    A plan that fleetkit plan --keep kept is applied by --approve with its sha256, or with what fleetkit approve wrote;
    it is refused where the state, etcd's members or the cluster file have moved since.
    With --json what was applied, what was verified and the outputs are one document, printed at the end.
    """
    from fleetkit import workflows
    from fleetkit.cli._progress import ApplyProgress, note_reporter

    workspace = workflows.open_workspace(cluster)
    notes = note_reporter()
    workflows.require_preflight(workspace, report=notes)
    plan = workflows.plan_deploy(workspace, approval=approve, report=notes)
    print_story(plan.text, as_json=as_json)
    plan.check()
    approved = workflows.approve(plan, ask_approval(plan, approve))
    with ApplyProgress(plan.saved.plan) as progress:
        applied = workflows.apply_deploy(workspace, approved, report=progress.reporter)
    print_story(applied.text, as_json=as_json)
    print_note("verifying")
    verified = workflows.verify_deploy(workspace, report=notes)
    outputs = workflows.read_outputs(workspace)
    print_story(verified.summary, "", outputs.text, as_json=as_json)
    if as_json:
        print_json({"plan_sha256": plan.sha256, "applied": applied, "verified": verified, "outputs": outputs})
