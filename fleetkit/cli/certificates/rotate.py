"""``fleetkit certificates rotate``: plan, approve, re-issue and deliver, verify."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from fleetkit.cli._approving import ask_approval
from fleetkit.cli._exit import ExitCode
from fleetkit.cli._output import cluster_argument, json_option, print_json, print_note, print_story

if TYPE_CHECKING:
    from fleetkit.workflows import Reporter, Workspace

__all__ = ["command"]


@click.command("rotate")
@cluster_argument
@click.option(
    "--only",
    multiple=True,
    metavar="NAME",
    help="A member, for both of its certificates; a client; or one as the listing names it. May be repeated.",
)
@click.option("--all", "everything", is_flag=True, help="Also those that do not expire soon.")
@click.option("--ca", is_flag=True, help="Replace the CA itself, and with it all certificates.")
@click.option(
    "--approve",
    metavar="APPROVAL",
    default="",
    help="Approve what is shown by the cluster's name, asked for in a terminal where not given, or by its sha256.",
)
@json_option
def command(cluster: str | None, only: tuple[str, ...], everything: bool, ca: bool, approve: str, as_json: bool) -> int:
    """Re-issue certificates of CLUSTER, and bring them to the machines that use them.

    Those that have expired or do so within 30 days are taken where nothing else is said, and those that were made
    before and did not reach every machine. etcd reads its certificates at each handshake and is not restarted; fleet
    is, in a way that leaves its units alone. It works while members cannot be asked because theirs have expired.

    With --ca the CA itself is replaced: first both are trusted, then the new one signs everything, then it is trusted
    alone. Members of etcd are restarted for that, one at a time and only while all are well. One that was cut off is
    gone on with by the same command.

    Exits 0 when all have the certificates that were made for them, 3 when one does not, 4 when it was refused.
    """
    from fleetkit import workflows
    from fleetkit.cli._progress import note_reporter

    if ca and (only or everything):
        raise click.UsageError("--ca re-issues all certificates: leave out --only and --all")
    workspace = workflows.open_workspace(cluster)
    notes = note_reporter()
    if ca:
        return _rotate_ca(workspace, approve, notes, as_json=as_json)
    plan = workflows.plan_rotation(workspace, only=only, everything=everything, report=notes)
    print_story(str(plan), as_json=as_json)
    plan.check()
    applied = workflows.apply_rotation(workspace, workflows.approve(plan, ask_approval(plan, approve)), report=notes)
    print_story(str(applied), as_json=as_json)
    print_note("verifying")
    verified = workflows.verify_rotation(workspace, report=notes)
    print_story(str(verified), as_json=as_json)
    if as_json:
        planned = {"plan_sha256": plan.sha256, "renewed": plan.renewed, "undelivered": plan.undelivered}
        print_json({**planned, "machines": plan.machines, "applied": applied, "verified": verified})
    return ExitCode.FINDINGS if verified.findings else ExitCode.DONE


def _rotate_ca(workspace: Workspace, approve: str, notes: Reporter, *, as_json: bool) -> int:
    from fleetkit import workflows

    plan = workflows.plan_ca_rotation(workspace, report=notes)
    print_story(str(plan), as_json=as_json)
    plan.check()
    approved = workflows.approve(plan, ask_approval(plan, approve))
    applied = workflows.apply_ca_rotation(workspace, approved, report=notes)
    print_story(str(applied), as_json=as_json)
    print_note("verifying")
    verified = workflows.verify_ca_rotation(workspace, report=notes)
    print_story(str(verified), as_json=as_json)
    if as_json:
        planned = {"plan_sha256": plan.sha256, "stage": plan.stage, "steps": plan.steps, "machines": plan.machines}
        print_json({**planned, "applied": applied, "verified": verified})
    return ExitCode.FINDINGS if verified.findings else ExitCode.DONE
