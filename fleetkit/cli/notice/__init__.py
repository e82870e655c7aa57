"""``fleetkit notice``: who is told how runs end; each verb has a module of its own."""

from __future__ import annotations

import click

from fleetkit.cli.notice.list import command as _list
from fleetkit.cli.notice.retry import command as _retry
from fleetkit.cli.notice.test import command as _test

__all__ = ["command"]


@click.group()
def command() -> None:
    """Who is told how runs end, and what has not been taken yet.

    The table [notice] of the cluster file says who: Slack, Teams, mail, a webhook, a topic of SNS, a command.
    A run tells with "fleetkit run --notify", and a scheduled one by itself.
    """


for _one in (_list, _retry, _test):
    command.add_command(_one)
