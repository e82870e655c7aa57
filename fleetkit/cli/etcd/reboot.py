"""``fleetkit etcd reboot``: plan, approve, reboot one master after the other, verify."""

from __future__ import annotations

import click

from fleetkit.cli._approving import ask_approval
from fleetkit.cli._exit import ExitCode
from fleetkit.cli._output import cluster_argument, json_option, print_json, print_note, print_story

__all__ = ["command"]


@click.command("reboot")
@cluster_argument
@click.option(
    "--only", multiple=True, metavar="NAME", help="This master, whether an update waits or not. May be repeated."
)
@click.option("--all", "everybody", is_flag=True, help="All masters, whether an update waits or not.")
@click.option(
    "--approve",
    metavar="APPROVAL",
    default="",
    help="Approve what is shown by the cluster's name, asked for in a terminal where not given, or by its sha256.",
)
@json_option
def command(cluster: str | None, only: tuple[str, ...], everybody: bool, approve: str, as_json: bool) -> int:
    """Reboot masters of CLUSTER, one at a time and only while all members of etcd are well.

    Masters never reboot by themselves: an update of their system is installed beside the one that runs, and waits for
    this. Those for which one waits are taken where nothing else is said; followers come first, the leader last and
    after it has handed its leadership over. What broke off goes on with the same command.

    Exits 0 when all members are well and no update waits, 3 when one still does, 4 when it was refused.
    """
    from fleetkit import workflows
    from fleetkit.cli._progress import note_reporter

    workspace = workflows.open_workspace(cluster)
    notes = note_reporter()
    plan = workflows.plan_reboot(workspace, only=only, everybody=everybody, report=notes)
    print_story(str(plan), as_json=as_json)
    plan.check()
    applied = workflows.apply_reboot(workspace, workflows.approve(plan, ask_approval(plan, approve)), report=notes)
    print_story(applied.text, as_json=as_json)
    print_note("verifying")
    verified = workflows.verify_reboot(workspace, report=notes)
    print_story(str(verified), as_json=as_json)
    if as_json:
        planned = {"plan_sha256": plan.sha256, "masters": plan.masters, "left_out": plan.left_out}
        print_json({**planned, "applied": applied, "verified": verified})
    return ExitCode.FINDINGS if verified.findings else ExitCode.DONE
