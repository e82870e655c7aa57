"""``fleetkit etcd restore``: plan, approve, put a backup into all members, verify."""

from __future__ import annotations

from pathlib import Path

import click

from fleetkit.cli._approving import ask_approval
from fleetkit.cli._backups import identity_option, place_option
from fleetkit.cli._exit import ExitCode
from fleetkit.cli._output import cluster_argument, json_option, print_json, print_note, print_story

__all__ = ["command"]


@click.command("restore")
@cluster_argument
@place_option("--from")
@click.option("--backup", "name", metavar="NAME", help="Which backup; the newest where not given.")
@click.option("--backup-of", "origin", metavar="CLUSTER", help="The backup is of another cluster: of this one.")
@identity_option
@click.option("--overwrite", is_flag=True, help="Overwrite an etcd that serves and holds something.")
@click.option("--dry-run", is_flag=True, help="Show what would be overwritten and lost, and change nothing.")
@click.option(
    "--approve",
    metavar="APPROVAL",
    default="",
    help="Approve what is shown by the cluster's name, asked for in a terminal where not given, or by its sha256.",
)
@json_option
def command(
    cluster: str | None,
    place: str | None,
    name: str | None,
    origin: str | None,
    identity: Path | None,
    overwrite: bool,
    dry_run: bool,
    approve: str,
    as_json: bool,
) -> int:
    """Restore a backup into all members of CLUSTER: both stores of etcd, and with them what fleet was to run.

    For a cluster whose quorum or whole data are gone; the masters themselves must be there. What would be lost is shown
    first. All members stop at once; the old data are put aside on each master, never removed, and it is said where.
    They come back as a new cluster with a new token, which is written into the cluster file. Units go on running
    meanwhile. One that was cut off is gone on with by the same command.

    Exits 0 when all is as it was backed up, 3 when something differs or with --dry-run, 4 when it was refused.

    \b
    fleetkit etcd restore demo --from s3://backups/etcd --dry-run
    fleetkit etcd restore demo --from s3://backups/etcd
    """
    from fleetkit import workflows
    from fleetkit.cli._progress import note_reporter

    workspace = workflows.open_workspace(cluster)
    notes = note_reporter()
    plan = workflows.plan_restore(
        workspace, place=place, backup=name, origin=origin, identity=identity, overwrite=overwrite, report=notes
    )
    print_story(str(plan), as_json=as_json)
    planned = {"plan_sha256": plan.sha256, "backup": str(plan.kept.name), "refused": plan.refused, "now": plan.now}
    if dry_run:
        if as_json:
            print_json(planned)
        return ExitCode.FINDINGS
    plan.check()
    applied = workflows.apply_restore(workspace, workflows.approve(plan, ask_approval(plan, approve)), report=notes)
    print_story(applied.text, as_json=as_json)
    print_note("verifying")
    verified = workflows.verify_restore(workspace, applied, report=notes)
    print_story(str(verified), as_json=as_json)
    if as_json:
        print_json({**planned, "applied": applied, "verified": verified})
    return ExitCode.FINDINGS if verified.findings else ExitCode.DONE
