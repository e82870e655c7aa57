"""``fleetkit schedule remove``: take a schedule away."""

from __future__ import annotations

import os
from pathlib import Path

import click

from fleetkit.cli._output import json_option, print_json, print_lines
from fleetkit.cli.schedule._facts import complete_schedule

__all__ = ["command"]


@click.command("remove")
@click.argument("name", shell_complete=complete_schedule)
@json_option
def command(name: str, as_json: bool) -> None:
    """Take the schedule NAME away: exactly what adding it wrote, and nothing else. Its records stay.

    What somebody has changed by hand since is left as it is, and named; the exit code is 4 then.

    \b
    fleetkit schedule remove 20-inspect-cluster-demo
    """
    from fleetkit import schedule

    folder = Path.cwd()
    entry = schedule.read_entry(folder, name)
    scheduler = schedule.find_scheduler(entry.on, environ=os.environ, place=entry.place)
    taken = schedule.remove_entry(entry, scheduler, folder=folder)
    if as_json:
        print_json({"name": name, "removed": taken})
    else:
        print_lines(*(f"removed: {thing}" for thing in taken))
