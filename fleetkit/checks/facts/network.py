"""Facts of the network: security groups, subnets, network ACLs, flow logs."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass

__all__ = ["AclFact", "GroupFact", "RuleFact", "SubnetFact", "is_everybody", "tell_rules"]

_WIDEST = {4: 8, 6: 16}
"""Version of IP to the shortest prefix that one owner's network has."""

_LAST_PORT = 65535


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleFact:
    """A rule of a security group, for one peer.

    Attributes
    ----------
    direction
        ``ingress`` or ``egress``.
    protocol
        ``tcp``, ``udp``, ``icmp``, … or ``all``.
    first, last
        Ports; 0 to 65535 where the rule is for all of them.
    peer
        A network, or the id of a group or a prefix list; beside one for a list stands one for each network in it.
    """

    direction: str
    protocol: str
    first: int
    last: int
    peer: str

    @property
    def is_for_all_ports(self) -> bool:
        """Whether it is for every port of TCP or of everything."""
        # Nobody listens on port 0, so that a rule from 1 on is for all of them too.
        return self.protocol == "all" or (self.protocol == "tcp" and self.first <= 1 and self.last >= _LAST_PORT)

    @property
    def lets_world_in(self) -> bool:
        """Whether anybody may come in by it."""
        return self.direction == "ingress" and is_everybody(self.peer)

    def lets_in_on(self, *ports: int) -> bool:
        """Return whether it lets TCP in on any of these ports."""
        if self.direction != "ingress" or self.protocol not in ("all", "tcp"):
            return False
        return self.is_for_all_ports or any(self.first <= port <= self.last for port in ports)

    @property
    def words(self) -> str:
        """What it lets through."""
        ports = "" if self.protocol == "all" else f" {self.first}" if self.first == self.last else f" {self.span}"
        return f"{self.direction} {self.protocol}{ports} {'from' if self.direction == 'ingress' else 'to'} {self.peer}"

    @property
    def span(self) -> str:
        """First and last port."""
        return f"{self.first}-{self.last}"


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupFact:
    """A security group that is the cluster's, or that something of it wears, or that its VPC began with.

    Attributes
    ----------
    role
        The role whose machines or load balancers wear it; empty for one that is not the cluster's own.
    is_default
        Whether the VPC began with it.
    """

    group_id: str
    name: str
    role: str
    is_default: bool
    rules: tuple[RuleFact, ...]

    @property
    def resource(self) -> str:
        """What people call it: its role, or its name."""
        return self.role or self.name


@dataclass(frozen=True, slots=True, kw_only=True)
class SubnetFact:
    """A subnet that machines of the cluster stand in, or that the cluster has made; ``name`` is its tag."""

    subnet_id: str
    name: str
    zone: str
    gives_public_address: bool

    @property
    def resource(self) -> str:
        """What people call it."""
        return self.name or self.subnet_id


@dataclass(frozen=True, slots=True, kw_only=True)
class AclFact:
    """A network ACL; ``open_entries`` are those that let everything, or TCP on all ports, through to or from everybody.

    Where an entry before one of them denies the same, it is told as open all the same.
    """

    acl_id: str
    is_default: bool
    subnet_ids: tuple[str, ...]
    open_entries: tuple[str, ...]


def is_everybody(peer: str) -> bool:
    """Return whether a network is so wide that anybody may be in it; a group or a prefix list is none."""
    try:
        network = ipaddress.ip_network(peer, strict=False)
    except ValueError:
        return False
    return network.prefixlen < _WIDEST[network.version]


def tell_rules(rules: Iterable[RuleFact]) -> list[str]:
    """Return rules as evidence."""
    return [one.words for one in rules]
