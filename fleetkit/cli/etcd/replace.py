"""``fleetkit etcd replace``: plan, approve, replace one member with its machine, verify."""

from __future__ import annotations

import click

from fleetkit.cli._changes import approve_shown_option, carry_out
from fleetkit.cli._output import json_option

__all__ = ["command"]


@click.command("replace")
@click.argument("cluster")
@click.argument("member")
@click.option("--anew", is_flag=True, help="Also a new machine that is there already and does not become a member.")
@approve_shown_option
@json_option
def command(cluster: str, member: str, anew: bool, approve: str, as_json: bool) -> int:
    """Replace MEMBER of etcd of CLUSTER, dead or alive, with the machine that it stands on.

    The old member is removed, the new one added as a learner, which has no vote; Terraform replaces the one instance,
    which keeps its address, host key and certificates; once it has caught up it is made a voter. Refused while another
    member is ill or the quorum would not bear it. Whatever ends it in between, the same again goes on from there.

    Exits 0 when all members are well, vote and hold the same, 3 when something is left to do, 4 when it was refused.
    """
    from fleetkit import workflows
    from fleetkit.cli._progress import note_reporter

    workspace = workflows.open_workspace(cluster)
    notes = note_reporter()
    plan = workflows.plan_replace(workspace, member, anew=anew, report=notes)
    return carry_out(
        plan,
        given=approve,
        apply=lambda approved: workflows.apply_replace(workspace, approved, report=notes),
        verify=lambda _applied: workflows.verify_replace(workspace, member, report=notes),
        told={"steps": plan.steps},
        as_json=as_json,
    )
