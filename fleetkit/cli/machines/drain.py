"""``fleetkit machines drain``: a machine is emptied of fleet's units, or taken back."""

from __future__ import annotations

import click

from fleetkit.cli._changes import approve_shown_option, carry_out
from fleetkit.cli._completing import complete_cluster
from fleetkit.cli._output import json_option
from fleetkit.cli._progress import note_reporter

__all__ = ["command"]


@click.command("drain")
@click.argument("words", nargs=-1, required=True, metavar="[CLUSTER] MACHINE", shell_complete=complete_cluster)
@click.option("--back", is_flag=True, help="Take the machine back into fleet.")
@click.option("--strand", is_flag=True, help="Leave units without a machine that no other machine takes.")
@approve_shown_option
@json_option
def command(words: tuple[str, ...], back: bool, strand: bool, approve: str, as_json: bool) -> int:
    """Empty MACHINE of CLUSTER of fleet's units, or take it back.

    Its fleet is stopped: it stops and unloads its units and leaves, and the other machines take them over at once; each
    is seen to run there. Refused where a unit would be on no machine, or it is the only master. It stays empty until it
    is taken back, or boots.
    MACHINE is a master's name, an instance id, a private address, or the beginning of an id of fleet's.

    \b
    fleetkit machines drain demo 10.10.3.57
    fleetkit machines drain demo 10.10.3.57 --back --approve demo

    Exits 0 when all is as wanted, 2 when there is no such machine, 3 when a unit is not on another one, 4 when it was
    refused or not approved.
    """
    from fleetkit import workflows

    if len(words) > 2:
        raise click.UsageError(f"one machine at a time is emptied, and not {', '.join(words[1:])}")
    workspace = workflows.open_workspace(words[0] if len(words) > 1 else None)
    notes = note_reporter()
    plan = workflows.plan_drain(workspace, words[-1], back=back, strand=strand, report=notes)
    return carry_out(
        plan,
        given=approve,
        apply=lambda approved: workflows.apply_drain(workspace, approved, report=notes),
        verify=lambda _applied: workflows.verify_drain(workspace, plan, report=notes),
        told={
            "machine": plan.machine,
            "back": plan.back,
            "moving": [one.name for one in plan.moving],
            "stranded": plan.stranded,
        },
        as_json=as_json,
    )
