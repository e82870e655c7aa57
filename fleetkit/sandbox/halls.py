"""Which hall a sandbox has: one of namespaces, or, where the kernel forbids them or somebody asks, one of processes.

The only place that chooses; every other part is handed an `AnyHall`.
"""

from __future__ import annotations

import socket
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

from fleetkit.sandbox.hall import Allow, Hall, HallUnavailableError, MachineSpec, MachineState, Process
from fleetkit.sandbox.hall.machine import Stream
from fleetkit.sandbox.loopback import NOT_COVERED, LoopbackHall

__all__ = ["AnyHall", "AnyMachine", "Network", "OpenedHall", "open_hall"]

Network = Literal["auto", "private", "loopback"]

_ASKED_FOR = "it was asked for"
_MENDED_HERE = ("system", "programs")
"""Steps of the probe that no mode does without, or that a package mends: neither is the kernel's will."""


class AnyMachine(Protocol):
    """A machine of either hall."""

    @property
    def state(self) -> MachineState:
        """Where it is in its life."""

    @property
    def failure(self) -> str | None:
        """Why it failed, or None where it did not."""

    @property
    def log_path(self) -> Path:
        """What its init says."""

    def exec(
        self,
        argv: Sequence[str],
        *,
        env: Mapping[str, str] | None = None,
        cwd: str = "/",
        stdin: Stream = ...,
        stdout: Stream = ...,
        stderr: Stream = ...,
        tty: bool = False,
    ) -> Process:
        """Start a program in the machine."""


class AnyHall(Protocol):
    """Either hall, as far as the sandbox uses it; see `fleetkit.sandbox.hall.Hall` for what each does."""

    def add_machine(self, spec: MachineSpec) -> AnyMachine:
        """Give a machine its place, and boot it unless it is plain."""

    def remove_machine(self, machine_id: str) -> None:
        """End a machine, and take away all of it."""

    def stop_machine(self, machine_id: str) -> None:
        """End a machine's processes."""

    def start_machine(self, machine_id: str) -> None:
        """Boot a stopped machine."""

    def reboot_machine(self, machine_id: str) -> None:
        """Have a machine end and boot again."""

    def machine(self, machine_id: str) -> AnyMachine:
        """Return the machine of that id."""

    def set_rules(self, rules: Iterable[Allow]) -> None:
        """Let through what the rules allow."""

    def set_hosts(self, hosts: Mapping[str, str]) -> None:
        """Make names known to all machines."""

    def listen(self, machine_id: str, address: str, port: int) -> socket.socket:
        """Return a listening socket at a machine's place."""

    def connect(self, machine_id: str, address: str, port: int, timeout_s: float) -> socket.socket:
        """Return a connection from a machine's place."""

    def stop(self) -> None:
        """End it with all its processes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedHall:
    """A hall that was chosen.

    Attributes
    ----------
    network
        ``private`` or ``loopback``.
    why
        What it was chosen for; empty for the one that needs no reason.
    not_covered
        What cannot be tried in it, one line each.
    """

    hall: AnyHall
    network: str
    why: str = ""
    not_covered: tuple[str, ...] = ()


def open_hall(network: Network, folder: Path, *, trust_pem: bytes) -> OpenedHall:
    """Start the hall that is asked for, or with ``auto`` the best that this computer allows.

    Parameters
    ----------
    trust_pem
        Certificates that machines trust beside those that the host trusts.

    Raises
    ------
    HallUnavailableError
        When the computer does not allow the one asked for, or any.
    """
    if network == "loopback":
        return _open_loopback(folder, trust_pem, why=_ASKED_FOR)
    try:
        return OpenedHall(hall=Hall.start(folder, trust_pem=trust_pem), network="private")
    except HallUnavailableError as error:
        if network == "private" or error.step in _MENDED_HERE:
            raise
        hint = f" (to have it: {error.hint})" if error.hint else ""
        return _open_loopback(folder, trust_pem, why=f"{error.what}: {error.seen}{hint}")


def _open_loopback(folder: Path, trust_pem: bytes, *, why: str) -> OpenedHall:
    hall = LoopbackHall.start(folder, trust_pem=trust_pem)
    return OpenedHall(hall=hall, network="loopback", why=why, not_covered=NOT_COVERED)
