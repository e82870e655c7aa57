"""``fleetkit etcd replace``: plan, approve, replace one member with its machine, verify."""

from __future__ import annotations

import click

from fleetkit.cli._approving import ask_approval
from fleetkit.cli._exit import ExitCode
from fleetkit.cli._output import json_option, print_json, print_note, print_story

__all__ = ["command"]


@click.command("replace")
@click.argument("cluster")
@click.argument("member")
@click.option("--anew", is_flag=True, help="Also a new machine that is there already and does not become a member.")
@click.option(
    "--approve",
    metavar="APPROVAL",
    default="",
    help="Approve what is shown by the cluster's name, asked for in a terminal where not given, or by its sha256.",
)
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
    print_story(plan.text, as_json=as_json)
    plan.check()
    approved = workflows.approve(plan, ask_approval(plan, approve))
    applied = workflows.apply_replace(workspace, approved, report=notes)
    print_story(applied.text, as_json=as_json)
    print_note("verifying")
    verified = workflows.verify_replace(workspace, member, report=notes)
    print_story(str(verified), as_json=as_json)
    if as_json:
        print_json({"plan_sha256": plan.sha256, "steps": plan.steps, "applied": applied, "verified": verified})
    return ExitCode.FINDINGS if verified.findings else ExitCode.DONE
