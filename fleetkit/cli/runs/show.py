"""``fleetkit runs show``: what one record says."""

from __future__ import annotations

import click

from fleetkit.cli._completing import complete_run
from fleetkit.cli._output import json_option, print_json, print_lines
from fleetkit.cli.runs._facts import facts_of
from fleetkit.core import format_duration, format_utc

__all__ = ["command"]


@click.command("show")
@click.argument("run", default="latest", shell_complete=complete_run)
@json_option
def command(run: str, as_json: bool) -> None:
    """Show one record: RUN is its id, the start of one, a folder, or "latest".

    One that lies in the bucket of FLEETKIT_RUNS alone is fetched, and its files are then where this says.

    \b
    fleetkit runs show 20260301T0405
    fleetkit runs show latest --json
    """
    from fleetkit import workflows

    stored = workflows.open_record_place().store.find_run(run)
    if as_json:
        print_json(facts_of(stored))
        return
    record = stored.record
    print_lines(
        f"{record.id} of {record.cluster}: {record.outcome.value}",
        *([record.summary] if record.summary else []),
        *([f"goes on for {record.resumes}"] if record.resumes else []),
        *([f"schedule {record.schedule.name}"] if record.schedule else []),
        *([f"missed   {record.schedule.note}"] if record.schedule and record.schedule.note else []),
        f"started  {format_utc(record.started)} by {record.actor.user} on {record.actor.host} ({record.way.value})",
        f"took     {'' if record.took_s is None else format_duration(record.took_s)}",
        f"notebook {stored.notebook}",
        f"report   {stored.report}",
        *(f"-p {name} {value!r}" for name, value in record.parameters.items()),
    )
    if record.error is not None:
        print_lines(f"{record.error.kind} in “{record.error.title}”: {record.error.message}")
