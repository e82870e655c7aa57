"""Facts of load balancers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = ["BalancerFact", "BalancerSettingsFact", "ListenerFact", "TargetGroupFact"]


@dataclass(frozen=True, slots=True, kw_only=True)
class BalancerFact:
    """One load balancer.

    Attributes
    ----------
    resource
        Its name without the cluster's, such as ``internal-web``.
    kind
        ``application`` or ``network``.
    faces_internet
        Whether its addresses are public.
    group_ids
        The security groups that it wears.
    """

    arn: str
    resource: str
    kind: str
    faces_internet: bool
    group_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ListenerFact:
    """What a load balancer listens on.

    Attributes
    ----------
    policy
        Which TLS it speaks; empty where none.
    sends_to_tls
        Whether it does no more than send whoever asks to HTTPS, whatever is asked for.
    """

    protocol: str
    port: int
    policy: str = ""
    sends_to_tls: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class BalancerSettingsFact:
    """How a load balancer is set up; ``cross_zone`` says whether it sends to targets of every zone."""

    access_logs: bool
    cross_zone: bool
    listeners: tuple[ListenerFact, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetGroupFact:
    """A target group.

    Attributes
    ----------
    resource
        Its name without the cluster's; that of its load balancer where it is the only one.
    states
        AWS's word for how targets are, to how many are so.
    draining_s
        Seconds for which a target that leaves still answers.
    cross_zone
        Whether its targets are sent what comes into other zones; None where the load balancer decides.
    healthy_ids
        Ids of the machines that are healthy at each port at which they are targets.
    target_ids
        Ids of all that are targets.
    """

    arn: str
    resource: str
    states: Mapping[str, int] = field(default_factory=dict)
    draining_s: int = 0
    cross_zone: bool | None = None
    target_ids: frozenset[str] = frozenset()
    healthy_ids: frozenset[str] = frozenset()

    @property
    def healthy(self) -> int:
        """How many targets are healthy."""
        return self.states.get("healthy", 0)
