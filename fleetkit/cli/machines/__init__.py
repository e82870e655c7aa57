"""``fleetkit machines``: the machines that have joined fleet."""

from __future__ import annotations

import click

from fleetkit.cli.machines.drain import command as _drain
from fleetkit.cli.machines.list import command as _list
from fleetkit.cli.machines.rebalance import command as _rebalance
from fleetkit.cli.machines.refresh import command as _refresh
from fleetkit.cli.machines.ssh import command as _ssh

__all__ = ["command"]


@click.group()
def command() -> None:
    """See which machines have joined fleet, and what each carries; empty, rebalance and replace them.

    Of CLUSTER through its way in; or, with --endpoint, of any fleet, named as fleetctl names it.
    fleetctl's own variables (FLEETCTL_ENDPOINT, FLEETCTL_REQUEST_TIMEOUT) are read where no cluster and no option is
    given.
    """


for _verb in (_list, _ssh, _drain, _rebalance, _refresh):
    command.add_command(_verb)
