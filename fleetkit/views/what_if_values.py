"""What a cluster is, as far as a loss can hit it, and what is supposed to be lost.

The values come in plain: from the cluster file, or from an inspection; who fills them is a workflow.
None stands for what could not be read, and is never taken for well.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from fleetkit.core import NotFoundError
from fleetkit.terraform import Flow

__all__ = ["ClusterLayout", "LaidBalancer", "LaidMember", "LaidPool", "LaidWayIn", "Spread", "Supposition"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """Machines by zone.

    Attributes
    ----------
    by_zone
        Zone to the number of machines that are known to stand there.
    anywhere
        Machines that stand in zones nobody knows yet, no two of them in the same: a scaling group spreads
        its machines evenly (Amazon EC2 Auto Scaling user guide, "Availability Zone distribution"), and what
        does not go round evenly stands somewhere.
    """

    by_zone: Mapping[str, int]
    anywhere: int = 0

    @property
    def total(self) -> int:
        """How many machines there are."""
        return sum(self.by_zone.values()) + self.anywhere

    def left_without(self, zones: Collection[str]) -> int:
        """Return how many machines are left when these zones are gone, at worst."""
        hit = [zone for zone in self.by_zone if zone in zones]
        return self.total - sum(self.by_zone[zone] for zone in hit) - min(self.anywhere, len(hit))


@dataclass(frozen=True, slots=True, kw_only=True)
class LaidMember:
    """An etcd member: in which zone it stands, whether it takes part in the quorum, and whether it only learns."""

    name: str
    zone: str | None
    healthy: bool | None
    is_learner: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LaidPool:
    """A pool: the fewest machines that it is meant to have, and where those stand that are in service."""

    name: str
    minimum: int
    machines: Spread | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LaidBalancer:
    """What a load balancer forwards to.

    Attributes
    ----------
    name
        Its target group's name.
    feeds
        The flow from the load balancer to its targets; without that rule it has none that is healthy.
    machines
        Where its healthy targets stand that are workers; None where that could not be read.
    members
        Its healthy targets that are masters, by the member's name.
    """

    name: str
    feeds: str
    machines: Spread | None
    members: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LaidWayIn:
    """The bastion: its zone, empty with a VPN, which stands in none of ours; and whether it runs."""

    zone: str | None
    running: bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterLayout:
    """What a cluster is, as far as a loss can hit it.

    Attributes
    ----------
    cluster, source
        Its name, and in words where this was read.
    zones
        Its zones.
    egress
        Zone to the zone of the NAT gateway through which its machines reach the internet, empty where through
        none; None where it could not be read.
    certificates
        Name of each certificate to the last moment of its validity; None where they could not be read.
    flows
        What the rules of its security groups let through.
    closed
        Names of flows for which a rule is missing already; None where that could not be read.
    unknown
        What could not be read, one sentence each.
    """

    cluster: str
    source: str
    zones: tuple[str, ...]
    members: tuple[LaidMember, ...]
    pools: tuple[LaidPool, ...]
    balancers: tuple[LaidBalancer, ...]
    way_in: LaidWayIn
    egress: Mapping[str, str] | None
    certificates: Mapping[str, dt.datetime] | None
    flows: tuple[Flow, ...]
    closed: tuple[str, ...] | None = ()
    unknown: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Supposition:
    """What is supposed to be lost.

    Attributes
    ----------
    zones, members
        Those that are gone, with their machines.
    on
        A day that has passed.
    rules
        Names of flows whose rules are gone; judged as for connections that are opened from then on.
    """

    zones: tuple[str, ...] = ()
    members: tuple[str, ...] = ()
    on: dt.date | None = None
    rules: tuple[str, ...] = ()

    @property
    def words(self) -> str:
        """The supposition in words."""
        parts = [f"zone {one}" for one in self.zones] + [f"member {one}" for one in self.members]
        parts += [f"rule {one}" for one in self.rules]
        told = [f"{', '.join(parts)} gone"] if parts else []
        told += [f"{self.on} has passed"] if self.on else []
        return ", ".join(told) or "nothing gone"

    def require_known(self, layout: ClusterLayout) -> None:
        """Refuse names that the cluster does not have.

        Raises
        ------
        NotFoundError
            Lists those that it has.
        """
        _require("zone", self.zones, layout.zones)
        _require("member", self.members, (one.name for one in layout.members))
        _require("rule", self.rules, (one.name for one in layout.flows))


def _require(what: str, names: Iterable[str], known: Iterable[str]) -> None:
    there = tuple(known)
    for name in names:
        if name not in there:
            raise NotFoundError(f"the cluster has no {what} {name!r}", known=there)
