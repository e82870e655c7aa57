"""Keep the names of services in the private zone true: those of healthy instances, and no others.

Nobody holds the cluster while names change: Route 53 takes a change only while the records are as they were read, so
that two who sync at once cannot undo each other's work. Keys in etcd change as all of a cluster does, by one at a time.
"""

from __future__ import annotations

from dataclasses import dataclass

from fleetkit import aws
from fleetkit.core import NotYet, Patience, SettingsError, StalePlanError, wait_until
from fleetkit.etcd import V2Keys
from fleetkit.fleet import FleetEndpoint, Health, JudgedInstance
from fleetkit.runs import EventKind
from fleetkit.workflows._dns_plan import DnsSyncPlan, count_changes, describe_change
from fleetkit.workflows._done_keys import DoneKeys
from fleetkit.workflows._reading_services import read_services
from fleetkit.workflows._recording import record_plan
from fleetkit.workflows._reporting import Reporter
from fleetkit.workflows._service_trees import change_trees, compare_trees
from fleetkit.workflows._shown import Shown, Verified
from fleetkit.workflows._workspace import Workspace
from fleetkit.workflows._zone_difference import compare_zone
from fleetkit.workflows.approval import Approved
from fleetkit.workflows.unlocking import hold_everywhere
from fleetkit.workflows.way_in import open_way_in

__all__ = [
    "AppliedDnsSync",
    "DnsSyncPlan",
    "VerifiedDnsSync",
    "apply_dns_sync",
    "plan_dns_sync",
    "verify_dns_sync",
]

