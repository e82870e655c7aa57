"""What a cluster is by its file: which machines stand where, through which gateways, behind which load balancers.

It says where Terraform puts things, as the modules in ``terraform/`` do; AWS is not asked.
"""

from __future__ import annotations

from collections.abc import Mapping

from fleetkit.config import Access, Cluster
from fleetkit.pki import CertificateFacts
from fleetkit.terraform import list_flows
from fleetkit.views import ClusterLayout, LaidBalancer, LaidMember, LaidPool, LaidWayIn, Spread

__all__ = ["lay_out_file"]

_FEEDS = {
    "web": ("http-from-lb-public-to-public", "public"),
    "internal": ("http-from-lb-internal-to-internal", "internal"),
    "ssh": ("ssh-from-lb-internal-to-internal", "internal"),
    "fleet-ui": ("fleet-ui-from-lb-ui-to-master", ""),
    "etcd-ui": ("etcd-browser-from-lb-ui-to-master", ""),
}
"""Each target group, by the end of its name: the flow that feeds it, and the pool behind it; the masters where none."""


def lay_out_file(
    cluster: Cluster, *, certificates: Mapping[str, CertificateFacts] | None, unread: str = ""
) -> ClusterLayout:
    """Return what the cluster's file describes, with every machine that it wants there and well.

    Parameters
    ----------
    certificates
        The cluster's certificates, by name; None where they could not be read.
    unread
        Why not.
    """
    zones = cluster.zones
    spreads = {name: _spread(pool.desired, zones) for name, pool in cluster.pools.items()}
    return ClusterLayout(
        cluster=cluster.name,
        source="the cluster file alone, every machine that it wants taken for well",
        zones=zones,
        members=tuple(
            LaidMember(name=name, zone=master.zone, healthy=True) for name, master in cluster.masters.items()
        ),
        pools=tuple(
            LaidPool(name=name, minimum=pool.minimum, machines=spreads[name]) for name, pool in cluster.pools.items()
        ),
        balancers=tuple(
            LaidBalancer(
                name=f"{cluster.name}-{short}",
                feeds=flow,
                machines=spreads[pool] if pool else Spread(by_zone={}),
                members=() if pool else tuple(cluster.masters),
            )
            for short, (flow, pool) in _FEEDS.items()
        ),
        # The bastion's subnet is the first public one.
        way_in=LaidWayIn(zone=zones[0] if cluster.access is Access.BASTION else "", running=True),
        egress=_route(zones, cluster.network.nat_gateways) if cluster.network.create else None,
        certificates=None if certificates is None else {name: one.not_after for name, one in certificates.items()},
        flows=list_flows(
            vpn=cluster.access is Access.VPN,
            https=bool(cluster.load_balancers.certificate_arn),
            deploy_host=cluster.deploy_host.enabled,
        ),
        unknown=(f"certificates: {unread}",) if unread else (),
    )


def _spread(desired: int, zones: tuple[str, ...]) -> Spread:
    """Spread machines as a scaling group does: evenly, and what does not go round somewhere."""
    each, rest = divmod(desired, len(zones))
    return Spread(by_zone=dict.fromkeys(zones, each), anywhere=rest)


def _route(zones: tuple[str, ...], gateways: int) -> dict[str, str]:
    """Return the zone of the gateway of each zone; zones without one take turns with those that are there."""
    return {zone: zones[index % gateways] for index, zone in enumerate(zones)}
