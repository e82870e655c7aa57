"""What a cluster is now, out of what an inspection read; what could not be read stays unknown."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from typing import Any

from fleetkit import aws
from fleetkit.config import Cluster
from fleetkit.core import NotFoundError
from fleetkit.terraform import Flow
from fleetkit.views import ClusterLayout, LaidBalancer, LaidMember, LaidPool, LaidWayIn, Spread
from fleetkit.workflows.inspecting import Section

__all__ = ["find_closed_flows", "lay_out_sections", "read_egress"]

_PLACES = ("operator", "vpn", "world")


def lay_out_sections(planned: ClusterLayout, cluster: Cluster, sections: Mapping[str, Section]) -> ClusterLayout:
    """Return the layout with what was read in place of what the file wants.

    Parameters
    ----------
    planned
        What the cluster's file describes.
    sections
        The parts that were read.
    """
    machines = _facts(sections["machines"], "machines")
    dates = sections["certificates"].data
    return replace(
        planned,
        source="what is there now",
        members=_members(planned, cluster, sections),
        pools=_pools(planned, sections["pools"]),
        balancers=_balancers(planned, cluster, _facts(sections["targets"], "targets"), machines),
        way_in=_way_in(planned.way_in, machines),
        certificates=None if dates is None else {name: one.not_after for name, one in dates.items()},
        unknown=tuple(f"{one.title}: {one.unknown}" for one in sections.values() if one.unknown),
    )


def find_closed_flows(flows: Iterable[Flow], groups: Iterable[aws.SecurityGroup], *, cluster: str) -> tuple[str, ...]:
    """Return the names of the flows for which the groups lack a rule, in or out.

    A rule is known by the description that Terraform gave it; one that somebody else made does not count.
    """
    flows = tuple(flows)
    names = {flow.name for flow in flows}
    there = {
        (group.name.removeprefix(f"{cluster}-"), rule.direction, rule.about.partition(":")[0])
        for group in groups
        for rule in group.rules
    }
    closed = []
    for flow in flows:
        wanted = [(flow.target, "ingress")] if flow.target not in _PLACES else []
        # What may go to the whole world on a port has no rule of its own to go to a neighbour on it.
        wide = flow.target != "world" and f"{flow.port}-from-{flow.source}-to-world" in names
        wanted += [(flow.source, "egress")] if flow.source not in _PLACES and not wide else []
        if any((*one, flow.name) not in there for one in wanted):
            closed.append(flow.name)
    return tuple(closed)


def read_egress(session: aws.AwsSession, cluster: Cluster, *, vpc_id: str) -> dict[str, str]:
    """Return zone to the zone of the NAT gateway that serves its machines; to another way out where it has one.

    Raises
    ------
    NotFoundError
        When the VPC has no subnet for the machines of a zone.
    """
    subnets = aws.list_subnets(session, vpc_id)
    zone_of = {one.subnet_id: one.zone for one in subnets}
    gateways = {
        one.gateway_id: zone_of[one.subnet_id] if one.state == "available" else ""
        for one in aws.list_nat_gateways(session, vpc_id)
    }
    given = cluster.network.private_subnet_ids
    private = [one for one in subnets if one.subnet_id in given or not (given or one.default_route.startswith("igw-"))]
    routes = {one.zone: gateways.get(one.default_route, one.default_route) for one in private}
    missing = [zone for zone in cluster.zones if zone not in routes]
    if missing:
        raise NotFoundError(f"{vpc_id} has no private subnet in {', '.join(missing)}", known=sorted(routes))
    # A route to a gateway that AWS no longer lists leads nowhere.
    return {zone: "" if routes[zone].startswith("nat-") else routes[zone] for zone in cluster.zones}


def _facts(section: Section, name: str) -> list[dict[str, Any]] | None:
    return None if section.facts is None else list(section.facts[name])


def _members(planned: ClusterLayout, cluster: Cluster, sections: Mapping[str, Section]) -> tuple[LaidMember, ...]:
    rows = sections["members"].data
    if rows is None:
        return tuple(replace(one, healthy=None) for one in planned.members)
    zones = {name: master.zone for name, master in cluster.masters.items()}
    members = [
        LaidMember(
            name=row["name"], zone=zones.get(row["name"]), healthy=row["serves"], is_learner=bool(row["is_learner"])
        )
        for row in rows
    ]
    voting = sum(not one.is_learner for one in members)
    # Members that etcd lists and the cluster file does not have vote too, and nobody asked them.
    others = sections["quorum"].data.voters - voting
    return (*members, *(LaidMember(name=f"unlisted {one}", zone=None, healthy=None) for one in range(1, others + 1)))


def _pools(planned: ClusterLayout, section: Section) -> tuple[LaidPool, ...]:
    if section.data is None:
        return tuple(replace(one, machines=None) for one in planned.pools)
    groups = {group.role: group for group in section.data}
    pools = []
    for one in planned.pools:
        group = groups.get(one.name)
        well = [] if group is None else [it.zone for it in group.members if it.healthy and it.lifecycle == "InService"]
        minimum = one.minimum if group is None else group.minimum
        pools.append(LaidPool(name=one.name, minimum=minimum, machines=Spread(by_zone=Counter(well))))
    return tuple(pools)


def _balancers(
    planned: ClusterLayout,
    cluster: Cluster,
    targets: list[dict[str, Any]] | None,
    machines: list[dict[str, Any]] | None,
) -> tuple[LaidBalancer, ...]:
    if targets is None or machines is None:
        return tuple(replace(one, machines=None, members=()) for one in planned.balancers)
    healthy = [(one["target_group"], one["target"]) for one in targets if one["health"] == "healthy"]
    zones = {one["instance_id"]: one["zone"] for one in machines}
    named = {master.address: name for name, master in cluster.masters.items()}
    masters = {one["instance_id"]: named[one["address"]] for one in machines if one["address"] in named}
    return tuple(
        _balancer(one, [target for group, target in healthy if group == one.name], zones=zones, masters=masters)
        for one in planned.balancers
    )


def _balancer(
    planned: LaidBalancer, targets: Collection[str], *, zones: Mapping[str, str], masters: Mapping[str, str]
) -> LaidBalancer:
    workers = [one for one in targets if one not in masters]
    if any(one not in zones for one in workers):
        # A target that is no machine of the cluster's stands nobody knows where.
        return replace(planned, machines=None, members=())
    spread = Spread(by_zone=Counter(zones[one] for one in workers))
    return replace(planned, machines=spread, members=tuple(masters[one] for one in targets if one in masters))


def _way_in(planned: LaidWayIn, machines: list[dict[str, Any]] | None) -> LaidWayIn:
    if planned.zone == "":
        return planned
    if machines is None:
        return LaidWayIn(zone=None, running=None)
    zones = [one["zone"] for one in machines if one["role"] == "bastion" and one["state"] == "running"]
    return LaidWayIn(zone=zones[0], running=True) if zones else LaidWayIn(zone=None, running=False)
