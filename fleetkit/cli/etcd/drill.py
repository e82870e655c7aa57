"""``fleetkit etcd drill``: restore a backup on this computer, and so prove it."""

from __future__ import annotations

from pathlib import Path

import click

from fleetkit.cli._backups import backup_facts, identity_option, name_cluster, place_option
from fleetkit.cli._exit import ExitCode
from fleetkit.cli._output import cluster_argument, json_option, print_json, print_lines, print_note, print_table

__all__ = ["command"]


@click.command("drill")
@cluster_argument
@place_option("--from")
@click.option("--backup", "name", metavar="NAME", help="Which backup; the newest where not given.")
@identity_option
@json_option
def command(cluster: str | None, place: str | None, name: str | None, identity: Path | None, as_json: bool) -> int:
    """Restore a backup into a scratch etcd on this computer, and compare it with what was backed up.

    Compared are revision, number of keys, the hash of every revision of every key, a sample of values,
    and every key of the v2 store. The cluster is not asked, and nothing stays but the proof beside the backup.
    RPO is how old the backup is, RTO how long it took until both stores served again.
    How it went is shown beside the drills before it: those of notebooks as their records in ./runs tell, and the last
    one of each backup as its proof does. Exits 3 when something differs.

    \b
    fleetkit etcd drill demo
    fleetkit etcd drill demo --from s3://backups/etcd --json
    """
    from fleetkit.workflows import Reporter, drill_backup, open_backup_place, read_drill_trend

    kept_in = open_backup_place(name_cluster(cluster), place)
    drilled = drill_backup(kept_in, name, identity=identity, report=Reporter(note=print_note))
    trend = read_drill_trend(kept_in, runs=Path("runs"))
    if as_json:
        print_json({**backup_facts(drilled.kept), "compared": drilled.compared, "trend": trend})
    else:
        print_lines(str(drilled), trend.summary)
        print_table(trend.headings, [one.row for one in trend.drills])
        for problem in trend.unread:
            print_note(problem)
    return ExitCode.FINDINGS if drilled.proof.findings else ExitCode.DONE
