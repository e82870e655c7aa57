"""Reading the parts of an inspection: AWS, etcd and fleet through the tunnel, certificates, Terraform."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from fleetkit import aws, views
from fleetkit.core import FleetkitError, judge_quorum
from fleetkit.etcd import ClusterHealth, Verdict, list_members, read_served_certificates, read_status
from fleetkit.fleet import FleetClient
from fleetkit.pki import load_pki
from fleetkit.workflows._foreign_rules import find_foreign_rules
from fleetkit.workflows._reporting import Reporter
from fleetkit.workflows._working_copy import open_working_copy
from fleetkit.workflows._workspace import Workspace
from fleetkit.workflows.last_backup import find_setback
from fleetkit.workflows.way_in import WayIn, open_way_in

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "PARTS_OF",
    "Reading",
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One part as it was read.

    Attributes
    ----------
    frame
        Its table; None when it could not be read, and ``unknown`` says why.
    data
        What it was made of, for other parts to draw on.
    facts
        What the record keeps of it, as plain JSON values; None where nothing was read.
    """

    frame: pd.DataFrame | None = None
    pictures: tuple[str, ...] = ()
    findings: tuple[str, ...] = ()
    unknown: str = ""
    data: Any = None
    facts: Mapping[str, Any] | None = None


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
    """Read the same through a way in that is open already."""
    health = way.read_health()
    readings = _read_etcd(way, health)
    readings["quorum"] = _look_back(workspace, way, health, readings["quorum"])
    readings["served"] = Reading(data=read_served_certificates(way.endpoints, tls=way.tls))
    try:
        with way.connect_master() as connection:
            machines = FleetClient(way.open_fleet_socket(connection)).list_machines()
        readings["joined"] = Reading(data=machines)
    except FleetkitError as error:
        readings["joined"] = Reading(unknown=str(error))
    return readings


def _look_back(workspace: Workspace, way: WayIn, health: ClusterHealth, quorum: Reading) -> Reading:
    """Return the quorum with what it has lost since the last backup, however healthy it is."""
    try:
        setback = find_setback(workspace, way.endpoints, health, tls=way.tls)
    except FleetkitError as error:
        return replace(quorum, unknown=f"whether it holds what the last backup held: {error}")
    return replace(quorum, findings=(*quorum.findings, setback)) if setback else quorum


def _read_etcd(way: WayIn, health: ClusterHealth) -> dict[str, Reading]:
    statuses = read_status(way.endpoints, tls=way.tls)
    rows = []
    for one in health.members:
        status = statuses.ok.get(one.name)
        rows.append(
            {
                "name": one.name,
                "id": one.id or None,
                "healthy": one.healthy,
                "is_leader": None if status is None else status.is_leader,
                "is_learner": one.is_learner,
                "raft_term": None if status is None else status.raft_term,
                "raft_index": None if status is None else status.raft_index,
                "db_size_bytes": None if status is None else status.db_size,
                "took_ms": one.took_ms,
                "version": None if status is None else status.version,
                "alarms": () if status is None else status.errors,
                "reason": one.reason,
            }
        )
    quorum = judge_quorum(
        voters=health.voters, healthy=sum(one.serves and not one.is_learner for one in health.members)
    )
    findings = [f"{one.name} is not healthy: {one.reason}" for one in health.members if not one.healthy]
    if health.verdict is Verdict.LOST:
        findings.append("the quorum is lost: nothing can be written")
    elif health.verdict is Verdict.DEGRADED:
        gone = [one.name for one in health.members if one.may_be_gone]
        commands = " or ".join(f"fleetkit etcd replace {way.cluster.name} {name}" for name in gone)
        findings += [f"a member whose machine or data are gone is replaced: {commands}"] if gone else []
    findings += _missing_members(way)
    return {
        "members": Reading(
            frame=views.members_frame(rows),
            pictures=(views.draw_latencies(rows),),
            findings=tuple(findings),
            data=[
                {**row, "serves": None if one.is_unreadable else one.serves}
                for row, one in zip(rows, health.members, strict=True)
            ],
            facts={"members": rows},
        ),
        "quorum": Reading(
            frame=views.quorum_frame(quorum),
            pictures=(views.draw_quorum(quorum),),
            data=quorum,
            facts={
                "state": str(quorum.state),
                "healthy": quorum.healthy,
                "voters": quorum.voters,
                "required": quorum.required,
                "tolerates": quorum.tolerates,
            },
        ),
    }


def _missing_members(way: WayIn) -> list[str]:
    listed = {member.name for member in list_members(way.endpoints, tls=way.tls)}
    wanted = set(way.cluster.masters)
    return [
        *(f"etcd does not list the member {name}" for name in sorted(wanted - listed)),
        *(
            f"etcd lists a member that the cluster file does not have: {name or '(unnamed)'}"
            for name in sorted(listed - wanted)
        ),
    ]


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
