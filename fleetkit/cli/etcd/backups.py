"""``fleetkit etcd backups``: which there are, and which of them were ever restored; old ones are removed."""

from __future__ import annotations

import sys

import click

from fleetkit.cli._backups import backup_facts, name_cluster, place_option, print_backups
from fleetkit.cli._exit import ExitCode
from fleetkit.cli._output import cluster_argument, json_option, print_json, print_lines
from fleetkit.core import ApprovalMissingError

__all__ = ["command"]


@click.command("backups")
@cluster_argument
@place_option("--from")
@click.option("--prune", is_flag=True, help="Remove those that no rule keeps, after they were shown.")
@click.option("--hourly", type=int, default=24, show_default=True, metavar="N", help="Hours of which the last is kept.")
@click.option("--daily", type=int, default=7, show_default=True, metavar="N", help="Days of which the last is kept.")
@click.option("--weekly", type=int, default=5, show_default=True, metavar="N", help="Weeks of which the last is kept.")
@click.option("--yes", is_flag=True, help="Remove what is shown without being asked.")
@json_option
def command(
    cluster: str | None,
    place: str | None,
    prune: bool,
    hourly: int,
    daily: int,
    weekly: int,
    yes: bool,
    as_json: bool,
) -> int:
    """List the backups of CLUSTER, the newest first; with --prune, remove those that no rule keeps.

    Proven is what a drill has restored, unproven what none has, failed what a drill found wrong.
    The newest backup always stays, and so does the newest one that is proven.

    \b
    fleetkit etcd backups demo --from s3://backups/etcd
    fleetkit etcd backups demo --prune --hourly 24 --daily 7 --weekly 5 --yes
    """
    from fleetkit.etcd import Retention
    from fleetkit.workflows import open_backup_place, select_removable

    kept_in = open_backup_place(name_cluster(cluster), place)
    there = kept_in.list_backups()
    going = select_removable(there, Retention(hourly=hourly, daily=daily, weekly=weekly)) if prune else ()
    if going and not yes:
        if not as_json:
            print_backups(going)
        if as_json or not (sys.stdin.isatty() and click.confirm(f"Remove these {len(going)} for good?", err=True)):
            raise ApprovalMissingError(
                f"{len(going)} backups would be removed, and nobody agreed", hint="repeat with --yes"
            )
    kept_in.remove_backups(one.name for one in going)
    staying = [one for one in there if one not in going]
    if as_json:
        removed = [backup_facts(one) for one in going]
        print_json({"address": kept_in.address, "backups": [backup_facts(one) for one in staying], "removed": removed})
    elif staying:
        print_backups(staying)
    else:
        print_lines(f"no backup in {kept_in.address}")
    if going and not as_json:
        print_lines(f"removed {len(going)} backups of {len(there)}")
    return ExitCode.DONE
