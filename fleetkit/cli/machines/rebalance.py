"""``fleetkit machines rebalance``: units move to machines that carry less."""

from __future__ import annotations

import click

from fleetkit.cli._changes import carry_out
from fleetkit.cli._fleet_options import fleet_options, open_source
from fleetkit.cli._output import cluster_argument, json_option
from fleetkit.cli._progress import note_reporter
from fleetkit.cli.units._changing import changing_options

__all__ = ["command"]


@click.command("rebalance")
@cluster_argument
@click.option(
    "--at-once",
    type=click.IntRange(1),
    default=1,
    show_default=True,
    metavar="N",
    help="The most units that move at one time; those that belong together by MachineOf count as one.",
)
@fleet_options
@changing_options(roll_back=None)
@json_option
def command(
    cluster: str | None,
    at_once: int,
    endpoint: str | None,
    request_timeout: float,
    steady: float,
    wait: float,
    approve: str,
    as_json: bool,
) -> int:
    """Move units of CLUSTER to machines that carry less, such as one that came back.

    fleet moves no unit by itself. Shown is what each machine carries and would carry, who would move where, and who
    stays and why. Each is unloaded and asked for again, and fleet places it anew by its [X-Fleet]; the next one goes
    once it has run for a while, and where one does not, the rest stays where it is. Global units, oneshots and what
    does not run are left alone; of a template never two instances move at one time.

    \b
    fleetkit machines rebalance demo
    fleetkit machines rebalance demo --at-once 3 --approve demo
    fleetkit machines rebalance --endpoint http://127.0.0.1:49153

    Exits 0 when all that moves runs, or nothing would move, 3 when a unit does not run or is where it was, 4 when it
    was refused or not approved.
    """
    from fleetkit import workflows
    from fleetkit.core import Patience
    from fleetkit.fleet import FleetLimits

    source, limits, notes = open_source(cluster, endpoint), FleetLimits(wait_s=request_timeout), note_reporter()
    gate = workflows.UnitGate(patience=Patience(deadline_s=wait), steady_s=steady)
    plan = workflows.plan_machine_rebalance(source, at_once=at_once, limits=limits, report=notes)
    reckoned = plan.reckoned
    return carry_out(
        plan,
        given=approve,
        apply=lambda approved: workflows.apply_rebalance(source, approved, gate=gate, limits=limits, report=notes),
        verify=lambda _applied: workflows.verify_rebalance(source, plan, limits=limits, report=notes),
        told={
            "machines": [
                {"id": one, "address": plan.place(one), "units": load, "units_after": reckoned.after[one]}
                for one, load in reckoned.before.items()
            ],
            "moves": reckoned.moves,
            "staying": reckoned.staying,
        },
        as_json=as_json,
    )
