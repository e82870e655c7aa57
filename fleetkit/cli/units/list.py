"""``fleetkit units list``: what has become of each unit, the worse first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from typing import TYPE_CHECKING, Any

import click

from fleetkit.cli._fleet_options import files_option, fleet_options, read_fleet
from fleetkit.cli._output import cluster_argument, json_option, print_json, print_lines, print_table
from fleetkit.cli.units._facts import facts_of, judge_all

if TYPE_CHECKING:
    from fleetkit.fleet import UnitVerdict

__all__ = ["command"]


def _parse_verdicts(
    _context: click.Context, _parameter: click.Parameter, texts: Collection[str]
) -> frozenset[UnitVerdict]:
    from fleetkit.fleet import UnitVerdict

    words = [word.strip() for text in texts for word in text.split(",")]
    for word in words:
        if word not in tuple(UnitVerdict):
            raise click.BadParameter(f"{word!r} is no verdict; legal: {', '.join(UnitVerdict)}")
    return frozenset(UnitVerdict(word) for word in words)


def _complete_verdict(_context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    from fleetkit.fleet import UnitVerdict

    before, comma, begun = incomplete.rpartition(",")
    return [f"{before}{comma}{one}" for one in UnitVerdict if one.startswith(begun)]


@click.command("list")
@cluster_argument
@fleet_options
@files_option
@click.option(
    "--verdict", "verdicts", multiple=True, metavar="VERDICT,...", callback=_parse_verdicts,
    shell_complete=_complete_verdict, help="Only units of which this is true, such as failed,stale.",
)  # fmt: skip
@json_option
def command(
    cluster: str | None,
    files: str | None,
    verdicts: frozenset[UnitVerdict],
    as_json: bool,
    **options: Any,
) -> int:
    """Say of every unit of CLUSTER what has become of it, the worse first, and why.

    fleet calls a unit launched whether it runs or has failed, and gives no reason for one that no machine takes: the
    verdict is judged from what was asked for, what fleet made of it and what each machine's systemd says.
    The last line counts all verdicts, and says whose fleet was asked, and when.

    \b
    fleetkit units list demo
    fleetkit units list demo --verdict failed,stale --json
    fleetkit units list demo --files units/              # what is other than its file has drifted
    fleetkit units list --endpoint unix:///var/run/fleet.sock

    Exits 0 when all that is listed is as it was asked for, or on its way there; 3 when a unit is failed,
    unschedulable, stale, poisoned, orphaned or drifted; 1 when fleet could not be read.
    """
    from fleetkit.views import UNIT_COLUMNS, count_verdicts, unit_rows

    found = read_fleet(cluster, files=files, **options)
    listed = [one for one in found.statuses if not verdicts or one.verdict in verdicts]
    rows = unit_rows(listed, units=found.units, machines=found.machines)
    if as_json:
        by_name = {one.name: one for one in listed}
        print_json(
            {
                "asked": found.asked,
                "at": found.at,
                "counts": Counter(one.verdict for one in found.statuses),
                "missing": found.missing,
                "units": [facts_of(found, by_name[row[0]]) for row in rows],
            }
        )
    else:
        if rows:
            print_table(UNIT_COLUMNS, rows)
        if found.missing:
            print_lines(f"not in fleet: {', '.join(found.missing)}")
        print_lines(f"{count_verdicts(found.statuses)} ({found.asked} at {found.at})")
    return judge_all(listed)
