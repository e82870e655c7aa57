"""Preflight of the network: zones, an existing VPC and its subnets, the masters' addresses, the operator's own."""

from __future__ import annotations

import ipaddress

from fleetkit.aws import (
    Subnet,
    find_vpc,
    list_addresses_in_use,
    list_offered_zones,
    list_subnets,
    list_zones,
    read_public_address,
)
from fleetkit.config import Access, Cluster
from fleetkit.core import ServiceError
from fleetkit.workflows._check_lines import Check, CheckLine, failure, ok, unread, warning
from fleetkit.workflows._workspace import Workspace

__all__ = ["NETWORK_CHECKS"]

_AWS_KEEPS_FIRST = 4  # of a subnet's addresses; and the last one


def _check_zones(workspace: Workspace) -> tuple[CheckLine, ...]:
    cluster = workspace.cluster
    known = list_zones(workspace.session)
    missing = [zone for zone in cluster.zones if zone not in known]
    if missing:
        return (
            failure(
                "zones",
                f"{', '.join(missing)} not open to this account in {cluster.region}",
                mend=f"choose zones among {', '.join(known)}",
            ),
        )
    return (ok("zones", f"{', '.join(cluster.zones)} are open in {cluster.region}"),)


def _check_types(workspace: Workspace) -> tuple[CheckLine, ...]:
    cluster = workspace.cluster
    places = _places(cluster)
    offered = list_offered_zones(workspace.session, sorted(places))
    lacking = {
        name: [zone for zone in sorted(zones) if zone not in offered.get(name, ())] for name, zones in places.items()
    }
    wrong = [f"{name} in {', '.join(zones)}" for name, zones in sorted(lacking.items()) if zones]
    if wrong:
        return (
            failure(
                "instance-types", f"not offered: {'; '.join(wrong)}", mend="choose another instance type or other zones"
            ),
        )
    return (ok("instance-types", f"{', '.join(sorted(places))} are offered where they are wanted"),)


def _places(cluster: Cluster) -> dict[str, set[str]]:
    """Return each instance type with the zones that must offer it."""
    places: dict[str, set[str]] = {cluster.etcd.instance_type: {master.zone for master in cluster.masters.values()}}
    for pool in cluster.pools.values():
        places.setdefault(pool.instance_type, set()).update(cluster.zones)
    if cluster.access is Access.BASTION:
        places.setdefault(cluster.bastion.instance_type, set()).add(cluster.zones[0])
    return places


def _check_operator(workspace: Workspace) -> tuple[CheckLine, ...]:
    if workspace.cluster.access is Access.VPN:
        return (ok("operator-address", "not looked at: who comes through the VPN is let in"),)
    allowed = workspace.cluster.operator_cidr
    try:
        address = read_public_address(workspace.settings.address_url)
    except ServiceError as error:
        return (unread("operator-address", error, soft=True),)
    if address in ipaddress.IPv4Network(allowed):
        return (ok("operator-address", f"you come from {address}, inside {allowed}"),)
    return (
        failure(
            "operator-address",
            f"you come from {address}, outside {allowed}: SSH would not let you in",
            mend=f'set operator_cidr = "{address}/32", or work from {allowed}',
        ),
    )


def _check_vpc(workspace: Workspace) -> tuple[CheckLine, ...]:
    network = workspace.cluster.network
    if network.create:
        return (ok("network", f"a VPC {network.cidr} is made"),)
    vpc = find_vpc(workspace.session, network.vpc_id)
    if vpc is None or vpc.state != "available":
        state = "is not there" if vpc is None else f"is {vpc.state}"
        return (failure("network", f"{network.vpc_id} {state}", mend="mend network.vpc_id"),)
    problems = []
    if network.cidr not in vpc.cidrs:
        problems.append(f"it has {', '.join(vpc.cidrs)}, and the file says {network.cidr}")
    if not vpc.dns:
        problems.append("it does not resolve names and give hostnames, which a private zone needs")
    problems += _subnet_problems(workspace.cluster, list_subnets(workspace.session, network.vpc_id))
    if problems:
        return tuple(
            failure("network", f"{network.vpc_id}: {text}", mend="mend [network] or the VPC") for text in problems
        )
    return (ok("network", f"{network.vpc_id} and its subnets are as the file says"),)


