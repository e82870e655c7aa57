"""Which traffic passes: what the security groups of both ends allow, where a route leads.

A connection is let through where a rule of the sender's groups lets it out and a rule of the receiver's groups lets it
in; answers pass by themselves.
A load balancer without groups is let in everywhere and out everywhere, as on AWS.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from fleetkit.sandbox.world.addresses import API_ADDRESS, INTERNET_ADDRESS, OPERATOR_ADDRESS, S3_ADDRESS, VPN_ADDRESS
from fleetkit.sandbox.world.observation import GroupRule, Observation
from fleetkit.sandbox.world.routes import reaches_internet, reaches_s3

__all__ = ["Passage", "derive_rules"]

_HTTPS = 443
_ALL_PORTS = (0, 65535)


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Passage:
    """Traffic that passes: from an address to an address, over a protocol, to ports (None is all)."""

    source: str
    destination: str
    protocol: str
    ports: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _End:
    """One end of a connection: an address, the groups that judge it (None: not judged), its VPC (None: outside)."""

    address: str
    groups: tuple[str, ...] | None
    vpc: str | None
    has_public: bool = False


def derive_rules(seen: Observation) -> tuple[Passage, ...]:
    """Return all traffic that passes between the machines of an observation, in a fixed order."""
    ends = list(_ends_of(seen))
    found: set[Passage] = set()
    for receiver in ends:
        if receiver.vpc is None:
            continue
        for sender in ends:
            if sender.address != receiver.address and _has_way(sender, receiver):
                found.update(_between(seen, sender, receiver))
    found.update(_to_aws(seen))
    found.update(_to_internet(seen))
    return tuple(sorted(found, key=lambda one: (one.source, one.destination, one.protocol, one.ports or (-1, -1))))


def _ends_of(seen: Observation) -> Iterator[_End]:
    for instance in seen.instances:
        public = instance.public_address is not None and _is_public_subnet(seen, instance.subnet_id)
        vpc = _vpc_of(seen, instance.subnet_id)
        yield _End(address=instance.address, groups=instance.groups, vpc=vpc, has_public=public)
    for balancer in seen.balancers:
        groups = balancer.groups or None
        for subnet_id, address in zip(balancer.subnets, balancer.addresses, strict=True):
            yield _End(address=address, groups=groups, vpc=_vpc_of(seen, subnet_id), has_public=balancer.public)
    for address in (VPN_ADDRESS, OPERATOR_ADDRESS, INTERNET_ADDRESS):
        yield _End(address=address, groups=None, vpc=None)


def _vpc_of(seen: Observation, subnet_id: str) -> str | None:
    subnet = seen.subnets.get(subnet_id)
    return None if subnet is None else subnet.vpc_id


def _is_public_subnet(seen: Observation, subnet_id: str) -> bool:
    subnet = seen.subnets.get(subnet_id)
    return subnet is not None and any(
        route.destination == "0.0.0.0/0" and route.via == "internet" for route in subnet.routes
    )


def _has_way(sender: _End, receiver: _End) -> bool:
    """Say whether packets find the receiver: from its own VPC, from the VPN, or by its public address."""
    if sender.vpc is not None:
        return sender.vpc == receiver.vpc
    return sender.address == VPN_ADDRESS or receiver.has_public


def _between(seen: Observation, sender: _End, receiver: _End) -> Iterator[Passage]:
    outgoing = _matching(seen, sender.groups, "egress", receiver)
    incoming = _matching(seen, receiver.groups, "ingress", sender)
    for out in outgoing:
        for into in incoming:
            shared = _intersect(out, into)
            if shared is not None:
                protocol, ports = shared
                yield Passage(source=sender.address, destination=receiver.address, protocol=protocol, ports=ports)


def _matching(seen: Observation, groups: tuple[str, ...] | None, direction: str, other: _End) -> list[GroupRule]:
    if groups is None:
        return [GroupRule(protocol="any")]
    held = [seen.groups[group] for group in groups if group in seen.groups]
    rules: Iterable[GroupRule] = (rule for group in held for rule in getattr(group, direction))
    return [rule for rule in rules if _is_for(rule, other)]


def _is_for(rule: GroupRule, other: _End) -> bool:
    if other.groups is not None and set(rule.groups) & set(other.groups):
        return True
    return any(_contains(cidr, other.address) for cidr in rule.cidrs)


def _contains(cidr: str, address: str) -> bool:
    return ipaddress.ip_address(address) in ipaddress.ip_network(cidr, strict=False)


def _intersect(one: GroupRule, other: GroupRule) -> tuple[str, tuple[int, int] | None] | None:
    """Return the protocol and ports that both rules allow, or None."""
    if one.protocol != other.protocol and "any" not in (one.protocol, other.protocol):
        return None
    protocol = other.protocol if one.protocol == "any" else one.protocol
    first = max((one.ports or _ALL_PORTS)[0], (other.ports or _ALL_PORTS)[0])
    last = min((one.ports or _ALL_PORTS)[1], (other.ports or _ALL_PORTS)[1])
    if first > last:
        return None
    has_ports = protocol in ("tcp", "udp") and (first, last) != _ALL_PORTS
    return protocol, ((first, last) if has_ports else None)


def _to_internet(seen: Observation) -> Iterator[Passage]:
    """Yield the ways to the rest of the internet, of which there is one address here: egress and routes decide."""
    outside = _End(address=INTERNET_ADDRESS, groups=None, vpc=None)
    for instance in seen.instances:
        subnet = seen.subnets.get(instance.subnet_id)
        if subnet is None or not reaches_internet(instance, subnet):
            continue
        for rule in _matching(seen, instance.groups, "egress", outside):
            yield Passage(
                source=instance.address, destination=INTERNET_ADDRESS, protocol=rule.protocol, ports=rule.ports
            )


def _to_aws(seen: Observation) -> Iterator[Passage]:
    """Yield the ways to AWS's own endpoints, over HTTPS: egress must allow it and a route must lead there."""
    https = GroupRule(protocol="tcp", ports=(_HTTPS, _HTTPS))
    for address in (S3_ADDRESS, API_ADDRESS):
        yield Passage(source=VPN_ADDRESS, destination=address, protocol="tcp", ports=(_HTTPS, _HTTPS))
    for instance in seen.instances:
        subnet = seen.subnets.get(instance.subnet_id)
        if subnet is None:
            continue
        ways = {S3_ADDRESS: reaches_s3(instance, subnet), API_ADDRESS: reaches_internet(instance, subnet)}
        for address in (address for address, open_way in ways.items() if open_way):
            rules = [
                rule
                for group in instance.groups
                if group in seen.groups
                for rule in seen.groups[group].egress
                if any(_contains(cidr, address) for cidr in rule.cidrs) or (rule.to_s3 and address == S3_ADDRESS)
            ]
            if any(_intersect(rule, https) for rule in rules):
                yield Passage(source=instance.address, destination=address, protocol="tcp", ports=(_HTTPS, _HTTPS))
