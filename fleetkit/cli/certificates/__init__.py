"""``fleetkit certificates``: when they expire, and their rotation; each verb has a module of its own."""

from __future__ import annotations

import click

from fleetkit.cli.certificates.list import command as _list
from fleetkit.cli.certificates.rotate import command as _rotate

__all__ = ["command"]


@click.group()
def command() -> None:
    """When the certificates of a cluster expire, and their rotation."""


for _verb in (_list, _rotate):
    command.add_command(_verb)
