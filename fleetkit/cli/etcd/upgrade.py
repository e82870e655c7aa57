"""``fleetkit etcd upgrade``: plan, approve, back up, bring one member after the other to the pinned version, verify."""

from __future__ import annotations

import click

from fleetkit.cli._backups import place_option, seal_option
from fleetkit.cli._changes import approve_shown_option, carry_out
from fleetkit.cli._output import cluster_argument, json_option

__all__ = ["command"]


@click.command("upgrade")
@cluster_argument
@click.option(
    "--accept-flaws",
    is_flag=True,
    help="Take a version by whose flaws data may be lost; the plan names them.",
)
@click.option("--no-backup", is_flag=True, help="Do not back etcd up before the first member.")
@place_option("--backup-to")
@seal_option
@approve_shown_option
@json_option
def command(
    cluster: str | None,
    accept_flaws: bool,
    no_backup: bool,
    place: str | None,
    seal_for: tuple[str, ...],
    approve: str,
    as_json: bool,
) -> int:
    """Bring etcd of CLUSTER to the version that its file pins, one member at a time.

    \b
    1. set pins.etcd_version in clusters/CLUSTER.toml
    2. fleetkit pin CLUSTER            resolves the digest of its image
    3. fleetkit etcd upgrade CLUSTER

    etcd is backed up; then followers come first, the leader last and after it has handed its leadership over. Each
    tries the image before its etcd is stopped, and the next one has its turn only when all are well. One that does not
    come up is taken back to what it ran, where etcd lets it, and the others are left alone. What broke off goes on with
    the same command. Any patch of a line may be run, forwards and back; to the next line one goes line by line, and
    once all members run it, back only by a restore. 3.6 is refused: it has no v2 store, in which fleet keeps its state.

    Exits 0 when all members are well, run the version and hold the same, 3 when something is left to do, 4 when it was
    refused.
    """
    from fleetkit import workflows
    from fleetkit.cli._progress import note_reporter

    workspace = workflows.open_workspace(cluster)
    notes = note_reporter()
    plan = workflows.plan_upgrade(workspace, backs_up=not no_backup, accepts_losses=accept_flaws, report=notes)
    return carry_out(
        plan,
        given=approve,
        apply=lambda approved: workflows.apply_upgrade(
            workspace, approved, place=place, seal_for=seal_for, report=notes
        ),
        verify=lambda _applied: workflows.verify_upgrade(workspace, report=notes),
        told={"goal": str(plan.goal), "image": plan.image, "members": plan.members},
        as_json=as_json,
    )
