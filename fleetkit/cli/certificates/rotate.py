"""``fleetkit certificates rotate``: plan, approve, re-issue and deliver, verify."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from fleetkit.cli._changes import approve_shown_option, carry_out
from fleetkit.cli._output import cluster_argument, json_option

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
@approve_shown_option
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
    return carry_out(
        plan,
        given=approve,
        apply=lambda approved: workflows.apply_rotation(workspace, approved, report=notes),
        verify=lambda _applied: workflows.verify_rotation(workspace, report=notes),
        told={"renewed": plan.renewed, "undelivered": plan.undelivered, "machines": plan.machines},
        as_json=as_json,
    )


def _rotate_ca(workspace: Workspace, approve: str, notes: Reporter, *, as_json: bool) -> int:
    from fleetkit import workflows

    plan = workflows.plan_ca_rotation(workspace, report=notes)
    return carry_out(
        plan,
        given=approve,
        apply=lambda approved: workflows.apply_ca_rotation(workspace, approved, report=notes),
        verify=lambda _applied: workflows.verify_ca_rotation(workspace, report=notes),
        told={"stage": plan.stage, "steps": plan.steps, "machines": plan.machines},
        as_json=as_json,
    )
