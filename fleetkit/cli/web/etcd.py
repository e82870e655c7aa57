"""``fleetkit web etcd``: the page of the keys of etcd's two stores."""

from __future__ import annotations

from typing import Any

import click

from fleetkit.cli._etcd_options import etcd_options
from fleetkit.cli._output import cluster_argument
from fleetkit.cli.kv._places import hidden_option, open_places
from fleetkit.cli.web._serving import page_options, serve_page

__all__ = ["command"]


@click.command("etcd")
@cluster_argument
@etcd_options
@hidden_option
@page_options(port=8000)
def command(
    cluster: str | None,
    port: int,
    opens: bool,
    reads_only: bool,
    address: str,
    names: tuple[str, ...],
    **options: Any,
) -> int:
    """Show the keys of both of etcd's stores of CLUSTER as a page: as trees, by a search, each with its value.

    Whoever can open the page can read every key, whatever it holds. With --allow-changes keys are created, written,
    copied and deleted by whoever signs in, each only while it is what was shown, and approved like all other changes.
    --command-timeout is for each reading and each change, and not for the page.

    \b
    fleetkit web etcd demo --open
    fleetkit web etcd demo --allow-changes --hidden /_coreos.com --hidden /_ours
    fleetkit web etcd --endpoints http://127.0.0.1:2379 --port 8001
    fleetkit web etcd --endpoints https://10.10.3.100:2379 --listen 10.10.3.100 --name keys.demo.internal

    Ends by Ctrl-C with 130; exits 1 when the port is taken or etcd could not be read, 2 for a wrong cluster file.
    """
    from fleetkit.etcd import Store
    from fleetkit.web import make_etcd_app

    with open_places(cluster, **options) as places:
        # Better told here than to whoever opens the page.
        places[Store.V3].keys.list_children(b"", most=1)
        return serve_page(
            lambda settings: make_etcd_app(places, settings),
            owner=places[Store.V3].owner,
            port=port,
            opens=opens,
            reads_only=reads_only,
            address=address,
            names=names,
        )
