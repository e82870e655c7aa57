"""``fleetkit schedule run``: what those that keep the times call."""

from __future__ import annotations

import os
from pathlib import Path

import click

from fleetkit.cli._exit import ExitCode, join_exit_codes
from fleetkit.cli._output import json_option, print_json, print_lines, print_note
from fleetkit.cli._sending import find_follower, is_kept
from fleetkit.cli._signals import ended_by_signals
from fleetkit.cli._signing import find_signer
from fleetkit.cli._telling import find_told_cluster, tell_run
from fleetkit.cli.schedule._facts import complete_schedule, describe_run

__all__ = ["command"]


@click.command("run")
@click.argument("name", shell_complete=complete_schedule)
@json_option
def command(name: str, as_json: bool) -> int:
    """Run the schedule NAME once, now, as those that keep the times do.

    Where it is being run already nothing is begun, and the exit code is 1; else it is that of the run, as with
    "fleetkit run". A record that cannot be sent to FLEETKIT_RUNS stays here, the exit code is 1, and the next run
    sends it. What the cells print is in the record. Where the cluster file names somebody under [notice], they are
    told when the outcome is another than before; that they could not be told does not fail the run.

    \b
    fleetkit schedule run 20-inspect-cluster-demo
    """
    from fleetkit import schedule

    folder = Path.cwd()
    entry = schedule.read_entry(folder, name)
    # Whoever begins it is to make no difference: the run has the variables that it was added with.
    if taken := schedule.apply_environment(os.environ, entry.environment):
        print_note(f"not used: {', '.join(taken)}, for the schedule says itself where its credentials are")
    told, tellings = find_told_cluster(entry.cluster, folder), []
    attendants = schedule.Attendants(
        signer=find_signer(),
        follow=find_follower(tell=print_note),
        tell=None if told is None else lambda run: tellings.append(tell_run(run, told)),
        say=print_note,
    )
    with ended_by_signals():
        stored = schedule.run_entry(entry, folder=folder, attendants=attendants)
    record = stored.record
    if as_json:
        notice = {"notice": tellings[0].to_json()} if tellings else {}
        print_json({**record.to_json(), "folder": str(stored.folder), "report": str(stored.report), **notice})
    else:
        print_lines(describe_run(stored), f"record: {stored.folder}")
    return join_exit_codes([record.exit or 0, ExitCode.DONE if is_kept(stored.folder) else ExitCode.FAILED])
