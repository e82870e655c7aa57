"""``fleetkit dns``: the names by which services are found; each verb has a module of its own."""

from __future__ import annotations

import click

from fleetkit.cli.dns.list import command as _list
from fleetkit.cli.dns.sync import command as _sync

__all__ = ["command"]


@click.group()
def command() -> None:
    """Keep the names of services in the private zone of CLUSTER those of instances that serve.

    A unit says by [X-Service] Name=, Port= and Probe= which service it offers. Its healthy instances, whose units run
    and whose probes pass, are found at NAME.ZONE (A) and at _NAME._tcp.ZONE (SRV).
    """


for _verb in (_sync, _list):
    command.add_command(_verb)
