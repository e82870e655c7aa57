"""``fleetkit etcd resize``: plan, approve, bring etcd to as many members as the cluster file names, verify."""

from __future__ import annotations

import click

from fleetkit.cli._changes import approve_shown_option, carry_out
from fleetkit.cli._output import json_option

__all__ = ["command"]


@click.command("resize")
@click.argument("cluster")
@approve_shown_option
@json_option
def command(cluster: str, approve: str, as_json: bool) -> int:
    """Bring etcd of CLUSTER to the 1, 3, 5 or 7 masters that its cluster file names, one at a time.

    Who joins is added as a learner, which has no vote; Terraform makes its machine, and once it has caught up it is
    made a voter. Who leaves hands its leadership over and is removed; then Terraform destroys its machine. Refused
    while any member is ill or an alarm is raised. Whatever ends it in between, the same again goes on from there.

    Exits 0 when all members are well, vote and hold the same, 3 when something is left to do, 4 when it was refused.
    """
    from fleetkit import workflows
    from fleetkit.cli._progress import note_reporter

    workspace = workflows.open_workspace(cluster)
    notes = note_reporter()
    plan = workflows.plan_resize(workspace, report=notes)
    return carry_out(
        plan,
        given=approve,
        apply=lambda approved: workflows.apply_resize(workspace, approved, report=notes),
        verify=lambda _applied: workflows.verify_resize(workspace, report=notes),
        told={"parts": plan.parts},
        as_json=as_json,
    )
