"""What a hall is told: which machines there are, and which traffic is let through between them."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal, get_args

from fleetkit.core import SettingsError

__all__ = ["METADATA_ADDRESS", "Allow", "MachineKind", "MachineSpec", "MachineState", "Protocol"]

MachineKind = Literal["flatcar", "ubuntu", "plain"]
Protocol = Literal["tcp", "udp", "icmp", "any"]

METADATA_ADDRESS = "169.254.169.254"
"""Where a machine's metadata service is; the router has this address, and no machine may."""

_MACHINE_ID = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_-]{0,62}")
_HOSTNAME = re.compile(r"[a-z0-9]([a-z0-9.-]{0,61}[a-z0-9])?")
_LAST_PORT = 65535


class MachineState(StrEnum):
    """Where a machine is in its life."""

    BOOTING = "booting"
    """Its init works through the user data and the units."""
    RUNNING = "running"
    """Every unit of its boot was started; single units may have failed."""
    FAILED = "failed"
    """It could not boot, or its init died; the reason is kept."""
    STOPPED = "stopped"
    """No process of it is left; its root is kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MachineSpec:
    """One machine.

    Attributes
    ----------
    machine_id
        Name by which the hall knows it, for instance an instance id; at most 63 letters, digits, ``-`` and ``_``.
    hostname
        Its host name before anything inside sets another.
    address
        Its IPv4 address, without a prefix length.
    kind
        ``flatcar`` and ``ubuntu`` boot from their user data in a root of their own;
        ``plain`` is a bare place in the network for infrastructure.
    hosts
        Names that this machine alone knows, beside those of `Hall.set_hosts`.

    Raises
    ------
    SettingsError
        When an attribute is not legal.
    """

    machine_id: str
    hostname: str
    address: str
    kind: MachineKind
    hosts: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not _MACHINE_ID.fullmatch(self.machine_id) or self.machine_id == "router":
            raise SettingsError(
                "not a machine id", seen=repr(self.machine_id), hint="1 to 63 letters, digits, - and _, not 'router'"
            )
        if not _HOSTNAME.fullmatch(self.hostname):
            raise SettingsError(f"machine {self.machine_id}: not a host name", seen=repr(self.hostname))
        if self.kind not in get_args(MachineKind):
            raise SettingsError(
                f"machine {self.machine_id}: no such kind",
                seen=repr(self.kind),
                hint=f"one of {', '.join(get_args(MachineKind))}",
            )
        _parse_network(self.address, what=f"machine {self.machine_id}: address", host=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Allow:
    """One kind of traffic that the router lets through; answers to it pass by themselves.

    Attributes
    ----------
    source, destination
        An IPv4 address, or a network as ``10.10.0.0/16``; ``0.0.0.0/0`` is any.
    protocol
        ``tcp``, ``udp``, ``icmp`` or ``any``.
    ports
        First and last destination port; None is all. Only ``tcp`` and ``udp`` have ports.

    Raises
    ------
    SettingsError
        When an attribute is not legal.
    """

    source: str
    destination: str
    protocol: Protocol
    ports: tuple[int, int] | None = None

    def __post_init__(self) -> None:
        _parse_network(self.source, what="a rule's source", host=False)
        _parse_network(self.destination, what="a rule's destination", host=False)
        if self.protocol not in get_args(Protocol):
            raise SettingsError(
                "a rule's protocol is unknown", seen=repr(self.protocol), hint=f"one of {', '.join(get_args(Protocol))}"
            )
        if self.ports is None:
            return
        first, last = self.ports
        if self.protocol not in ("tcp", "udp"):
            raise SettingsError(f"a rule for {self.protocol} has no ports", seen=repr(self.ports))
        if not 0 <= first <= last <= _LAST_PORT:
            raise SettingsError(
                "a rule's ports are no range", seen=repr(self.ports), hint="0 <= first <= last <= 65535"
            )


def _parse_network(text: str, *, what: str, host: bool) -> ipaddress.IPv4Network:
    try:
        network = ipaddress.IPv4Network(text)
    except ValueError as error:
        raise SettingsError(f"{what} is no IPv4 {'address' if host else 'network'}", seen=repr(text)) from error
    if host and "/" in text:
        raise SettingsError(f"{what} has a prefix length", seen=repr(text), hint="give the address alone")
    return network
