"""Breaking the network on purpose: what is broken stays so until it is healed."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

from fleetkit.sandbox.hall._link_to_agent import AgentLink

__all__ = ["Faults"]


class Faults:
    """The faults of a hall; each adds to those that are there, `heal` takes all away.

    They act on open connections too, and silently: neither end is told.
    """

    def __init__(self, address_of: Callable[[str], str], link: AgentLink) -> None:
        self._address_of = address_of
        self._link = link
        self._lock = threading.Lock()
        self._cut_ports: list[tuple[str, int]] = []
        self._partitions: list[tuple[list[str], list[str]]] = []
        self._unplugged: list[str] = []

    def cut_port(self, machine_id: str, port: int) -> None:
        """Drop whatever a machine sends or receives by one TCP port, be it its own or the other end's.

        Peers dial each other: a member that were only not dialled would still hear its leader.
        """
        address = self._address_of(machine_id)
        with self._lock:
            self._cut_ports.append((address, port))
            self._tell()

    def partition(self, ones: Sequence[str], others: Sequence[str]) -> None:
        """Drop whatever goes between the machines ``ones`` and the machines ``others``."""
        sides = [self._address_of(one) for one in ones], [self._address_of(other) for other in others]
        with self._lock:
            self._partitions.append(sides)
            self._tell()

    def unplug(self, machine_id: str) -> None:
        """Cut a machine off from everything, the metadata service too."""
        address = self._address_of(machine_id)
        with self._lock:
            self._unplugged.append(address)
            self._tell()

    def heal(self) -> None:
        """Take all faults away."""
        with self._lock:
            self._cut_ports, self._partitions, self._unplugged = [], [], []
            self._tell()

    def _tell(self) -> None:
        self._link.ask("faults", cut_ports=self._cut_ports, partitions=self._partitions, unplugged=self._unplugged)
