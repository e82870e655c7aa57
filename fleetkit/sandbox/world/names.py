"""Which names machines know: those of their private zones, of load balancers, of each other and of AWS itself."""

from __future__ import annotations

from fleetkit.sandbox.world.addresses import API_ADDRESS, S3_ADDRESS
from fleetkit.sandbox.world.observation import Observation

__all__ = ["aws_names", "private_names"]

_SERVICES = (
    "autoscaling",
    "ec2",
    "elasticloadbalancing",
    "kms",
    "logs",
    "monitoring",
    "secretsmanager",
    "ssm",
    "sts",
)


def aws_names(region: str, buckets: tuple[str, ...] = ()) -> dict[str, str]:
    """Return the names of AWS's endpoints in a region and of its buckets, with the sandbox's addresses for them."""
    s3 = [f"s3.{region}.amazonaws.com", f"s3.dualstack.{region}.amazonaws.com", "s3.amazonaws.com"]
    s3 += [f"{bucket}.{host}" for bucket in buckets for host in s3[:2]]
    api = [f"{service}.{region}.amazonaws.com" for service in _SERVICES]
    api += ["iam.amazonaws.com", "sts.amazonaws.com", "route53.amazonaws.com"]
    return dict.fromkeys(s3, S3_ADDRESS) | dict.fromkeys(api, API_ADDRESS)


def private_names(seen: Observation) -> dict[str, str]:
    """Return every name that resolves inside, with its first address.

    Aliases and CNAMEs are followed; a name that leads nowhere is left out, as a resolver would say NXDOMAIN.
    """
    names = aws_names(seen.region, seen.buckets)
    for instance in seen.instances:
        names[instance.hostname] = instance.address
    for balancer in seen.balancers:
        if balancer.addresses:
            names[balancer.dns_name.lower()] = balancer.addresses[0]
    aliases: dict[str, str] = {}
    for record in (record for zone in seen.zones for record in zone.records):
        if record.kind == "A" and record.values:
            names[_plain(record.name)] = record.values[0]
        elif record.kind in ("ALIAS", "CNAME") and record.values:
            aliases[_plain(record.name)] = _plain(record.values[0])
    for name in aliases:
        target: str | None = name
        # As many steps as there are aliases: a circle ends, and leads nowhere.
        for _ in aliases:
            target = aliases.get(target or "", target)
        if target in names:
            names[name] = names[target]
    return names


def _plain(name: str) -> str:
    return name.rstrip(".").lower().removeprefix("dualstack.")
