"""``fleetkit units``: unit files and units of fleet; each verb has a module of its own."""

from __future__ import annotations

import click

from fleetkit.cli.units.lint import command as _lint

__all__ = ["command"]


@click.group()
def command() -> None:
    """Check unit files before they are sent to fleet."""


command.add_command(_lint)
