"""``fleetkit secrets deliver``: plan, approve, put and have fetched, verify."""

from __future__ import annotations

import click

from fleetkit.cli._changes import approve_shown_option, carry_out
from fleetkit.cli._output import cluster_argument, json_option

__all__ = ["command"]


@click.command("deliver")
@cluster_argument
@click.option("--all", "everybody", is_flag=True, help="Have machines fetch though nothing changed.")
@approve_shown_option
@json_option
def command(cluster: str | None, everybody: bool, approve: str, as_json: bool) -> int:
    """Bring the secrets of CLUSTER to the machines of the pools that its file names.

    What the references lead to now is put into the cluster's bucket, under a prefix that one pool alone may read, and
    the machines that run fetch it; those that start later fetch it when they boot. A secret that was replaced where
    it is kept is rotated by the same command. No value is shown, recorded, or in Terraform's state.

    Exits 0 when all machines have what was delivered, 3 when one has not, 4 when it was refused.
    """
    from fleetkit import workflows
    from fleetkit.cli._progress import note_reporter

    workspace = workflows.open_workspace(cluster)
    notes = note_reporter()
    plan = workflows.plan_secrets(workspace, everybody=everybody, report=notes)
    return carry_out(
        plan,
        given=approve,
        apply=lambda approved: workflows.apply_secrets(workspace, approved, report=notes),
        verify=lambda _applied: workflows.verify_secrets(workspace, report=notes),
        told={"secrets": plan.secrets, "machines": plan.machines},
        as_json=as_json,
    )
