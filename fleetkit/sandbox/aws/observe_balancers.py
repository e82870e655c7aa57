"""Read load balancers and their target groups out of moto, and give each balancer an address in its subnets."""

from __future__ import annotations

import ipaddress
from typing import Any

from fleetkit.sandbox.aws.identity import ACCOUNT_ID
from fleetkit.sandbox.world.observation import Balancer, HealthCheck, Listener, TargetGroup

__all__ = ["observe_balancers", "observe_target_groups"]

_HELD = "_sandbox_addresses"


def observe_balancers(region: str) -> tuple[Balancer, ...]:
    """Return the network and application load balancers of a region."""
    from moto.elbv2.models import elbv2_backends

    balancers = list(elbv2_backends[ACCOUNT_ID][region].load_balancers.values())
    return tuple(
        Balancer(
            arn=one.arn,
            name=one.name,
            kind=one.type,
            public=one.scheme != "internal",
            dns_name=one.dns_name,
            groups=tuple(one.security_groups or ()),
            subnets=tuple(subnet.id for subnet in one.subnets),
            listeners=tuple(_listener(listener) for listener in list(one.listeners.values())),
            addresses=_addresses(one),
        )
        for one in balancers
    )


def observe_target_groups(region: str) -> dict[str, TargetGroup]:
    """Return the target groups of a region, by their ARN."""
    from moto.elbv2.models import elbv2_backends

    groups = list(elbv2_backends[ACCOUNT_ID][region].target_groups.values())
    return {group.arn: _target_group(group) for group in groups}


def _addresses(balancer: Any) -> tuple[str, ...]:
    """Return the balancer's address in each subnet, taken from the upper end so that instances rarely meet it."""
    held: dict[str, str] = balancer.__dict__.setdefault(_HELD, {})
    for subnet in balancer.subnets:
        if subnet.id in held:
            continue
        network = ipaddress.IPv4Network(subnet.cidr_block)
        free = (str(network[-offset]) for offset in range(2, network.num_addresses - 4))
        held[subnet.id] = next(address for address in free if address not in subnet._subnet_ips)
        subnet._subnet_ips[held[subnet.id]] = balancer
    return tuple(held[subnet.id] for subnet in balancer.subnets)


def _listener(listener: Any) -> Listener:
    action: dict[str, Any] = (
        listener.default_actions[0].data if listener.default_actions else {"Type": "fixed-response"}
    )
    kind = action.get("Type", "forward")
    forward = action.get("ForwardConfig") or {}
    groups = [one["TargetGroupArn"] for one in forward.get("TargetGroups") or []]
    if not groups and action.get("TargetGroupArn"):
        groups = [action["TargetGroupArn"]]
    details = action.get("RedirectConfig") or action.get("FixedResponseConfig") or {}
    return Listener(
        port=int(listener.port),
        protocol=listener.protocol,
        action=kind,
        target_groups=tuple(groups),
        details=tuple((str(key), str(value)) for key, value in details.items()),
    )


def _target_group(group: Any) -> TargetGroup:
    codes = (getattr(group, "matcher", None) or {}).get("HttpCode") or "200"
    return TargetGroup(
        arn=group.arn,
        check=HealthCheck(
            protocol=str(group.health_check_protocol or "TCP").upper(),
            port=str(group.health_check_port or "traffic-port"),
            path=group.health_check_path or "/",
            codes=str(codes),
            interval_s=float(group.health_check_interval_seconds),
            timeout_s=float(group.health_check_timeout_seconds),
            healthy_after=int(group.healthy_threshold_count),
            unhealthy_after=int(group.unhealthy_threshold_count),
        ),
        targets=tuple((one["Id"], int(one["Port"])) for one in list(group.targets.values())),
    )
