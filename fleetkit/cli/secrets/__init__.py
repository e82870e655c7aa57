"""``fleetkit secrets``: bring secrets to the machines that need them; each verb has a module of its own."""

from __future__ import annotations

import click

from fleetkit.cli.secrets.deliver import command as _deliver

__all__ = ["command"]


@click.group()
def command() -> None:
    """Secrets that machines need, out of where they are kept."""


command.add_command(_deliver)
