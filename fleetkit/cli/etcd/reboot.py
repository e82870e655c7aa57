"""``fleetkit etcd reboot``: plan, approve, reboot one master after the other, verify."""

from __future__ import annotations

import click

from fleetkit.cli._changes import approve_shown_option, carry_out
from fleetkit.cli._output import cluster_argument, json_option

__all__ = ["command"]


@click.command("reboot")
@cluster_argument
@click.option(
    "--only", multiple=True, metavar="NAME", help="This master, whether an update waits or not. May be repeated."
)
@click.option("--all", "everybody", is_flag=True, help="All masters, whether an update waits or not.")
@approve_shown_option
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
    return carry_out(
        plan,
        given=approve,
        apply=lambda approved: workflows.apply_reboot(workspace, approved, report=notes),
        verify=lambda _applied: workflows.verify_reboot(workspace, report=notes),
        told={"masters": plan.masters, "left_out": plan.left_out},
        as_json=as_json,
    )
