"""Reboot masters, one at a time and only while all members of etcd are well.

A master never reboots by itself: an update of its system is installed beside the one that runs, and waits. This takes
it, behind the same gate as everything that makes a member silent for a while.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

from fleetkit.core import NotFoundError, Patience, StalePlanError
from fleetkit.etcd import EtcdLimits, hash_kv
from fleetkit.runs import EventKind
from fleetkit.workflows._etcd_look import EtcdLook, look_at_etcd, wait_until_well
from fleetkit.workflows._lock import hold_cluster
from fleetkit.workflows._reboot_machine import MasterSystem, read_system, reboot_master
from fleetkit.workflows._reboot_plan import RebootPlan
from fleetkit.workflows._recording import record_plan
from fleetkit.workflows._reporting import Reporter
from fleetkit.workflows._shown import Shown, Verified
from fleetkit.workflows._workspace import Workspace
from fleetkit.workflows.approval import Approved
from fleetkit.workflows.one_by_one import OneByOne, order_members
from fleetkit.workflows.unlocking import hold_everywhere
from fleetkit.workflows.way_in import WayIn, open_way_in

__all__ = ["AppliedReboot", "RebootPlan", "VerifiedReboot", "apply_reboot", "plan_reboot", "verify_reboot"]

_PATIENCE = Patience(deadline_s=600, interval_s=2)
"""How long a machine may take to come back, and all members to be well: an EC2 instance boots in a minute or two."""

_HASH_LIMITS = EtcdLimits(total_s=60)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class AppliedReboot(Shown):
    """What a reboot did.

    Attributes
    ----------
    cluster
        Name of the cluster.
    done
        Names of the masters that were rebooted, in order.
    """

    cluster: str
    done: tuple[str, ...]

    @property
    def text(self) -> str:
        """One line for people."""
        return (
            f"Rebooted: {', '.join(self.done)}." if self.done else f"Nothing to do: no master of {self.cluster} had to."
        )

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class VerifiedReboot(Verified):
    """How the masters stand after a reboot.

    Attributes
    ----------
    cluster
        Name of the cluster.
    masters
        Their systems.
    findings
        What is not as it should be; one sentence each.
    """

    cluster: str
    masters: tuple[MasterSystem, ...]
    findings: tuple[str, ...]

    @property
    def summary(self) -> str:
        """One sentence."""
        if self.findings:
            return f"{len(self.findings)} findings on the masters of {self.cluster} after the reboot"
        return f"all members of {self.cluster} are well and hold the same"

    def __str__(self) -> str:
        return "\n".join([Verified.__str__(self), *(one.text for one in self.masters)])


def plan_reboot(
    workspace: Workspace, *, only: Sequence[str] = (), everybody: bool = False, report: Reporter | None = None
) -> RebootPlan:
    """Plan which masters are rebooted, and in which order; changes nothing.

    Parameters
    ----------
    only
        Names of masters, whether an update waits or not; those for which one waits where not given.
    everybody
        Whether all are rebooted.

    Returns
    -------
    RebootPlan
        Where a member is ill or the quorum would not bear it, its ``check`` refuses.

    Raises
    ------
    BusyError
        When another operation is at work on the cluster.
    EtcdError, NotFoundError, SshError
        When etcd or a master cannot be asked; when there is no master of a name.
    """
    told, known = report or Reporter(), workspace.cluster.masters
    unknown = [name for name in only if name not in known]
    if unknown:
        raise NotFoundError(f"{workspace.cluster.name} has no master {unknown[0]}", known=list(known))
    with hold_cluster(workspace.paths.folder, operation="plan of a reboot"), open_way_in(workspace) as way:
        told.note("looking at the members")
        look = look_at_etcd(way)
        told.note("asking the masters for their system")
        systems = _read_systems(workspace, way, look)
    chosen = [one for one in systems if everybody or one.name in only or (one.waiting and not only)]
    plan = RebootPlan(
        cluster=workspace.cluster.name,
        masters=tuple(chosen),
        left_out=tuple(one for one in systems if one not in chosen),
        voters=look.health.voters,
        refused=look.refused,
        at_risk=look.at_risk,
        rules=workspace.cluster.approval,
    )
    return record_plan(told, plan)


def apply_reboot(
    workspace: Workspace,
    approved: Approved[RebootPlan],
    *,
    patience: Patience = _PATIENCE,
    report: Reporter | None = None,
) -> AppliedReboot:
    """Do what was approved, one master at a time; the next one only when all members are well.

    Where it was cut off, a new plan takes those that are left: who was rebooted has no update that waits.

    Raises
    ------
    PreconditionError
        When a member is ill, the quorum would not bear it, or a master was rebooted since the plan was made.
    BusyError
        When another operation is at work on the cluster, here or wherever else its state is used.
    WorkflowError
        When a master does not come back, or a member falls ill; says who was done before it.
    """
    told, plan = report or Reporter(), approved.plan
    plan.check()
    if plan.is_empty:
        return AppliedReboot(cluster=plan.cluster, done=())
    with hold_everywhere(workspace, operation="reboot of masters", told=told), open_way_in(workspace) as way:
        _require_unmoved(workspace, plan, way)
        told.record(EventKind.APPROVAL, approved.facts(workspace))
        walk = OneByOne(
            way=way,
            told=told,
            what=f"the reboot of the masters of {plan.cluster}",
            again=f"go on with fleetkit etcd reboot {plan.cluster}",
            patience=patience,
        )

        def reboot(name: str) -> None:
            told.note(f"{name} reboots")
            reboot_master(way, name, workspace.cluster.masters[name].address, patience=patience)
            told.record(EventKind.CHANGE, {"what": "reboot", "master": name})

        walk.walk([one.name for one in plan.masters], reboot)
    return AppliedReboot(cluster=plan.cluster, done=tuple(walk.done))


def verify_reboot(
    workspace: Workspace, *, patience: Patience = _PATIENCE, report: Reporter | None = None
) -> VerifiedReboot:
    """Look whether all members are well and hold the same, and whether an update waits still.

    Raises
    ------
    EtcdError, NotFoundError, SshError
        When etcd or a master cannot be asked.
    WaitTimeoutError
        When the members are not well at the deadline.
    """
    told, name = report or Reporter(), workspace.cluster.name
    with open_way_in(workspace) as way:
        told.note("waiting for all members to be well")
        look = wait_until_well(way, patience=patience)
        hashes = hash_kv(way.endpoints, tls=way.tls, limits=_HASH_LIMITS)
        systems = _read_systems(workspace, way, look)
    findings = [] if hashes.agree else [f"the members do not hold the same: fleetkit etcd hash {name}"]
    findings += [f"{one.text} (fleetkit etcd reboot {name})" for one in systems if one.waiting]
    told.record(EventKind.VERIFIED, {"what": "reboot", "ok": not findings, "findings": findings})
    return VerifiedReboot(cluster=name, masters=systems, findings=tuple(findings))


def _read_systems(workspace: Workspace, way: WayIn, look: EtcdLook) -> tuple[MasterSystem, ...]:
    """Return the masters' systems, in the order of their turns; a member that is silent comes last."""
    masters = workspace.cluster.masters
    order = [name for name in order_members(look.statuses) if name in masters]
    order += [name for name in masters if name not in order]
    leads = {name for name, status in look.statuses.items() if status.is_leader}
    return tuple(read_system(way, name, masters[name].address, is_leader=name in leads) for name in order)


def _require_unmoved(workspace: Workspace, plan: RebootPlan, way: WayIn) -> None:
    look = look_at_etcd(way)
    dataclasses.replace(plan, refused=look.refused, at_risk=look.at_risk).check()
    now = {one.name: one.boot_id for one in _read_systems(workspace, way, look)}
    moved = [one.name for one in plan.masters if now[one.name] != one.boot_id]
    if moved:
        raise StalePlanError(
            f"masters of {plan.cluster} were rebooted since the plan was made",
            seen=", ".join(moved),
            hint="plan again, look at the new plan, and approve that",
        )
