"""What the VPC, its subnets and the masters in them must be in relation to each other."""

from __future__ import annotations

import ipaddress
import re
from collections import Counter
from collections.abc import Iterator

from fleetkit.config.draft import Draft, DraftMaster
from fleetkit.config.problems import Problem, show_value
from fleetkit.core import quorum_size

__all__ = ["find_network_problems"]

_CLUSTER_SIZES = (1, 3, 5, 7)
_ZONES_FOR_SPREAD = 3
_SUBNET_PREFIXES = range(16, 29)
_MEMBER = re.compile(r"[a-z]([a-z0-9-]{0,30}[a-z0-9])?")
_MADE = ("public_subnets", "private_subnets")
_GIVEN = ("public_subnet_ids", "private_subnet_ids")


def find_network_problems(draft: Draft) -> Iterator[Problem]:
    """Yield what is wrong with the network, the masters' places and the VPN's network."""
    if draft.has_table("network"):
        yield from _kind_of_network(draft)
        yield from _subnets_fit(draft)
        yield from _subnets_apart(draft)
    yield from _vpn(draft)
    yield from _master_set(draft)
    yield from _master_spread(draft)
    yield from _master_addresses(draft)


def _kind_of_network(draft: Draft) -> Iterator[Problem]:
    exists, zones = bool(draft.value("network", "vpc_id")), len(draft.array("zones"))
    wanted, unwanted = (_GIVEN, _MADE) if exists else (_MADE, _GIVEN)
    for field in wanted:
        value = draft.value("network", field)
        if zones and (value is None or isinstance(value, list)) and len(draft.array("network", field)) != zones:
            yield Problem(
                path=f"network.{field}",
                seen=f"saw {len(draft.array('network', field))} for {zones} zones",
                legal=f"{zones}, one per zone in the same order",
            )
    for field in (*unwanted, *(("nat_gateways",) if exists else ())):
        if draft.value("network", field):
            yield Problem(
                path=f"network.{field}",
                seen="given " + ("beside vpc_id" if exists else "without vpc_id"),
                legal="left out: the VPC exists"
                if exists
                else "left out, or give vpc_id: these name subnets that exist",
            )
    ids = [value for field in _GIVEN for value in draft.array("network", field)]
    for field in _GIVEN:
        for index, value in enumerate(draft.array("network", field)):
            if isinstance(value, str) and (not re.fullmatch(r"subnet-[0-9a-f]{8,17}", value) or ids.count(value) > 1):
                yield Problem(
                    path=f"network.{field}[{index}]", seen=f"saw {show_value(value)}", legal="a subnet id, each once"
                )
    gateways = draft.number("network", "nat_gateways")
    if not exists and gateways is not None and zones and gateways > zones:
        yield Problem(path="network.nat_gateways", seen=f"saw {gateways}", legal=f"1 to {zones}, the number of zones")


def _subnets_fit(draft: Draft) -> Iterator[Problem]:
    vpc = draft.vpc
    for kind in _MADE:
        for path, subnet in draft.subnets(kind).items():
            if subnet.prefixlen not in _SUBNET_PREFIXES:
                yield Problem(path=path, seen=f"saw {subnet}", legal="a subnet of /16 to /28")
            elif vpc is not None and not subnet.subnet_of(vpc):
                yield Problem(path=path, seen=f"saw {subnet}", legal=f"a subnet inside {vpc}, the VPC's network.cidr")


def _subnets_apart(draft: Draft) -> Iterator[Problem]:
    before: list[tuple[str, ipaddress.IPv4Network]] = []
    for kind in _MADE:
        for path, subnet in draft.subnets(kind).items():
            for other_path, other in before:
                if subnet.overlaps(other):
                    yield Problem(
                        path=path,
                        seen=f"saw {subnet}, which overlaps {other} ({other_path})",
                        legal="subnets that do not overlap",
                    )
                    break
            before.append((path, subnet))


def _vpn(draft: Draft) -> Iterator[Problem]:
    vpc = draft.vpc
    try:
        vpn = ipaddress.IPv4Network(draft.text("vpn_cidr"))
    except ValueError:
        return
    if vpc is not None and vpn.prefixlen > 0 and vpc.subnet_of(vpn):
        yield Problem(
            path="vpn_cidr",
            seen=f"saw {vpn}, which holds the whole VPC",
            legal="the VPN's users alone: else etcd is open to every machine of the VPC",
        )


def _master_set(draft: Draft) -> Iterator[Problem]:
    if not draft.has_table("masters"):
        return
    names = list(draft.table("masters"))
    if len(names) not in _CLUSTER_SIZES:
        yield Problem(
            path="masters",
            seen=f"saw {len(names)}" + (f" ({', '.join(names)})" if names else ""),
            legal="1, 3, 5 or 7: an even number tolerates no more failures than one less",
        )
    for name in names:
        if not _MEMBER.fullmatch(name):
            yield Problem(
                path=f"masters.{name}",
                seen="a name that does not fit",
                legal="a DNS label of at most 32 characters, such as etcd1",
            )
    for master in draft.masters:
        if master.zone is not None and draft.zones and master.zone not in draft.zones:
            yield Problem(
                path=f"masters.{master.name}.zone",
                seen=f"saw {show_value(master.zone)}",
                legal=f"one of {', '.join(draft.zones)}",
            )


def _master_spread(draft: Draft) -> Iterator[Problem]:
    masters = draft.masters
    if len(set(draft.zones)) < _ZONES_FOR_SPREAD or len(masters) < 3:
        return
    needed = quorum_size(len(masters))
    for zone, held in Counter(master.zone for master in masters if master.zone is not None).items():
        if held >= needed:
            yield Problem(
                path="masters",
                seen=f"saw {held} of {len(masters)} in {zone}, a quorum: the loss of that zone would lose etcd",
                legal=f"at most {needed - 1} in one zone",
            )


def _master_addresses(draft: Draft) -> Iterator[Problem]:
    taken: dict[ipaddress.IPv4Address, str] = {}
    for master in draft.masters:
        if master.address is None:
            continue
        path = f"masters.{master.name}.address"
        if master.address in taken:
            yield Problem(
                path=path,
                seen=f"saw {master.address}, which {taken[master.address]} has",
                legal="an address of its own",
            )
        taken.setdefault(master.address, master.name)
        yield from _address_in_place(draft, master, master.address, path)


def _address_in_place(
    draft: Draft, master: DraftMaster, address: ipaddress.IPv4Address, path: str
) -> Iterator[Problem]:
    subnet = draft.private_subnet_of(master.zone) if master.zone is not None else None
    if subnet is None:
        if draft.vpc is not None and address not in draft.vpc:
            yield Problem(
                path=path, seen=f"saw {address}", legal=f"an address inside {draft.vpc}, the VPC's network.cidr"
            )
        return
    first, last = subnet.network_address + 4, subnet.broadcast_address - 1
    if address not in subnet:
        seen = f"saw {address}, outside {subnet}, the private subnet of {master.zone}"
    elif not first <= address <= last:
        # Amazon VPC user guide, "Subnet sizing": the first four addresses and the last one are AWS's own.
        seen = f"saw {address}, one of the five addresses of {subnet} that AWS keeps for itself"
    else:
        return
    yield Problem(path=path, seen=seen, legal=f"{first} to {last}")
