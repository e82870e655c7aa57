"""``fleetkit web``: pages for a browser on this computer; each has a module of its own."""

from __future__ import annotations

import click

from fleetkit.cli.web.etcd import command as _etcd
from fleetkit.cli.web.fleet import command as _fleet

__all__ = ["command"]


@click.group()
def command() -> None:
    """Serve pages for a browser on this computer, until Ctrl-C.

    They listen on 127.0.0.1 where nothing else is said, ask for nothing from elsewhere, and work without scripts. Of
    CLUSTER through its way in, which is open for as long; or of any fleet or etcd that is named.
    """


for _page in (_fleet, _etcd):
    command.add_command(_page)
