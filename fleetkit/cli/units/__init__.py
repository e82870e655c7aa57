"""``fleetkit units``: unit files and units of fleet; each verb has a module of its own."""

from __future__ import annotations

import click

from fleetkit.cli.units.change import destroy as _destroy
from fleetkit.cli.units.change import start as _start
from fleetkit.cli.units.change import stop as _stop
from fleetkit.cli.units.change import unload as _unload
from fleetkit.cli.units.clean import command as _clean
from fleetkit.cli.units.copy import command as _copy
from fleetkit.cli.units.deploy import deploy as _deploy
from fleetkit.cli.units.deploy import roll as _roll
from fleetkit.cli.units.free import command as _free
from fleetkit.cli.units.journal import command as _journal
from fleetkit.cli.units.lint import command as _lint
from fleetkit.cli.units.list import command as _list
from fleetkit.cli.units.show import command as _show
from fleetkit.cli.units.status import command as _status
from fleetkit.cli.units.undo import command as _undo

__all__ = ["command"]


@click.group()
def command() -> None:
    """See what has become of fleet's units, deploy unit files, and start and stop what is there.

    Of CLUSTER through its way in; or, with --endpoint, of any fleet, named as fleetctl names it.
    fleetctl's own variables (FLEETCTL_ENDPOINT, FLEETCTL_REQUEST_TIMEOUT) are read where no cluster and no option is
    given.
    """


_CHANGING = (_deploy, _roll, _start, _stop, _unload, _destroy, _undo, _free, _clean)

for _verb in (_list, _status, _show, _journal, _lint, _copy, *_CHANGING):
    command.add_command(_verb)
