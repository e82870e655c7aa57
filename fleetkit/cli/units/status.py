"""``fleetkit units status``: all that is known of some units."""

from __future__ import annotations

from typing import Any

import click

from fleetkit.cli._exit import ExitCode, join_exit_codes
from fleetkit.cli._fleet_options import files_option, fleet_options, read_fleet, split_words, words_argument
from fleetkit.cli._output import json_option, print_error, print_json, print_lines
from fleetkit.cli.units._facts import describe_unit, facts_of, judge_all, no_such_unit

__all__ = ["command"]


@click.command("status")
@words_argument("NAME...")
@fleet_options
@files_option
@json_option
def command(words: tuple[str, ...], files: str | None, as_json: bool, **options: Any) -> int:
    """Tell all that is known of units: what has become of each, why, and what to do next.

    That is its desired and current state, its machine, systemd's load, active and sub state on each machine, the hash
    of what fleet has and of what each machine has, and its options.

    \b
    fleetkit units status demo web@1.service web@2.service
    fleetkit units status web@1.service --json
    fleetkit units status web@1.service --endpoint http://127.0.0.1:49153

    Exits 0 when all of them are as they were asked for, 3 when one is failed, unschedulable, stale, poisoned, orphaned
    or drifted, 2 when nobody knows one, 1 when fleet could not be read.
    """
    cluster, given = split_words(words)
    names = tuple(dict.fromkeys(given))
    found = read_fleet(cluster, files=files, names=names, **options)
    known = [status for status in map(found.find_status, names) if status is not None]
    unknown = [name for name in names if found.find_status(name) is None]
    if as_json:
        texts = {one.name: one.text for one in found.units}
        units = [
            {
                **facts_of(found, one),
                "options": [option.to_json() for option in texts[one.name].options] if one.name in texts else [],
            }
            for one in known
        ]
        print_json({"asked": found.asked, "at": found.at, "units": units, "unknown": unknown})
    else:
        for one in known:
            print_lines(*describe_unit(found, one))
    for name in unknown:
        print_error(no_such_unit(name, found))
    return join_exit_codes([judge_all(known), *([ExitCode.WRONG_USE] if unknown else [])])
