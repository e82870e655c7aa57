"""What the cluster file says, as far as checks ask; it is always known."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = ["ClusterFact"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterFact:
    """The cluster as it is meant to be.

    Attributes
    ----------
    name, region
        As the file has them.
    now
        When the facts were read, in UTC.
    masters
        Name of each master to its address.
    pools
        Name of each pool to the number of machines that it is to have.
    has_bastion
        Whether operators come in through the bastion, and not over a VPN.
    vpn_cidr
        The VPN's network; empty where they come through the bastion.
    makes_network
        Whether the VPC is the cluster's own.
    """

    name: str
    region: str
    now: dt.datetime
    masters: Mapping[str, str]
    pools: Mapping[str, int] = field(default_factory=dict)
    has_bastion: bool = True
    vpn_cidr: str = ""
    makes_network: bool = True
