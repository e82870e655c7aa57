"""``fleetkit machines list``: the machines that have joined fleet, and what each carries."""

from __future__ import annotations

from typing import Any

import click

from fleetkit.cli._exit import ExitCode
from fleetkit.cli._fleet_options import fleet_options, read_fleet
from fleetkit.cli._output import cluster_argument, json_option, print_json, print_lines, print_table

__all__ = ["command"]


@click.command("list")
@cluster_argument
@fleet_options
@json_option
def command(cluster: str | None, as_json: bool, **options: Any) -> int:
    """List the machines that have joined fleet: what units may ask of each, how many it carries and how many run.

    A global unit counts on every machine that fits it. A machine that died is listed until its time to live has
    passed, half a minute; what was placed on one that is gone is named.

    \b
    fleetkit machines list demo
    fleetkit machines list demo --json
    fleetkit machines list --endpoint http://127.0.0.1:49153

    Exits 0 when all is well, 3 when no machine has joined or units are left on one that is gone, 1 when fleet could
    not be read. Whether each unit is well says fleetkit units list.
    """
    from fleetkit.fleet import UnitVerdict, list_loads
    from fleetkit.views import FLEET_MACHINE_COLUMNS, fleet_machine_rows

    found = read_fleet(cluster, **options)
    loads = list_loads(found.machines, units=found.units, states=found.states)
    stale = [one.name for one in found.statuses if one.verdict is UnitVerdict.STALE]
    if as_json:
        machines = [
            {"id": one.machine.id, "address": one.machine.primary_ip, "metadata": one.machine.metadata,
             "units": len(one.units), "running": len(one.running)}
            for one in loads
        ]  # fmt: skip
        print_json({"asked": found.asked, "at": found.at, "machines": machines, "stale_units": stale})
    else:
        if loads:
            print_table(FLEET_MACHINE_COLUMNS, fleet_machine_rows(loads))
        if stale:
            print_lines(f"on a machine that is gone: {', '.join(stale)}")
        carried, running = sum(len(one.units) for one in loads), sum(len(one.running) for one in loads)
        many = "1 machine carries" if len(loads) == 1 else f"{len(loads)} machines carry"
        told = f"{many} {carried} units, {running} of them run"
        print_lines(f"{told if loads else 'no machine has joined fleet'} ({found.asked} at {found.at})")
    return ExitCode.DONE if loads and not stale else ExitCode.FINDINGS
