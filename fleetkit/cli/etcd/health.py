"""``fleetkit etcd health``: who is healthy, who is not and why."""

from __future__ import annotations

from typing import Any

import click

from fleetkit.cli._etcd_options import etcd_options, open_source
from fleetkit.cli._exit import ExitCode
from fleetkit.cli._output import cluster_argument, json_option, print_json, print_lines, print_table

__all__ = ["command"]


@click.command("health")
@cluster_argument
@etcd_options
@json_option
def command(cluster: str | None, as_json: bool, **options: Any) -> int:
    """Tell of every member whether it is healthy and why not, and whether the quorum is.

    Exits 0 when all are healthy, 3 when the quorum is degraded or lost or a member is ill,
    1 when the trouble is on this side, so that nothing can be said.
    """
    from fleetkit.etcd import Verdict

    with open_source(cluster, **options) as source:
        found = source.read_health()
    if as_json:
        keys = ("name", "id", "healthy", "reason", "took_ms")
        members = [{key: getattr(member, key) for key in keys} for member in found.members]
        print_json({"verdict": found.verdict, "tolerates": found.tolerates, "members": members})
    else:
        print_table(
            ("name", "id", "healthy", "took", "reason"),
            [
                (one.name, one.id, "yes" if one.healthy else "no", f"{one.took_ms:.0f} ms", one.reason)
                for one in found.members
            ],
        )
        serving = sum(one.serves and not one.is_learner for one in found.members)
        print_lines(
            f"etcd is {found.verdict}: {serving} of {found.voters} voters serve, {found.required} are a quorum, "
            f"{found.tolerates} more may fail"
        )
        gone = [one.name for one in found.members if one.may_be_gone]
        if source.workspace is not None and found.verdict is Verdict.DEGRADED and gone:
            name = source.workspace.cluster.name
            print_lines(f"a member whose machine or data are gone is replaced: fleetkit etcd replace {name} {gone[0]}")
        if source.workspace is not None and found.verdict is Verdict.LOST:
            name = source.workspace.cluster.name
            print_lines(f"where the data of a majority are gone, a backup is put back: fleetkit etcd restore {name}")
    if found.verdict is Verdict.UNKNOWN:
        return ExitCode.FAILED
    return ExitCode.DONE if found.verdict is Verdict.HEALTHY else ExitCode.FINDINGS
