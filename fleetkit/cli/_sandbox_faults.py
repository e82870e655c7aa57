"""``fleetkit sandbox fault``: breaking machines on purpose, and healing them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from fleetkit.cli._exit import ExitCode
from fleetkit.cli._output import json_option, print_json, print_lines, print_note, print_table
from fleetkit.cli._sandbox_certificates import give_certificates
from fleetkit.cli._sandbox_options import dir_option
from fleetkit.sandbox import FaultKind, Sandbox
from fleetkit.sandbox._fault_commands import DELAY_MS

__all__ = ["command"]

_cluster = click.option("--cluster", metavar="NAME", help="Whose master it is; needed where there are several.")
_machines = click.argument("machines", nargs=-1, required=True, metavar="MACHINE...")


@click.group("fault")
def command() -> None:
    """Break machines on purpose, to see what is said of it and what mends it.

    MACHINE is an instance id, a Name tag or an address. Faults are silent, as real ones are. What is cut, frozen or
    slowed stands until heal; the others are over in a moment, and only what would mend a real machine undoes them.
    What a shell can do needs no fault: fleetkit sandbox shell demo-etcd2 systemctl stop etcd-member

    \b
    fleetkit sandbox fault freeze demo-etcd2
    fleetkit sandbox fault cut demo-etcd2 --port 2380
    fleetkit sandbox fault kill demo-etcd1 demo-etcd2 demo-etcd3
    fleetkit sandbox fault heal
    """


@command.command("freeze")
@_machines
@dir_option
@json_option
def _freeze(*, folder: Path, machines: tuple[str, ...], as_json: bool) -> int:
    """Let no process of a machine go on: connections are taken, and nobody answers."""
    return _give(folder, FaultKind.FREEZE, machines, as_json=as_json)


@command.command("cut")
@_machines
@click.option("--port", type=click.IntRange(1, 65535), required=True, help="etcd's are 2380 and 2379.")
@dir_option
@json_option
def _cut(*, folder: Path, machines: tuple[str, ...], port: int, as_json: bool) -> int:
    """Drop whatever a machine sends or receives by one TCP port, be it its own or the other end's."""
    return _give(folder, FaultKind.CUT, machines, port=port, as_json=as_json)


@command.command("part")
@_machines
@click.option("--from", "others", multiple=True, required=True, metavar="MACHINE", help="May be repeated.")
@dir_option
@json_option
def _part(*, folder: Path, machines: tuple[str, ...], others: tuple[str, ...], as_json: bool) -> int:
    """Drop whatever goes between machines and others; each side still reaches everybody else."""
    return _give(folder, FaultKind.PART, machines, others=others, as_json=as_json)


@command.command("unplug")
@_machines
@dir_option
@json_option
def _unplug(*, folder: Path, machines: tuple[str, ...], as_json: bool) -> int:
    """Cut a machine off from everything, the metadata service too."""
    return _give(folder, FaultKind.UNPLUG, machines, as_json=as_json)


@command.command("slow")
@_machines
@click.option("--ms", "delay_ms", type=click.IntRange(1, 10_000), default=DELAY_MS, show_default=True, help="Delay.")
@dir_option
@json_option
def _slow(*, folder: Path, machines: tuple[str, ...], delay_ms: int, as_json: bool) -> int:
    """Hold up each sync of a master's etcd, as a slow disk does; it takes strace, and a kernel that lets it follow.

    It ends with that etcd, too. What its disk is like is measured by itself: fleetkit etcd tune
    """
    return _give(folder, FaultKind.SLOW, machines, delay_ms=delay_ms, as_json=as_json)


@command.command("kill")
@_machines
@dir_option
@json_option
def _kill(*, folder: Path, machines: tuple[str, ...], as_json: bool) -> int:
    """End a master's etcd at once, as a power cut would; its unit starts it again 10 s later, on its data."""
    return _give(folder, FaultKind.KILL, machines, as_json=as_json)


@command.command("wipe")
@_machines
@dir_option
@json_option
def _wipe(*, folder: Path, machines: tuple[str, ...], as_json: bool) -> int:
    """Kill a master's etcd and remove its data, as a lost disk would; nothing brings them back.

    A member that lost its data does not come back by itself while the others know it: fleetkit etcd replace.
    """
    return _give(folder, FaultKind.WIPE, machines, as_json=as_json)


@command.command("fill")
@_machines
@dir_option
@json_option
def _fill(*, folder: Path, machines: tuple[str, ...], as_json: bool) -> int:
    """Set a master's quota to 16 MiB, and write one key until etcd takes no more.

    fleetkit etcd alarms tells what mends it. The quota of before comes back with the settings that it fetches:
    fleetkit sandbox shell MACHINE systemctl restart fleetkit-fetch etcd-member
    """
    return _give(folder, FaultKind.FILL, machines, as_json=as_json)


@command.command("expire")
@_machines
@_cluster
@dir_option
@json_option
def _expire(*, folder: Path, machines: tuple[str, ...], cluster: str | None, as_json: bool) -> int:
    """Give a master certificates that expired long ago, and the cluster's folder here as well.

    What mends it: fleetkit certificates rotate
    """
    return _certify(folder, FaultKind.EXPIRE, machines, cluster, as_json=as_json)


@command.command("swap")
@_machines
@_cluster
@dir_option
@json_option
def _swap(*, folder: Path, machines: tuple[str, ...], cluster: str | None, as_json: bool) -> int:
    """Give a master another member's server certificate, as a mix-up would.

    What mends it: fleetkit certificates rotate
    """
    return _certify(folder, FaultKind.SWAP, machines, cluster, as_json=as_json)


@command.command("list")
@dir_option
@json_option
def _list(*, folder: Path, as_json: bool) -> int:
    """List the faults that stand."""
    _show(Sandbox(folder).faults(), as_json=as_json, none="no fault stands")
    return ExitCode.DONE


@command.command("heal")
@dir_option
@json_option
def _heal(*, folder: Path, as_json: bool) -> int:
    """Take all faults away, and show which they were."""
    _show(Sandbox(folder).heal(), as_json=as_json, none="no fault stood")
    return ExitCode.DONE


def _give(folder: Path, kind: FaultKind, machines: Sequence[str], *, as_json: bool, **more: Any) -> int:
    return _tell(kind, [Sandbox(folder).give_fault(kind, machines, **more)], as_json=as_json)


def _certify(folder: Path, kind: FaultKind, machines: Sequence[str], cluster: str | None, *, as_json: bool) -> int:
    from fleetkit.workflows import open_workspace

    given = give_certificates(Sandbox(folder), kind, machines, workspace=open_workspace(cluster))
    return _tell(kind, given, as_json=as_json)


def _tell(kind: FaultKind, given: Sequence[Mapping[str, Any]], *, as_json: bool) -> int:
    _show(given, as_json=as_json, none="")
    if kind.stands:
        print_note("it stands until: fleetkit sandbox fault heal")
    else:
        print_note("it is over, and heal does not undo it; what came of it: fleetkit etcd health")
    return ExitCode.DONE


def _show(faults: Sequence[Mapping[str, Any]], *, as_json: bool, none: str) -> None:
    if as_json:
        print_json(faults)
    elif faults:
        rows = [
            (one["kind"], " ".join(one["machines"]), " ".join(one["others"]), one["port"] or "", one["since"])
            for one in faults
        ]
        print_table(("fault", "machines", "parted from", "port", "since"), rows)
    else:
        print_lines(none)
