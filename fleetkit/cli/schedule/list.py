"""``fleetkit schedule list``: which schedules there are, when they are due, and how they ended."""

from __future__ import annotations

from pathlib import Path

import click

from fleetkit.cli._exit import ExitCode
from fleetkit.cli._output import json_option, print_json, print_lines, print_note, print_table
from fleetkit.cli.schedule._facts import describe_run, facts_of, find_missing
from fleetkit.core import format_utc, utc_now

__all__ = ["command"]


@click.command("list")
@json_option
def command(as_json: bool) -> int:
    """List the schedules of this folder: when each is due next, and how its last run ended.

    A schedule whose timer, line, job or DAG is gone is named on standard error, as is one that cannot be read;
    the exit code is 1 then.

    \b
    fleetkit schedule list
    fleetkit schedule list --json
    """
    from fleetkit import schedule

    folder, now = Path.cwd(), utc_now()
    found = schedule.list_entries(folder)
    runs = {name: schedule.list_scheduled_runs(entry, folder=folder, limit=1) for name, entry in found.ok.items()}
    missing = {name: find_missing(entry) for name, entry in found.ok.items()}
    if as_json:
        print_json([facts_of(entry, runs[name], missing=missing[name]) for name, entry in found.ok.items()])
    elif not found:
        print_lines("no schedules in this folder")
    else:
        rows = [
            (
                name,
                entry.title,
                entry.line.words,
                entry.on.value,
                next((format_utc(moment) for moment in schedule.next_times(entry, now=now, count=1)), ""),
                describe_run(runs[name][0]) if runs[name] else "never run",
            )
            for name, entry in found.ok.items()
        ]
        print_table(("name", "what", "when", "kept by", "next", "last run"), rows)
    for name, things in missing.items():
        for thing in things:
            print_note(f"{name} is not in place: {thing}; add it again to mend that")
    for error in found.failed.values():
        print_note(f"error: {error}")
    return int(ExitCode.FAILED if found.failed or any(missing.values()) else ExitCode.DONE)
