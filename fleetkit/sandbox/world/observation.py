"""What was seen of the emulated AWS at one moment."""

from __future__ import annotations

from dataclasses import dataclass, field

__all__ = [
    "Balancer",
    "GroupRule",
    "HealthCheck",
    "Instance",
    "Listener",
    "Observation",
    "Record",
    "Route",
    "SecurityGroup",
    "Subnet",
    "TargetGroup",
    "Zone",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupRule:
    """One permission of a security group.

    Attributes
    ----------
    protocol
        ``tcp``, ``udp``, ``icmp`` or ``any``.
    ports
        First and last port; None is all.
    cidrs, groups
        The other side: networks, and ids of groups whose members it is for.
    to_s3
        True where the other side is the prefix list of S3.
    """

    protocol: str
    ports: tuple[int, int] | None = None
    cidrs: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    to_s3: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SecurityGroup:
    """A security group with its rules in both directions."""

    group_id: str
    ingress: tuple[GroupRule, ...] = ()
    egress: tuple[GroupRule, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One route of a subnet's route table.

    Attributes
    ----------
    destination
        A network, or ``s3`` for the prefix list of S3.
    via
        ``internet``, ``nat``, ``s3`` or ``other``.
    """

    destination: str
    via: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Subnet:
    """A subnet, with the routes of the table that holds for it."""

    subnet_id: str
    vpc_id: str
    cidr: str
    zone: str
    routes: tuple[Route, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    """An instance that is there: running or stopped.

    Attributes
    ----------
    kind
        ``flatcar`` or ``ubuntu``; ``plain`` where the image is neither, so that nothing boots.
    public_address
        Its public address, or None.
    profile_arn
        Its instance profile, or None.
    reboots
        How often it was asked to reboot.
    """

    instance_id: str
    state: str
    address: str
    subnet_id: str
    groups: tuple[str, ...]
    kind: str
    image_id: str
    hostname: str
    instance_type: str
    zone: str
    public_address: str | None = None
    profile_arn: str | None = None
    key_name: str | None = None
    name: str = ""
    reboots: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthCheck:
    """How a target group judges its targets; times in seconds."""

    protocol: str
    port: str
    path: str
    codes: str
    interval_s: float
    timeout_s: float
    healthy_after: int
    unhealthy_after: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetGroup:
    """A target group; ``targets`` are pairs of instance id (or address) and port."""

    arn: str
    check: HealthCheck
    targets: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Listener:
    """A listener of a load balancer.

    Attributes
    ----------
    action
        ``forward``, ``redirect`` or ``fixed-response``.
    target_groups
        Where it forwards to.
    details
        The action's own values, for instance a redirect's port.
    """

    port: int
    protocol: str
    action: str
    target_groups: tuple[str, ...] = ()
    details: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Balancer:
    """A load balancer with an address in each of its subnets."""

    arn: str
    name: str
    kind: str
    public: bool
    dns_name: str
    groups: tuple[str, ...]
    subnets: tuple[str, ...]
    listeners: tuple[Listener, ...] = ()
    addresses: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A record of a private zone; ``values`` are addresses or names."""

    name: str
    kind: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Zone:
    """A private zone."""

    name: str
    records: tuple[Record, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """Everything that the network is made of."""

    region: str
    instances: tuple[Instance, ...] = ()
    subnets: dict[str, Subnet] = field(default_factory=dict)
    groups: dict[str, SecurityGroup] = field(default_factory=dict)
    balancers: tuple[Balancer, ...] = ()
    target_groups: dict[str, TargetGroup] = field(default_factory=dict)
    zones: tuple[Zone, ...] = ()
    buckets: tuple[str, ...] = ()