_PATIENCE = Patience(deadline_s=180, interval_s=2)
"""Route 53 says that its servers mostly have a change within 60 seconds."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class AppliedDnsSync(Shown):
    """What a sync of names did.

    Attributes
    ----------
    cluster
        Name of the cluster.
    zone
        Name of the zone.
    changes
        What became of each record.
    keys
        How many keys in etcd's trees changed.
    """

    cluster: str
    zone: str
    changes: tuple[aws.RecordChange, ...]
    keys: int = 0

    @property
    def text(self) -> str:
        """One line for people."""
        if not self.changes and not self.keys:
            return f"Nothing to do: no name in {self.zone} had to change."
        names = f"Done in {self.zone}: {count_changes(self.changes)}, and all of Route 53's servers have it."
        return f"{names} {self.keys} keys in etcd changed." if self.keys else names

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class VerifiedDnsSync(Verified):
    """How the names of services stand.

    Attributes
    ----------
    zone
        Name of the zone.
    instances
        The instances of all services, and whether each serves.
    findings
        What is not as it should be; one sentence each.
    """

    zone: str
    instances: tuple[JudgedInstance, ...]
    findings: tuple[str, ...]

    @property
    def summary(self) -> str:
        """One sentence."""
        if self.findings:
            return f"{len(self.findings)} findings on the names in {self.zone}"
        healthy = sum(one.health is Health.HEALTHY for one in self.instances)
        return f"the names in {self.zone} are those of {healthy} healthy instances"


def plan_dns_sync(
    workspace: Workspace,
    *,
    endpoint: FleetEndpoint | None = None,
    remove_last: bool = False,
    trees: bool = False,
    report: Reporter | None = None,
) -> DnsSyncPlan:
    """Plan which names come, change and go; changes nothing.

    Parameters
    ----------
    endpoint
        A fleet that is read, and whose machines are dialled, directly; the cluster's way in where not given.
    remove_last
        Whether names go of which no instance is healthy; they stay otherwise, and are told.
    trees
        Whether etcd's trees for the original's proxies are kept as well; they are reached through the way in alone.

    Raises
    ------
    AwsError
        When the zone cannot be read whole.
    EtcdError
        When the trees cannot be read.
    FleetError
        When fleet cannot be read.
    NotFoundError
        When the cluster has no private zone, or no way in.
    SettingsError
        When trees and an endpoint are asked for.
    SshError
        When the way in cannot be opened.
    """
    told, cluster = report or Reporter(), workspace.cluster
    if trees and endpoint is not None:
        raise SettingsError(
            "the trees in etcd are kept through the cluster's way in",
            seen=f"an endpoint of fleet, {endpoint.url}",
            hint="leave out the one or the other",
        )
    zone = aws.find_private_zone(workspace.session, cluster.name, name=cluster.dns_zone)
    reading = read_services(workspace, endpoint=endpoint, trees=trees, told=told)
    records = aws.list_zone_records(workspace.session, zone)
    services = compare_zone(
        reading.instances,
        records,
        cluster=cluster.name,
        zone=zone.name,
        remove_last=remove_last,
        unread=reading.unread,
    )
    plan = DnsSyncPlan(
        cluster=cluster.name,
        zone=zone,
        asked=reading.asked,
        services=services,
        remove_last=remove_last,
        trees=None
        if reading.trees is None
        else compare_trees(reading.instances, reading.trees, remove_last=remove_last, unread=reading.unread),
        unread=reading.unread,
        rules=cluster.approval,
    )
    return record_plan(told, plan)


def apply_dns_sync(
    workspace: Workspace,
    approved: Approved[DnsSyncPlan],
    *,
    patience: Patience = _PATIENCE,
    report: Reporter | None = None,
) -> AppliedDnsSync:
    """Change the records that were approved, and wait until all of Route 53's servers have them.

    Parameters
    ----------
    patience
        How long is waited for that.

    Raises
    ------
    StalePlanError
        When a record is another than the plan was made for, and nothing was changed; or a key is, and the names were.
    AwsError
        When Route 53 refuses.
    BusyError
        When keys are to change and another operation is at work on the cluster; the names were changed before.
    EtcdError
        When etcd refuses a key, or does not answer; the names were changed before, and the keys that it says.
    WaitTimeoutError
        When its servers do not have the change in time; it was made, and will come.
    """
    told, plan = report or Reporter(), approved.plan
    if plan.is_empty:
        return AppliedDnsSync(cluster=plan.cluster, zone=plan.zone.name, changes=())
    _require_unmoved(workspace, plan)
    told.record(EventKind.APPROVAL, approved.facts(workspace))
    if plan.changes:
        _change_zone(workspace, plan, patience=patience, told=told)
    if plan.key_changes:
        _change_trees(workspace, plan, told=told)
    return AppliedDnsSync(cluster=plan.cluster, zone=plan.zone.name, changes=plan.changes, keys=len(plan.key_changes))


def _change_trees(workspace: Workspace, plan: DnsSyncPlan, *, told: Reporter) -> None:
    told.note(f"changing {len(plan.key_changes)} keys in etcd")
    done = DoneKeys()
    try:
        with hold_everywhere(workspace, operation="sync of service keys", told=told), open_way_in(workspace) as way:
            change_trees(V2Keys(endpoints=way.endpoints, tls=way.tls), plan.key_changes, done=done)
    finally:
        if done.count:
            told.record(EventKind.CHANGE, {"what": "service keys", **done.facts})


def _change_zone(workspace: Workspace, plan: DnsSyncPlan, *, patience: Patience, told: Reporter) -> None:
    ids = aws.change_zone_records(
        workspace.session,
        plan.zone,
        [one.changes for one in plan.services],
        comment=f"fleetkit: names of the services of {plan.cluster}",
    )
    changes = [describe_change(one) for one in plan.changes]
    told.record(EventKind.CHANGE, {"what": "names", "zone": plan.zone.name, "changes": changes, "change_ids": ids})
    told.note("waiting for all of Route 53's servers to have the change")
    for change_id in ids:
        _wait_in_sync(workspace, change_id, patience=patience)


def verify_dns_sync(
    workspace: Workspace,
    *,
    endpoint: FleetEndpoint | None = None,
    trees: bool = False,
    report: Reporter | None = None,
) -> VerifiedDnsSync:
    """Look whether the names are those of the healthy instances, by reading all of it anew.

    Parameters
    ----------
    endpoint, trees
        As for `plan_dns_sync`.

    Raises
    ------
    AwsError, FleetError, NotFoundError, SshError
        When the zone or fleet cannot be read.
    """
    told = report or Reporter()
    # What is left to do is no plan of this run, and is not recorded as one.
    plan = plan_dns_sync(workspace, endpoint=endpoint, trees=trees, report=Reporter(note=told.note))
    moved = [one.name for one in plan.services if one.changes]
    findings = [*plan.findings, *(f"the names of {one} are not true: it has moved meanwhile" for one in moved)]
    findings += [f"{one.key} in etcd is not true: it has moved meanwhile" for one in plan.key_changes]
    instances = tuple(judged for one in plan.services for judged in one.instances)
    verified = VerifiedDnsSync(zone=plan.zone.name, instances=instances, findings=tuple(findings))
    told.record(EventKind.VERIFIED, {"what": "names", "ok": not findings, "findings": findings})
    return verified


def _require_unmoved(workspace: Workspace, plan: DnsSyncPlan) -> None:
    current = {(one.name, one.kind): one for one in aws.list_zone_records(workspace.session, plan.zone)}
    moved = []
    for told in map(describe_change, plan.changes):
        there = current.get((told["name"], told["type"]))
        seen = None if there is None else {"ttl_s": there.ttl_s, "values": list(there.values)}
        if seen != told["before"]:
            moved.append(f"{told['type']} {told['name']}")
    if moved:
        raise StalePlanError(
            f"records in {plan.zone.name} are others than the plan was made for",
            seen=", ".join(moved),
            hint="plan again, look at the new plan, and approve that",
        )


def _wait_in_sync(workspace: Workspace, change_id: str, *, patience: Patience) -> None:
    def look() -> bool | NotYet[bool]:
        done = aws.is_zone_in_sync(workspace.session, change_id)
        return done or NotYet(f"the change {change_id} is pending")

    wait_until(
        look,
        what="all of Route 53's servers to have the names",
        patience=patience,
        hint="the change was made, and comes by itself; fleetkit dns list tells how the names stand",
    )
