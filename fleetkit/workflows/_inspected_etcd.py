"""Reading what an inspection tells of etcd: each member, the quorum, and whether it holds what it once held."""

from __future__ import annotations

from dataclasses import replace

from fleetkit import views
from fleetkit.core import FleetkitError, judge_quorum
from fleetkit.etcd import ClusterHealth, Trouble, Verdict, list_members, read_status, tell_version
from fleetkit.workflows._reading import Reading
from fleetkit.workflows._workspace import Workspace
from fleetkit.workflows.last_backup import find_setback
from fleetkit.workflows.next_steps import list_next_steps
from fleetkit.workflows.way_in import WayIn

__all__ = ["read_etcd"]


def read_etcd(workspace: Workspace, way: WayIn) -> dict[str, Reading]:
    """Read the members and the quorum."""
    health = way.read_health()
    # Whoever was silent a moment ago would only be waited for once more.
    speaking = [
        endpoint
        for endpoint, one in zip(way.endpoints, health.members, strict=True)
        if one.trouble not in (Trouble.SILENT, Trouble.SERVER_CERTIFICATE_EXPIRED)
    ]
    statuses = read_status(speaking or way.endpoints, tls=way.tls)
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
    findings += list_next_steps(health, cluster=way.cluster.name)
    # Without a quorum nobody tells whom etcd lists, and that is the least of it.
    findings += _missing_members(way) if health.verdict is not Verdict.LOST else []
    return {
        "members": Reading(
            frame=views.members_frame([{**row, "version": _tell(row["version"])} for row in rows]),
            pictures=(views.draw_latencies(rows),),
            findings=tuple(findings),
            data=[
                {**row, "serves": None if one.is_unreadable else one.serves}
                for row, one in zip(rows, health.members, strict=True)
            ],
            facts={"members": rows},
        ),
        "quorum": _look_back(
            workspace,
            way,
            health,
            Reading(
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
        ),
    }


def _tell(version: object) -> str | None:
    return tell_version(version) if isinstance(version, str) else None


def _look_back(workspace: Workspace, way: WayIn, health: ClusterHealth, quorum: Reading) -> Reading:
    """Return the quorum with what it has lost since the last backup, however healthy it is."""
    try:
        setback = find_setback(workspace, way.endpoints, health, tls=way.tls)
    except FleetkitError as error:
        return replace(quorum, unknown=f"whether it holds what the last backup held: {error}")
    return replace(quorum, findings=(*quorum.findings, setback)) if setback else quorum


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
