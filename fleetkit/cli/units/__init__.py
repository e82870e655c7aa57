"""``fleetkit units``: unit files and units of fleet; each verb has a module of its own."""

from __future__ import annotations

import click

from fleetkit.cli.units.lint import command as _lint
from fleetkit.cli.units.list import command as _list
from fleetkit.cli.units.show import command as _show
from fleetkit.cli.units.status import command as _status

__all__ = ["command"]


@click.group()
def command() -> None:
    """See what has become of fleet's units, and check unit files before they are sent.

    Of CLUSTER through its way in; or, with --endpoint, of any fleet, named as fleetctl names it.
    fleetctl's own variables (FLEETCTL_ENDPOINT, FLEETCTL_REQUEST_TIMEOUT) are read where no cluster and no option is
    given.
    """


for _verb in (_list, _status, _show, _lint):
    command.add_command(_verb)
