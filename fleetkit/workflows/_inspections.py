"""Reading the parts of an inspection: AWS, etcd and fleet through the tunnel, certificates, Terraform."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from fleetkit import aws, views
from fleetkit.core import FleetkitError, call_each
from fleetkit.etcd import read_served_certificates
from fleetkit.fleet import FleetClient
from fleetkit.pki import load_pki
from fleetkit.workflows._foreign_rules import find_foreign_rules
from fleetkit.workflows._inspected_etcd import read_etcd
from fleetkit.workflows._reading import Reading
from fleetkit.workflows._reporting import Reporter
from fleetkit.workflows._working_copy import open_working_copy
from fleetkit.workflows._workspace import Workspace
from fleetkit.workflows.way_in import WayIn, open_way_in

if TYPE_CHECKING:
    pass

__all__ = [
    "PARTS_OF",
    "join_pools",
    "read_aws",
    "read_certificates",
    "read_terraform",
    "read_through_tunnel",
    "read_through_way",
]

PARTS_OF: dict[str, tuple[str, ...]] = {
    "AWS": ("machines", "pools", "targets"),
    "etcd and fleet": ("members", "quorum", "joined", "served"),
    "certificates": ("certificates",),
    "Terraform": ("drift", "pending"),
}
"""Which parts come from which reader."""


def read_aws(workspace: Workspace) -> dict[str, Reading]:
    """Read machines, pools and load balancer targets."""
    session, name = workspace.session, workspace.cluster.name
    machines = aws.list_instances(session, name)
    rows = [
        {
            "role": one.role,
            "zone": one.zone,
            "state": one.state,
            "name": one.name,
            "instance_id": one.instance_id,
            "instance_type": one.instance_type,
            "address": one.private_address,
        }
        for one in machines
    ]
    stopped = [f"{one.role} {one.instance_id} is {one.state}" for one in machines if one.state != "running"]
    absent = [
        f"the master {member} has no machine"
        for member, master in workspace.cluster.masters.items()
        if master.address not in {one.private_address for one in machines}
    ]
    groups = aws.list_scaling_groups(session, name)
    listed = aws.list_load_balancer_targets(session, name)
    targets = [
        {
            "load_balancer": ", ".join(group.load_balancers),
            "target_group": group.name,
            "target": target.target_id,
            "port": target.port,
            "health": target.state,
            "reason": target.reason,
        }
        for group in listed
        for target in group.targets
    ]
    unhealthy = Counter(one["target_group"] for one in targets if one["health"] not in ("healthy", "draining"))
    # A group without targets has no row that could say so.
    bare = [f"{group.name}: no target is registered" for group in listed if not group.targets]
    return {
        "machines": Reading(
            frame=views.machines_frame(rows), findings=tuple(stopped + absent), facts={"machines": rows}
        ),
        "pools": Reading(data=groups),
        "targets": Reading(
            frame=views.targets_frame(targets),
            findings=(
                *bare,
                *(f"{group}: {count} targets are not healthy" for group, count in sorted(unhealthy.items())),
            ),
            facts={"targets": targets},
        ),
    }


def read_through_tunnel(workspace: Workspace) -> dict[str, Reading]:
    """Read etcd's members and quorum, which certificates they serve, and which machines have joined fleet."""
    with open_way_in(workspace) as way:
        return read_through_way(workspace, way)


def read_through_way(workspace: Workspace, way: WayIn) -> dict[str, Reading]:
    """Read the same through a way in that is open already; at once, so that a silent member is waited for once."""
    parts: dict[str, Callable[[], dict[str, Reading]]] = {
        "etcd": lambda: read_etcd(workspace, way),
        "served": lambda: {"served": Reading(data=read_served_certificates(way.endpoints, tls=way.tls))},
        "joined": lambda: {"joined": _read_joined(way)},
    }
    found = call_each(list(parts), lambda name: parts[name](), catch=FleetkitError)
    for error in found.failed.values():
        raise error
    return {name: reading for readings in found.ok.values() for name, reading in readings.items()}


def _read_joined(way: WayIn) -> Reading:
    try:
        with way.connect_master() as connection:
            return Reading(data=FleetClient(way.open_fleet_socket(connection)).list_machines())
    except FleetkitError as error:
        return Reading(unknown=str(error))


def read_certificates(workspace: Workspace) -> dict[str, Reading]:
    """Read what the certificates that were made here state."""
    members = {name: master.address for name, master in workspace.cluster.masters.items()}
    made = load_pki(workspace.paths.pki, members=members).certificates()
    return {"certificates": Reading(data={one.name: one.facts() for one in made})}


def read_terraform(workspace: Workspace) -> dict[str, Reading]:
    """Read drift, with the rules that Terraform does not see, and pending changes, which are never mixed."""
    broken: list[str] = []
    copy = open_working_copy(workspace, told=Reporter(note=broken.append))
    drift = copy.drift()
    with copy.plan() as saved:
        plan = saved.plan
    state = copy.state()
    groups = [
        aws.Thing(kind=aws.ThingKind.SECURITY_GROUP, thing_id=one.resource_id)
        for one in state
        if one.type == "aws_security_group"
    ]
    rules = find_foreign_rules(aws.take_parts(workspace.session, groups), state=state, changes=plan.changes)
    return {
        "drift": Reading(
            frame=views.drift_frame(drift, rules=rules),
            findings=(
                *broken,
                *(f"{one.address} differs from the state" for one in drift.changes),
                *(f"{one.words}: {one.reason}" for one in rules),
            ),
            facts={"drift": [*sorted(one.address for one in drift.changes), *(one.words for one in rules)]},
        ),
        "pending": Reading(
            frame=views.pending_changes_frame(plan),
            findings=() if plan.is_empty else (f"{len(plan.changes)} changes are pending",),
            facts={"pending": sorted(f"{one.action} {one.address}" for one in plan.changes)},
        ),
    }


def join_pools(readings: dict[str, Reading]) -> dict[str, Reading]:
    """Put together what the scaling groups and fleet say of the pools."""
    pools, joined = readings.get("pools"), readings.pop("joined", None)
    if pools is None:
        return readings
    known = (
        None if joined is None or joined.data is None else Counter(one.metadata.get("etcd", "") for one in joined.data)
    )
    rows = [
        {
            "name": group.role,
            "minimum": group.minimum,
            "maximum": group.maximum,
            "desired": group.desired,
            "in_service": group.in_service,
            "joined": None if known is None else known[group.role],
            "outdated": [one.instance_id for one in group.outdated],
        }
        for group in pools.data
    ]
    findings = [
        f"the pool {row['name']} has {row['in_service']} of {row['desired']} machines in service"
        for row in rows
        if row["in_service"] != row["desired"]
    ]
    findings += [
        f"the pool {row['name']} has {row['joined']} of {row['desired']} machines in fleet"
        for row in rows
        if row["joined"] is not None and row["joined"] != row["desired"]
    ]
    findings += [
        f"the pool {row['name']} has {len(row['outdated'])} machines of an older launch template: "
        f"fleetkit machines refresh replaces them"
        for row in rows
        if row["outdated"]
    ]
    unknown = ""
    if known is None:
        reason = joined.unknown if joined is not None else "the way in could not be opened"
        unknown = f"which machines have joined fleet: {reason}"
    return {
        **readings,
        "pools": replace(
            pools, frame=views.pools_frame(rows), findings=tuple(findings), unknown=unknown, facts={"pools": rows}
        ),
    }
