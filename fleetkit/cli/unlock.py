"""``fleetkit unlock``: whose lock is on a cluster's state, and clearing one that was left behind."""

from __future__ import annotations

import click

from fleetkit.cli._exit import ExitCode
from fleetkit.cli._output import cluster_argument, json_option, print_json, print_lines

__all__ = ["command"]


@click.command()
@cluster_argument
@click.argument("lock_id", required=False, metavar="[LOCK_ID]")
@json_option
def command(cluster: str | None, lock_id: str | None, as_json: bool) -> int:
    """Show who holds the state of CLUSTER, and since when; with LOCK_ID, clear that lock.

    Clear a lock only when the one who took it is at work no more, as after a kill or a power cut: two who write one
    state spoil it. A state in a local file never needs this: its lock ends with the process that holds it.

    Exits 0 when the state is free, and 3 when it is locked.
    """
    from fleetkit.workflows import clear_lock, find_lock, open_workspace

    workspace = open_workspace(cluster)
    name = workspace.cluster.name
    lock = clear_lock(workspace, lock_id) if lock_id else find_lock(workspace)
    code = ExitCode.DONE if lock_id or lock is None else ExitCode.FINDINGS
    if as_json:
        print_json({"cluster": name, "locked": code is ExitCode.FINDINGS, "cleared": bool(lock_id), "lock": lock})
        return code
    if lock_id:
        print_lines(f"cleared the lock of {name}: {lock}")
        return code
    if lock is None:
        print_lines(f"the state of {name} is not locked")
        return code
    print_lines(
        f"the state of {name} is locked: {lock}",
        f"if nobody is at work any more, clear it with: fleetkit unlock {name} {lock.lock_id}",
    )
    return code
