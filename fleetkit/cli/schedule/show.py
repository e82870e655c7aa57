"""``fleetkit schedule show``: one schedule, what was put in place for it, and its last runs."""

from __future__ import annotations

from pathlib import Path

import click

from fleetkit.cli._exit import ExitCode
from fleetkit.cli._output import json_option, print_json, print_lines, print_note
from fleetkit.cli.schedule._facts import complete_schedule, describe_run, facts_of, find_missing
from fleetkit.core import format_duration, format_utc, utc_now

__all__ = ["command"]

_LAST = 10


@click.command("show")
@click.argument("name", shell_complete=complete_schedule)
@json_option
def command(name: str, as_json: bool) -> int:
    """Show the schedule NAME: what is run, the next three times, what was written for it, and its last ten runs.

    \b
    fleetkit schedule show 20-inspect-cluster-demo
    """
    from fleetkit import schedule

    folder = Path.cwd()
    entry = schedule.read_entry(folder, name)
    runs = schedule.list_scheduled_runs(entry, folder=folder, limit=_LAST)
    missing = find_missing(entry)
    code = ExitCode.FAILED if missing else ExitCode.DONE
    if as_json:
        facts = facts_of(entry, runs, missing=missing)
        print_json({**facts, "runs": [stored.record.to_json() for stored in runs]})
        return code
    print_lines(
        f"{entry.name}: {entry.title}",
        f"when     {entry.line.words}; {entry.line.text}, kept by {entry.on}",
        *(f"next     {format_utc(moment)}" for moment in schedule.next_times(entry, now=utc_now())),
        f"limits   {format_duration(entry.timeout_s)} in all; {entry.retries} retries for what may pass",
        *(f"-p {name} {value!r}" for name, value in entry.parameters.items()),
        *([f"approval {entry.approve}"] if entry.approve else []),
        f"file     {schedule.entry_file(folder, name)}",
        *(f"wrote    {place}" for place in entry.wrote),
        *(f"run      {describe_run(stored)}" for stored in runs),
    )
    if not runs:
        print_lines("never run")
    for thing in missing:
        print_note(f"not in place: {thing}; add it again to mend that")
    return code
