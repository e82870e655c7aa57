"""``fleetkit etcd restore``: plan, approve, put a backup into all members, verify; or into a scratch etcd here."""

from __future__ import annotations

import shlex
import signal
import sys
from pathlib import Path

import click

from fleetkit.cli._backups import backup_facts, identity_option, name_cluster, place_option
from fleetkit.cli._changes import approve_shown_option, carry_out
from fleetkit.cli._exit import ExitCode
from fleetkit.cli._output import cluster_argument, json_option, print_json, print_lines, print_note, print_story

__all__ = ["command"]


@click.command("restore")
@cluster_argument
@place_option("--from")
@click.option("--backup", "name", metavar="NAME", help="Which backup; the newest where not given.")
@click.option("--backup-of", "origin", metavar="CLUSTER", help="The backup is of another cluster: of this one.")
@identity_option
@click.option(
    "--into",
    type=click.Choice(["cluster", "scratch"]),
    default="cluster",
    show_default=True,
    help="All members of the cluster; or a scratch etcd on this computer, to look into it until Ctrl-C.",
)
@click.option("--overwrite", is_flag=True, help="Overwrite an etcd that serves and holds something.")
@click.option("--dry-run", is_flag=True, help="Show what would be overwritten and lost, and change nothing.")
@approve_shown_option
@json_option
def command(
    cluster: str | None,
    place: str | None,
    name: str | None,
    origin: str | None,
    identity: Path | None,
    into: str,
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

    With --into scratch the cluster is neither asked nor changed, and need not be there any more: the backup is served
    on 127.0.0.1 until Ctrl-C, and nothing of it stays.

    Exits 0 when all is as it was backed up, 3 when something differs or with --dry-run, 4 when it was refused.

    \b
    fleetkit etcd restore demo --from s3://backups/etcd --dry-run
    fleetkit etcd restore demo --from s3://backups/etcd
    fleetkit etcd restore demo --from s3://backups/etcd --into scratch
    """
    if into == "scratch":
        if overwrite or dry_run or approve:
            raise click.UsageError("--overwrite, --dry-run and --approve are for a cluster; leave them out")
        return _serve_scratch(cluster, place, name, origin=origin, identity=identity, as_json=as_json)
    from fleetkit import workflows
    from fleetkit.cli._progress import note_reporter

    workspace = workflows.open_workspace(cluster)
    notes = note_reporter()
    plan = workflows.plan_restore(
        workspace, place=place, backup=name, origin=origin, identity=identity, overwrite=overwrite, report=notes
    )
    told = {"backup": str(plan.kept.name), "refused": plan.refused, "now": plan.now}
    if dry_run:
        print_story(str(plan), as_json=as_json)
        if as_json:
            print_json({"plan_sha256": plan.sha256, **told})
        return ExitCode.FINDINGS
    return carry_out(
        plan,
        given=approve,
        apply=lambda approved: workflows.apply_restore(workspace, approved, report=notes),
        verify=lambda applied: workflows.verify_restore(workspace, applied, report=notes),
        told=told,
        as_json=as_json,
    )


def _serve_scratch(
    cluster: str | None,
    place: str | None,
    name: str | None,
    *,
    origin: str | None,
    identity: Path | None,
    as_json: bool,
) -> int:
    """Serve a backup on this computer until somebody ends it."""
    from fleetkit import workflows
    from fleetkit.cli._progress import note_reporter

    signal.signal(signal.SIGTERM, lambda *_: sys.exit(int(ExitCode.INTERRUPTED)))
    kept_in = workflows.open_backup_place(origin or name_cluster(cluster), place)
    with workflows.open_restored_scratch(kept_in, name, identity=identity, report=note_reporter()) as restored:
        environment = restored.etcdctl_environment
        if as_json:
            facts = {"url": restored.url, "environment": environment, "manifest": restored.manifest}
            print_json({**backup_facts(restored.kept), **facts})
        else:
            exports = (f"export {name}={shlex.quote(value)}" for name, value in environment.items())
            print_lines(f"# {restored}", *exports, f"# the v2 store: curl {restored.url}/v2/keys/?recursive=true")
        print_note("Ctrl-C ends it, and nothing of it stays")
        restored.wait()
    return ExitCode.DONE
