"""``fleetkit etcd defragment``: plan, approve, rewrite one backend after the other, verify."""

from __future__ import annotations

import click

from fleetkit.cli._changes import approve_shown_option, carry_out
from fleetkit.cli._output import cluster_argument, json_option

__all__ = ["command"]


@click.command("defragment")
@cluster_argument
@click.option("--compact", "compaction", is_flag=True, help="First drop the history of all keys up to now.")
@click.option("--all", "everybody", is_flag=True, help="Also those members for which it does not pay.")
@approve_shown_option
@json_option
def command(cluster: str | None, compaction: bool, everybody: bool, approve: str, as_json: bool) -> int:
    """Have etcd's members of CLUSTER give free pages back to the disk, one at a time.

    Followers come first, the leader last and after it has handed its leadership over, for a member is silent while it
    rewrites its backend. It is left out where less than 45% and 100 MiB of its pages are free. Nothing is done while a
    member is ill or the quorum would not bear it, and it stops where a member falls ill in between.
    A cluster under the alarm NOSPACE is mended with --compact, and then with fleetkit etcd alarms --disarm.

    Exits 0 when all members are well and hold the same, 3 when something is left to do, 4 when it was refused.
    """
    from fleetkit import workflows
    from fleetkit.cli._progress import note_reporter

    workspace = workflows.open_workspace(cluster)
    notes = note_reporter()
    plan = workflows.plan_defragment(workspace, compaction=compaction, everybody=everybody, report=notes)
    return carry_out(
        plan,
        given=approve,
        apply=lambda approved: workflows.apply_defragment(workspace, approved, report=notes),
        verify=lambda _applied: workflows.verify_defragment(workspace, report=notes),
        told={"members": plan.members, "left_out": plan.left_out},
        as_json=as_json,
    )
