"""``fleetkit units show``: the text of a unit as fleet has it."""

from __future__ import annotations

from typing import Any

import click

from fleetkit.cli._exit import ExitCode
from fleetkit.cli._fleet_options import fleet_options, read_fleet, split_words, words_argument
from fleetkit.cli._output import json_option, print_json
from fleetkit.cli.units._facts import no_such_unit
from fleetkit.core import FleetError

__all__ = ["command"]


@click.command("show")
@words_argument("NAME")
@fleet_options
@json_option
def command(words: tuple[str, ...], as_json: bool, **options: Any) -> int:
    """Print the text of a unit as fleet has it, and nothing else.

    fleet keeps options and their order, and no comments; each section stands there once.

    \b
    fleetkit units show demo web@1.service
    fleetkit units show web@1.service > web@.service
    fleetkit units show web@1.service --endpoint unix:///var/run/fleet.sock

    Exits 1 when fleet has no text of it, or could not be read, 2 when nobody knows it.
    """
    cluster, names = split_words(words)
    if len(names) != 1:
        raise click.UsageError(f"one unit at a time is shown, and not {', '.join(names)}")
    found = read_fleet(cluster, names=names, **options)
    unit, status = found.find_unit(names[0]), found.find_status(names[0])
    if status is None:
        raise no_such_unit(names[0], found)
    if unit is None:
        raise FleetError(
            f"fleet tells no text of {status.name}",
            seen=f"it is {status.verdict}: {status.reason}",
            hint=f"fleetkit units status {status.name} says what to do",
        )
    if as_json:
        print_json({"name": unit.name, "hash": unit.text.unit_hash, "text": unit.text.text})
    else:
        click.echo(unit.text.text, nl=False)
    return ExitCode.DONE
