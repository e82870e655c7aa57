"""``fleetkit outputs``: what a deployed cluster tells its users."""

from __future__ import annotations

import click

from fleetkit.cli._output import cluster_argument, json_option, print_json, print_lines

__all__ = ["command"]


@click.command()
@cluster_argument
@json_option
def command(cluster: str | None, as_json: bool) -> None:
    """Show the addresses and commands by which CLUSTER is used.

    The pages and load balancers, the sshuttle command with the bastion's host key pinned, and what fleetctl needs.
    With --json the ids and names of what Terraform made stand beside them.
    """
    from fleetkit.workflows import open_workspace, read_outputs

    outputs = read_outputs(open_workspace(cluster))
    if as_json:
        print_json(outputs)
    else:
        print_lines(outputs.text)
