"""``fleetkit destroy``: show what will go, approve, back up, remove, sweep, prove."""

from __future__ import annotations

from pathlib import Path

import click

from fleetkit.cli._approving import approve_option, ask_approval
from fleetkit.cli._backups import identity_option, no_backup_option, place_option, seal_option
from fleetkit.cli._exit import ExitCode
from fleetkit.cli._output import cluster_argument, json_option, print_json, print_story

__all__ = ["command"]


@click.command()
@cluster_argument
@approve_option
@no_backup_option
@place_option("--backup-to")
@seal_option
@identity_option
@click.option("--forget", is_flag=True, help="Afterwards remove the local traces too; records stay.")
@json_option
def command(
    cluster: str | None,
    approve: str,
    no_backup: bool,
    place: str | None,
    seal_for: tuple[str, ...],
    identity: Path | None,
    forget: bool,
    as_json: bool,
) -> int:
    """Remove CLUSTER from AWS, and prove that nothing is left.

    Before anything is removed, etcd is backed up once more, and the backup is restored once on this computer;
    where that fails nothing is removed. An etcd that is gone, or never was, keeps no destroy from going on.

    What will go is shown, and approved by typing the cluster's name. What Terraform does not know of, but bears the
    cluster's tag, is removed as well, in the order of dependency. Things of others are named and left alone.
    A plan that fleetkit plan --destroy --keep kept is applied by --approve with its sha256 or a signed approval's file.
    With --json what was removed and the certificate of emptiness are one document, printed at the end.
    """
    from fleetkit import workflows
    from fleetkit.cli._progress import ApplyProgress, note_reporter

    workspace = workflows.open_workspace(cluster)
    notes = note_reporter()
    plan = workflows.plan_destroy(workspace, approval=approve, backs_up=not no_backup, report=notes)
    print_story(plan.text, as_json=as_json)
    approved = workflows.approve(plan, ask_approval(plan, approve))
    last = workflows.make_final_backup(
        workspace, approved, place=place, seal_for=seal_for, identity=identity, report=notes
    )
    print_story(last.text, as_json=as_json)
    with ApplyProgress(plan.saved.plan) as progress:
        applied = workflows.apply_destroy(workspace, approved, backup=last, report=progress.reporter)
    print_story(applied.text, as_json=as_json)
    swept = workflows.sweep_leftovers(workspace, report=notes)
    print_story(str(swept), as_json=as_json)
    emptiness = workflows.verify_emptiness(workspace)
    print_story(str(emptiness), as_json=as_json)
    forgotten = workflows.forget_cluster(workspace) if forget and not emptiness.still_there else ()
    print_story(*forgotten, as_json=as_json)
    if as_json:
        facts = {"backup": last, "applied": applied, "swept": swept, "emptiness": emptiness, "forgotten": forgotten}
        print_json({"plan_sha256": plan.sha256, **facts})
    return ExitCode.FAILED if emptiness.still_there else ExitCode.DONE
