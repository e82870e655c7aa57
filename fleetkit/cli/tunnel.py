"""``fleetkit tunnel``: the way in, held open for other programs."""

from __future__ import annotations

import shlex
import threading
from typing import TYPE_CHECKING

import click

from fleetkit.cli._exit import ExitCode
from fleetkit.cli._output import cluster_argument, json_option, print_json, print_lines, print_note

if TYPE_CHECKING:
    from fleetkit.ssh import TunnelEvent
    from fleetkit.workflows import WayIn

__all__ = ["command"]


@click.group()
def command() -> None:
    """Open the way in to a cluster."""


@command.command("open")
@cluster_argument
@click.option(
    "--port", "ports", multiple=True, type=click.IntRange(1, 65535),
    help="Local port for a member; repeat it for the next one, in the order of their names. Default: free ports.",
)  # fmt: skip
@json_option
def _open(cluster: str | None, ports: tuple[int, ...], as_json: bool) -> int:
    """Bring every etcd member of CLUSTER to a port on 127.0.0.1, until Ctrl-C.

    Prints the ports, and the lines that make etcdctl use them. The ports stay the same when the bastion goes away
    and comes back; that is told on standard error.
    """
    from fleetkit.ssh import TunnelState
    from fleetkit.workflows import open_way_in, open_workspace

    ended = threading.Event()

    def note(event: TunnelEvent) -> None:
        if event.state is not TunnelState.CLOSED:
            print_note(f"tunnel {event.state}: {event.reason}")
        if event.state is TunnelState.FAILED:
            ended.set()

    with open_way_in(open_workspace(cluster), local_ports=ports, on_event=note) as way:
        _print_way(way, as_json=as_json)
        if way.tunnel is None:
            print_note("this cluster is reached through a VPN: there is no tunnel to hold open")
            return ExitCode.DONE
        print_note("open until Ctrl-C")
        ended.wait()
        way.tunnel.check()
    return ExitCode.DONE


def _print_way(way: WayIn, *, as_json: bool) -> None:
    environment = way.etcdctl_environment
    if as_json:
        endpoints = {one.name: {"host": one.host, "address": one.address, "port": one.port} for one in way.endpoints}
        print_json({"endpoints": endpoints, "environment": environment})
        return
    print_lines(*(f"# {one.name}: {one.dialled} is {one.host}" for one in way.endpoints))
    print_lines(*(f"export {name}={shlex.quote(value)}" for name, value in environment.items()))
