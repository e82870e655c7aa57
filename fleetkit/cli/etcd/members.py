"""``fleetkit etcd members``: the members, as one of them knows them."""

from __future__ import annotations

from typing import Any

import click

from fleetkit.cli._etcd_options import etcd_options, open_source
from fleetkit.cli._exit import ExitCode
from fleetkit.cli._output import cluster_argument, json_option, print_json, print_table

__all__ = ["command"]


@click.command("members")
@cluster_argument
@etcd_options
@json_option
def command(cluster: str | None, as_json: bool, **options: Any) -> int:
    """List the members, as the first one that answers knows them."""
    from fleetkit.etcd import list_members

    with open_source(cluster, **options) as source:
        found = list_members(source.endpoints, tls=source.tls, limits=source.limits)
    if as_json:
        print_json({"members": found})
    else:
        print_table(
            ("id", "name", "peer urls", "client urls", "learner"),
            [
                (one.id, one.name or "(not started)", " ".join(one.peer_urls), " ".join(one.client_urls),
                 "yes" if one.is_learner else "no")
                for one in found
            ],
        )  # fmt: skip
    return ExitCode.DONE
