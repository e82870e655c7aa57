"""``fleetkit etcd resize``: plan, approve, bring etcd to as many members as the cluster file names, verify."""

from __future__ import annotations

import click

from fleetkit.cli._approving import ask_approval
from fleetkit.cli._exit import ExitCode
from fleetkit.cli._output import json_option, print_json, print_note, print_story

__all__ = ["command"]


@click.command("resize")
@click.argument("cluster")
@click.option(
    "--approve",
    metavar="APPROVAL",
    default="",
    help="Approve what is shown by the cluster's name, asked for in a terminal where not given, or by its sha256.",
)
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
    print_story(plan.text, as_json=as_json)
    plan.check()
    approved = workflows.approve(plan, ask_approval(plan, approve))
    applied = workflows.apply_resize(workspace, approved, report=notes)
    print_story(applied.text, as_json=as_json)
    print_note("verifying")
    verified = workflows.verify_resize(workspace, report=notes)
    print_story(str(verified), as_json=as_json)
    if as_json:
        print_json({"plan_sha256": plan.sha256, "parts": plan.parts, "applied": applied, "verified": verified})
    return ExitCode.FINDINGS if verified.findings else ExitCode.DONE
