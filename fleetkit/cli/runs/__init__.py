"""``fleetkit runs``: the records of earlier runs; each of its verbs has a module of its own."""

from __future__ import annotations

import click

from fleetkit.cli.runs.diff import command as _diff
from fleetkit.cli.runs.list import command as _list
from fleetkit.cli.runs.prune import command as _prune
from fleetkit.cli.runs.push import command as _push
from fleetkit.cli.runs.report import command as _report
from fleetkit.cli.runs.show import command as _show
from fleetkit.cli.runs.verify import command as _verify

__all__ = ["command"]


@click.group()
def command() -> None:
    """List, show, compare, prove and remove the records under ./runs, and in the bucket of FLEETKIT_RUNS.

    \b
    FLEETKIT_RUNS=s3://bucket/prefix fleetkit runs list
    """


for _verb in (_list, _show, _report, _diff, _verify, _prune, _push):
    command.add_command(_verb)
