"""``fleetkit etcd backup``: both stores of etcd, in one file."""

from __future__ import annotations

from typing import Any

import click

from fleetkit.cli._backups import backup_facts, place_option, seal_option
from fleetkit.cli._etcd_options import etcd_options, open_source
from fleetkit.cli._exit import OUTCOME_CODES
from fleetkit.cli._output import cluster_argument, json_option, print_json, print_lines, print_note

__all__ = ["command"]


@click.command("backup")
@cluster_argument
@place_option("--to")
@click.option("--name", metavar="NAME", help="What the cluster is called, with --endpoints.")
@seal_option
@etcd_options
@json_option
def command(
    cluster: str | None, place: str | None, name: str | None, seal_for: tuple[str, ...], as_json: bool, **options: Any
) -> int:
    """Back up both stores of etcd: the v3 snapshot, and the v2 tree, in which fleet keeps its state.

    One file, with the member list, versions and the hash of each part; any tar reads it.
    It holds what etcd holds, secrets too, and is for its owner alone.
    Where etcd has lost what was backed up before, that is told, and the exit code is 3.
    A backup is unproven until fleetkit etcd drill has restored it once.

    \b
    fleetkit etcd backup demo
    fleetkit etcd backup demo --to s3://backups/etcd --encrypt-to "$(cat ~/.ssh/id_ed25519.pub)"
    fleetkit etcd backup --endpoints 10.10.3.100:2379 --name old --to /mnt/backups
    """
    from fleetkit.etcd import V2_ROOTS
    from fleetkit.workflows import Reporter, back_up, open_backup_place, open_cluster_backups, remember_backup

    if name is not None and (cluster is not None or not options["endpoints"]):
        raise click.UsageError("--name is for an etcd without a cluster file, with --endpoints; leave it out")
    notes = Reporter(note=print_note)
    with open_source(cluster, **options) as source:
        workspace = source.workspace
        if workspace is not None:
            kept_in, roots = open_cluster_backups(workspace, place), workspace.cluster.etcd.v2_roots
        elif name is not None:
            kept_in, roots = open_backup_place(name, place), V2_ROOTS
        else:
            raise click.UsageError("an etcd without a cluster file has no name: say with --name what it is called")
        taken = back_up(
            source.endpoints,
            kept_in,
            tls=source.tls,
            limits=source.limits,
            roots=roots,
            seal_for=seal_for,
            report=notes,
        )
        if workspace is not None:
            taken = remember_backup(workspace, source.endpoints, taken, tls=source.tls, report=notes)
    if as_json:
        facts = {
            "address": taken.address,
            "took_s": round(taken.took_s, 3),
            "manifest": taken.manifest,
            "setback": taken.setback,
        }
        print_json({**backup_facts(taken.kept), **facts})
    else:
        print_lines(
            taken.summary, *filter(None, [taken.setback]), "unproven until it was restored once: fleetkit etcd drill"
        )
    return OUTCOME_CODES[taken.outcome]
