"""``fleetkit runs``: the records of earlier runs; each of its verbs has a module of its own."""

from __future__ import annotations

import click

from fleetkit.cli.runs.list import command as _list
from fleetkit.cli.runs.show import command as _show

__all__ = ["command"]


@click.group()
def command() -> None:
    """List and show the records under ./runs."""


for _verb in (_list, _show):
    command.add_command(_verb)
