"""Facts of load balancers."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["BalancerFact"]


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
