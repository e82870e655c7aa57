"""``fleetkit units journal``: what units said on their machines."""

from __future__ import annotations

import click

from fleetkit.cli._exit import ExitCode
from fleetkit.cli._fleet_options import split_words, words_argument
from fleetkit.cli._output import json_option, print_json, print_lines
from fleetkit.cli.units._facts import no_such_unit

__all__ = ["command"]


@click.command("journal")
@words_argument("NAME")
@click.option(
    "-n", "--lines", type=click.IntRange(1, 10_000), default=100, show_default=True,
    help="The most lines of each machine.",
)  # fmt: skip
@json_option
def command(words: tuple[str, ...], lines: int, as_json: bool) -> int:
    """Print what a unit said last on each machine of CLUSTER that has it, a global unit on all of them.

    It comes from the machine's own journal, by SSH through the way in; nothing of it is kept.

    \b
    fleetkit units journal demo web@1.service
    fleetkit units journal demo node-exporter.service -n 20 --json

    Exits 1 when no machine has the unit, or a machine does not tell, 2 when nobody knows it.
    """
    from fleetkit import workflows

    cluster, names = split_words(words)
    if len(names) != 1:
        raise click.UsageError(f"the journal of one unit at a time is shown, and not of {', '.join(names)}")
    workspace = workflows.open_workspace(cluster)
    reading = workflows.read_units(workspace, names=names)
    status = reading.find_status(names[0])
    if status is None:
        raise no_such_unit(names[0], reading)
    found = workflows.read_unit_journal(workspace, reading, status, lines=lines)
    if as_json:
        print_json({"unit": status.name, "machines": found})
        return ExitCode.DONE
    for address, said in found.items():
        print_lines(*([f"{address}:"] if len(found) > 1 else []), *said)
    return ExitCode.DONE
