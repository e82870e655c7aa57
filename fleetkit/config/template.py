"""What a new cluster file proposes: the original's sizes, on subnets and addresses computed from the zones."""

from __future__ import annotations

import datetime as dt
import ipaddress
from collections.abc import Sequence

from fleetkit.config.waivers import propose_waivers

__all__ = ["DEFAULT_VPC_CIDR", "propose_cluster"]

DEFAULT_VPC_CIDR = "10.10.0.0/16"
"""The network of the VPC that is made, unless another is asked for."""

_SUBNET_PREFIX = 24
_MASTER_HOST = 100
_MASTERS = 3


def propose_cluster(
    name: str, *, region: str | None, zones: Sequence[str], today: dt.date, who: str, cidr: str = DEFAULT_VPC_CIDR
) -> dict[str, object]:
    """Return the proposed content of a new cluster file, without what only the environment knows.

    Parameters
    ----------
    name, region
        The cluster and its region, or None where that is not known.
    zones
        The zones to use, in order; three masters are dealt to them in turn. None yet: no subnets, no masters.
    today
        From which the waivers' dates are reckoned.
    who
        Who decides on the waivers.
    cidr
        Network of the VPC, of /16 to /20; subnets of /24 are cut from it, the public ones first.
    """
    vpc = ipaddress.IPv4Network(cidr)
    blocks = vpc.subnets(new_prefix=_SUBNET_PREFIX)
    public = [next(blocks) for _ in zones]
    private = [next(blocks) for _ in zones]
    values: dict[str, object] = {"name": name}
    network: dict[str, object] = {"cidr": str(vpc)}
    if region:
        values["region"] = region
    if zones:
        network["public_subnets"] = [str(subnet) for subnet in public]
        network["private_subnets"] = [str(subnet) for subnet in private]
        values["zones"] = list(zones)
        values["masters"] = {
            f"etcd{index + 1}": {
                "zone": zones[index % len(zones)],
                "address": str(private[index % len(zones)][_MASTER_HOST + index // len(zones)]),
            }
            for index in range(_MASTERS)
        }
    return {
        **values,
        "access": "bastion",
        "network": {**network, "nat_gateways": 1, "dns_zone": f"{name}.internal"},
        "pools": {
            "internal": {"minimum": 0, "maximum": 25, "desired": 2, "instance_type": "t3.medium", "disk_gb": 30},
            "public": {"minimum": 0, "maximum": 95, "desired": 3, "instance_type": "t3.medium", "disk_gb": 30},
        },
        "etcd": {
            "instance_type": "t3.small",
            "disk_gb": 50,
            "heartbeat_ms": 100,
            "election_ms": 1000,
            "quota_gb": 2,
        },
        "fleet": {
            "metadata": {"monitor": "yes"},
            "etcd_request_timeout_s": 5,
            "agent_ttl_s": 120,
            "engine_reconcile_interval_s": 10,
        },
        "bastion": {"instance_type": "t3.micro", "disk_gb": 30},
        "deploy_host": {"enabled": False},
        "approval": {"required": "name"},
        "state": {"kind": "local"},
        "logs": {"retention_days": 90},
        "waivers": propose_waivers(today=today, who=who),
    }
