"""The kinds of things that a cluster is made of on AWS, in the order in which they can be removed."""

from __future__ import annotations

import enum
from collections.abc import Iterable
from dataclasses import dataclass

__all__ = ["Inventory", "Thing", "ThingKind"]


class ThingKind(enum.StrEnum):
    """Kinds of things; the order is that of removal: nothing stands in the way of what comes after it."""

    AUTO_SCALING_GROUP = "auto-scaling-group"
    LAUNCH_TEMPLATE = "launch-template"
    LOAD_BALANCER = "load-balancer"
    TARGET_GROUP = "target-group"
    INSTANCE = "instance"
    NAT_GATEWAY = "nat-gateway"
    VPC_ENDPOINT = "vpc-endpoint"
    FLOW_LOG = "flow-log"
    NETWORK_INTERFACE = "network-interface"
    ELASTIC_ADDRESS = "elastic-address"
    VOLUME = "volume"
    SNAPSHOT = "snapshot"
    SECURITY_GROUP = "security-group"
    SUBNET = "subnet"
    ROUTE_TABLE = "route-table"
    NETWORK_ACL = "network-acl"
    INTERNET_GATEWAY = "internet-gateway"
    HOSTED_ZONE = "hosted-zone"
    VPC = "vpc"
    INSTANCE_PROFILE = "instance-profile"
    ROLE = "role"
    LOG_GROUP = "log-group"


_ORDER = {kind: place for place, kind in enumerate(ThingKind)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Thing:
    """Something on AWS.

    Attributes
    ----------
    kind
        What it is.
    thing_id
        What AWS's calls name it by: an id, a name or an ARN.
    name
        What people know it by; may be empty.
    state
        AWS's word for its state; empty where the kind has none.
    cluster
        Value of its cluster tag; empty where it has none.
    vpc_id
        The VPC that it is in; empty where it is in none, or AWS does not say.
    managed
        Whether it belongs to another AWS service, and goes when that lets it go.
    address
        What it has of the address space: the address of an instance, the CIDR of a VPC or subnet; else empty.
    keeper
        The auto scaling group that started it and would replace it; empty where none did.
    role
        Value of its role tag; empty where it has none.
    """

    kind: ThingKind
    thing_id: str
    name: str = ""
    state: str = ""
    cluster: str = ""
    vpc_id: str = ""
    managed: bool = False
    address: str = ""
    keeper: str = ""
    role: str = ""

    def __str__(self) -> str:
        return f"{self.kind} {self.thing_id}" + (f" ({self.name})" if self.name and self.name != self.thing_id else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Inventory:
    """What there is of a cluster, and what lies in its VPC, in the order of removal.

    Attributes
    ----------
    cluster
        The cluster that was looked for.
    things
        Everything found.
    """

    cluster: str
    things: tuple[Thing, ...]

    @classmethod
    def of(cls, cluster: str, things: Iterable[Thing]) -> Inventory:
        """Sort ``things`` into the order of removal; what was found twice stands once."""
        once = {(thing.kind, thing.thing_id): thing for thing in things}
        return cls(
            cluster=cluster, things=tuple(sorted(once.values(), key=lambda thing: (_ORDER[thing.kind], thing.thing_id)))
        )

    @property
    def ours(self) -> tuple[Thing, ...]:
        """What bears the cluster's tag or a name that is the cluster's alone."""
        return tuple(thing for thing in self.things if thing.cluster == self.cluster)

    @property
    def foreign(self) -> tuple[Thing, ...]:
        """What lies in the cluster's VPC without its tag; what goes with something else is not named beside that."""
        return tuple(thing for thing in self.things if thing.cluster != self.cluster and not thing.managed)

    def __bool__(self) -> bool:
        return bool(self.things)