def _subnet_problems(cluster: Cluster, subnets: tuple[Subnet, ...]) -> list[str]:
    there = {subnet.subnet_id: subnet for subnet in subnets}
    problems = []
    for kind, wanted, ids in (
        ("public", "igw-", cluster.network.public_subnet_ids),
        ("private", "", cluster.network.private_subnet_ids),
    ):
        for zone, subnet_id in zip(cluster.zones, ids, strict=True):
            subnet = there.get(subnet_id)
            if subnet is None:
                problems.append(f"the {kind} subnet {subnet_id} is not in it")
            elif subnet.zone != zone:
                problems.append(f"the {kind} subnet {subnet_id} is in {subnet.zone}, and the file has it for {zone}")
            elif not subnet.default_route.startswith(wanted) or not subnet.default_route:
                way = "an internet gateway" if wanted else "a NAT gateway or another way out"
                problems.append(f"the {kind} subnet {subnet_id} has no default route to {way}")
            elif kind == "private" and subnet.default_route.startswith("igw-"):
                problems.append(f"the private subnet {subnet_id} has a default route to an internet gateway")
    return problems + _address_problems(cluster, there)


def _address_problems(cluster: Cluster, there: dict[str, Subnet]) -> list[str]:
    problems = []
    by_zone = dict(zip(cluster.zones, cluster.network.private_subnet_ids, strict=True))
    for name, master in cluster.masters.items():
        subnet = there.get(by_zone[master.zone])
        if subnet is None:
            continue
        network, address = ipaddress.IPv4Network(subnet.cidr), ipaddress.IPv4Address(master.address)
        first, last = network.network_address + _AWS_KEEPS_FIRST, network.broadcast_address - 1
        if not first <= address <= last:
            problems.append(f"masters.{name}.address {address} is not within {first} to {last} of {subnet.subnet_id}")
    return problems


def _check_addresses(workspace: Workspace) -> tuple[CheckLine, ...]:
    cluster = workspace.cluster
    if cluster.network.create:
        return (ok("master-addresses", "free: the VPC is the cluster's own"),)
    addresses = {master.address: name for name, master in cluster.masters.items()}
    taken = [
        use
        for use in list_addresses_in_use(workspace.session, addresses, vpc_id=cluster.network.vpc_id)
        if use.cluster != cluster.name
    ]
    if taken:
        return tuple(
            failure(
                "master-addresses",
                f"{use.address} of {addresses[use.address]} is taken by {use.about or use.interface_id}",
                mend=f"give masters.{addresses[use.address]}.address another one",
            )
            for use in taken
        )
    return (ok("master-addresses", f"{', '.join(addresses)} are free, or this cluster's already"),)


def _check_vpn(workspace: Workspace) -> tuple[CheckLine, ...]:
    cluster = workspace.cluster
    if cluster.access is Access.BASTION:
        return (ok("access", f"SSH bastion, open to {cluster.operator_cidr}"),)
    return (
        warning(
            "access",
            f"VPN from {cluster.vpn_cidr}; that it leads to {cluster.network.cidr} is not looked at",
            mend="connect the VPN before you deploy",
        ),
    )


NETWORK_CHECKS: tuple[Check, ...] = (
    Check("zones", _check_zones),
    Check("instance-types", _check_types),
    Check("operator-address", _check_operator, soft=True),
    Check("access", _check_vpn),
    Check("network", _check_vpc),
    Check("master-addresses", _check_addresses),
)
"""What is asked of the network."""
