"""``fleetkit units journal``: what units said on their machines."""

from __future__ import annotations

import contextlib
import json
from typing import TYPE_CHECKING

import click

from fleetkit.cli._exit import ExitCode
from fleetkit.cli._fleet_options import split_words, words_argument
from fleetkit.cli._output import json_option, print_json, print_lines, print_note
from fleetkit.cli._signals import ended_by_signals
from fleetkit.cli.units._facts import no_such_unit

if TYPE_CHECKING:
    from fleetkit.fleet import UnitStatus
    from fleetkit.workflows import Workspace

__all__ = ["command"]


@click.command("journal")
@words_argument("NAME")
@click.option(
    "-n", "--lines", type=click.IntRange(1, 10_000), default=100, show_default=True,
    help="The most lines of each machine.",
)  # fmt: skip
@click.option("-f", "--follow", is_flag=True, help="Go on with what it says from now on, until Ctrl-C.")
@json_option
def command(words: tuple[str, ...], lines: int, follow: bool, as_json: bool) -> int:
    """Print what a unit said last on each machine of CLUSTER that has it, a global unit on all of them.

    It comes from the machine's own journal, by SSH through the way in; nothing of it is kept.
    With --follow it goes on, of all machines at once; lines of a global unit begin with their machine, and with --json
    each is a document of its own. Where the unit moves it is followed, and where no machine has it one is waited for;
    that is told on standard error, as is a connection that was lost. Ctrl-C ends it, here and on the machines.

    \b
    fleetkit units journal demo web@1.service
    fleetkit units journal demo node-exporter.service -n 20 --json
    fleetkit units journal demo web@1.service -f

    Exits 1 when no machine has the unit, or a machine does not tell, 2 when nobody knows it; with --follow 1 when it
    cannot be followed any more, 130 by Ctrl-C.
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
    if follow:
        return _follow(workspace, status, lines=lines, as_json=as_json)
    found = workflows.read_unit_journal(workspace, reading, status, lines=lines)
    if as_json:
        print_json({"unit": status.name, "machines": found})
        return ExitCode.DONE
    for address, said in found.items():
        print_lines(*([f"{address}:"] if len(found) > 1 else []), *said)
    return ExitCode.DONE


def _follow(workspace: Workspace, status: UnitStatus, *, lines: int, as_json: bool) -> int:
    from fleetkit.workflows import FollowNote, follow_unit_journal

    followed = follow_unit_journal(workspace, status.name, lines=lines)
    # However it ends, what was started on machines ends before the way to them does.
    with ended_by_signals(), contextlib.closing(followed):
        print_note("following; Ctrl-C ends it")
        for one in followed:
            if isinstance(one, FollowNote):
                print_note(one.text)
            elif as_json:
                facts = {"unit": status.name, "machine": one.machine, "line": one.text}
                print_lines(json.dumps(facts, ensure_ascii=False))
            else:
                print_lines(f"{one.machine}: {one.text}" if status.is_global else one.text)
    return ExitCode.DONE
