"""``fleetkit web fleet``: the page of machines and units."""

from __future__ import annotations

from typing import Any

import click

from fleetkit.cli._fleet_options import fleet_options, open_source
from fleetkit.cli._output import cluster_argument
from fleetkit.cli.web._serving import page_options, serve_page

__all__ = ["command"]


@click.command("fleet")
@cluster_argument
@fleet_options
@page_options(port=3000)
def command(cluster: str | None, endpoint: str | None, request_timeout: float, **serving: Any) -> int:
    """Show the machines and units of CLUSTER as a page: what has become of each unit, its text, what it said last.

    It is read anew by itself, which a link on the page stops. With --allow-changes units are started, stopped,
    unloaded, destroyed and made from text by whoever signs in; each change shows its plan first, and is approved like
    all others.

    \b
    fleetkit web fleet demo --open
    fleetkit web fleet demo --allow-changes --port 3001
    fleetkit web fleet --endpoint http://127.0.0.1:49153
    fleetkit web fleet --endpoint unix:///run/fleet.sock --listen 10.10.3.100 --name fleet.demo.internal

    Ends by Ctrl-C with 130; exits 1 when the port is taken or fleet could not be read, 2 for a wrong cluster file.
    """
    from fleetkit.fleet import FleetLimits
    from fleetkit.web import make_fleet_app
    from fleetkit.workflows import FleetReader

    source = open_source(cluster, endpoint)
    with FleetReader(source, limits=FleetLimits(wait_s=request_timeout)) as reader:
        # Better told here than to whoever opens the page.
        reader.read()
        return serve_page(lambda settings: make_fleet_app(reader, settings), owner=reader.owner, **serving)
