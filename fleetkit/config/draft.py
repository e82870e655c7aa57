"""What can be understood of a cluster file that may be wrong in places.

The schema reports what is wrong with single fields. The rules between fields must still speak about the rest,
so that one reading names every problem; they work on this view, which leaves out what makes no sense.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from fleetkit.config.values import parse_network

__all__ = ["Draft", "DraftMaster"]


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftMaster:
    """A master, as far as it makes sense."""

    name: str
    zone: str | None
    address: ipaddress.IPv4Address | None


class Draft:
    """A lenient view of the file's tables.

    Parameters
    ----------
    data
        The file as the TOML parser returned it.
    """

    def __init__(self, data: Mapping[str, object]) -> None:
        self.data = data

    def text(self, *path: str) -> str:
        """Return the string at ``path``, or an empty one."""
        value = self.value(*path)
        return value if isinstance(value, str) else ""

    def number(self, *path: str) -> int | None:
        """Return the whole number at ``path``, or None."""
        value = self.value(*path)
        return value if isinstance(value, int) and not isinstance(value, bool) else None

    def value(self, *path: str) -> object:
        """Return whatever stands at ``path``, or None."""
        found: object = self.data
        for step in path:
            found = found.get(step) if isinstance(found, Mapping) else None
        return found

    def has_table(self, name: str) -> bool:
        """Return whether the file has that table, and it is one."""
        return isinstance(self.value(name), Mapping)

    def table(self, *path: str) -> Mapping[str, object]:
        """Return the table at ``path``, or an empty one."""
        value = self.value(*path)
        return value if isinstance(value, Mapping) else {}

    def array(self, *path: str) -> list[object]:
        """Return the array at ``path``, or an empty one."""
        value = self.value(*path)
        return value if isinstance(value, list) else []

    @property
    def zones(self) -> list[str]:
        """The zones that are strings, in order."""
        return [zone for zone in self.array("zones") if isinstance(zone, str)]

    @property
    def vpc(self) -> ipaddress.IPv4Network | None:
        """The VPC's network."""
        return _network(self.value("network", "cidr"))

    def subnets(self, kind: str) -> dict[str, ipaddress.IPv4Network]:
        """Return path to network of the subnets to make; ``kind`` is ``public_subnets`` or ``private_subnets``."""
        return dict(self._subnets(kind))

    def _subnets(self, kind: str) -> Iterator[tuple[str, ipaddress.IPv4Network]]:
        for index, value in enumerate(self.array("network", kind)):
            network = _network(value)
            if network is not None:
                yield f"network.{kind}[{index}]", network

    def private_subnet_of(self, zone: str) -> ipaddress.IPv4Network | None:
        """Return the private subnet to make in ``zone``, if both are known."""
        subnets = self.array("network", "private_subnets")
        if zone not in self.zones or len(subnets) != len(self.array("zones")):
            return None
        return _network(subnets[self.array("zones").index(zone)])

    @property
    def masters(self) -> list[DraftMaster]:
        """The masters that are tables, in the file's order."""
        found = []
        for name, table in self.table("masters").items():
            if isinstance(table, Mapping):
                zone = table.get("zone")
                found.append(
                    DraftMaster(
                        name=name, zone=zone if isinstance(zone, str) else None, address=_address(table.get("address"))
                    )
                )
        return found


def _network(value: object) -> ipaddress.IPv4Network | None:
    try:
        return parse_network(value) if isinstance(value, str) else None
    except ValueError:
        return None


def _address(value: object) -> ipaddress.IPv4Address | None:
    try:
        return ipaddress.IPv4Address(value) if isinstance(value, str) else None
    except ValueError:
        return None
