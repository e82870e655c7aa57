"""``fleetkit machines refresh``: a new launch template reaches a pool, each machine emptied before it ends."""

from __future__ import annotations

import click

from fleetkit.cli._changes import carry_out
from fleetkit.cli._completing import complete_cluster
from fleetkit.cli._output import json_option
from fleetkit.cli._progress import note_reporter
from fleetkit.cli.units._changing import changing_options

__all__ = ["command"]


@click.command("refresh")
@click.argument("words", nargs=-1, required=True, metavar="[CLUSTER] POOL", shell_complete=complete_cluster)
@click.option("--strand", is_flag=True, help="Have units wait for the new machine that no other machine takes.")
@changing_options(roll_back=None)
@json_option
def command(words: tuple[str, ...], strand: bool, steady: float, wait: float, approve: str, as_json: bool) -> int:
    """Replace the machines of POOL (internal or public) of CLUSTER that an older launch template made.

    After a deploy with another image, instance type or user data, new machines are made with it, and those that run
    stay as they are until this is done. One after the other is emptied of fleet's units, which are seen to run on
    others; then it is ended, and the next one goes once its successor is in service and in fleet. Broken off, the same
    again goes on from there. What lies on their disks is lost.

    \b
    fleetkit machines refresh demo internal
    fleetkit machines refresh demo public --wait 5m --approve demo

    Exits 0 when all is as wanted, 2 when there is no such pool, 3 when a unit is not well on another machine, at which
    it halts, 4 when it was refused or not approved.
    """
    from fleetkit import workflows
    from fleetkit.core import Patience

    if len(words) > 2:
        raise click.UsageError(f"one pool at a time is refreshed, and not {', '.join(words[1:])}")
    workspace = workflows.open_workspace(words[0] if len(words) > 1 else None)
    gate, notes = workflows.UnitGate(patience=Patience(deadline_s=wait), steady_s=steady), note_reporter()
    plan = workflows.plan_refresh(workspace, words[-1], strand=strand, report=notes)
    return carry_out(
        plan,
        given=approve,
        apply=lambda approved: workflows.apply_refresh(workspace, approved, gate=gate, report=notes),
        verify=lambda _applied: workflows.verify_refresh(workspace, plan, report=notes),
        told={
            "pool": plan.pool,
            "template": plan.template,
            "machines": [
                {
                    "machine": one.machine,
                    "template": plan.versions[one.machine.name],
                    "moving": [unit.name for unit in one.moving],
                    "stranded": one.stranded,
                }
                for one in plan.drains
            ],
        },
        as_json=as_json,
    )
