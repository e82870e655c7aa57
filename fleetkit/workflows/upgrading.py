"""Upgrade etcd: one member after the other to the version that the cluster file pins, each only when all are well."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from fleetkit.core import FleetkitError, Patience, PreconditionError, StalePlanError
from fleetkit.etcd import EtcdLimits, EtcdVersion, hash_kv
from fleetkit.runs import EventKind
from fleetkit.workflows._etcd_look import EtcdLook, look_at_etcd, wait_until_well
from fleetkit.workflows._recording import record_plan
from fleetkit.workflows._reporting import Reporter
from fleetkit.workflows._shown import Shown, Verified
from fleetkit.workflows._upgrade_machine import MasterMachine
from fleetkit.workflows._upgrade_plan import MemberSoftware, UpgradePlan
from fleetkit.workflows._upgrade_walk import UpgradeWalk
from fleetkit.workflows._workspace import Workspace
from fleetkit.workflows.approval import Approved
from fleetkit.workflows.backing_up import back_up_etcd
from fleetkit.workflows.one_by_one import order_members
from fleetkit.workflows.supplying import find_supplied_image
from fleetkit.workflows.unlocking import hold_everywhere
from fleetkit.workflows.way_in import WayIn, open_way_in

__all__ = [
    "AppliedUpgrade",
    "UpgradePlan",
    "VerifiedUpgrade",
    "apply_upgrade",
    "plan_upgrade",
    "verify_upgrade",
]

_PATIENCE = Patience(deadline_s=300, interval_s=1)
"""How long a member may take to start with another version: one with a large v2 store takes minutes to catch up."""

_HASH_LIMITS = EtcdLimits(total_s=60)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class AppliedUpgrade(Shown):
    """What an upgrade did.

    Attributes
    ----------
    cluster
        Name of the cluster.
    goal
        The version.
    backup
        Where the backup of before is kept; empty where none was made.
    done
        Names of the members that were brought to it, in order.
    """

    cluster: str
    goal: str
    backup: str
    done: tuple[str, ...]

    @property
    def text(self) -> str:
        """One line for people."""
        if not self.done:
            return f"Nothing to do: all members of {self.cluster} run etcd {self.goal}."
        kept = f"; etcd as it was before is in {self.backup}" if self.backup else ""
        return f"Upgraded to etcd {self.goal}: {', '.join(self.done)}{kept}."

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class VerifiedUpgrade(Verified):
    """How etcd stands after an upgrade.

    Attributes
    ----------
    cluster
        Name of the cluster.
    versions
        Member's name to the version that it runs.
    findings
        What is not as it should be, with what mends it; one sentence each.
    """

    cluster: str
    versions: dict[str, str]
    findings: tuple[str, ...]

    @property
    def summary(self) -> str:
        """One sentence."""
        if self.findings:
            return f"{len(self.findings)} findings on etcd of {self.cluster} after the upgrade"
        told = " and ".join(sorted(set(self.versions.values())))
        return f"all {len(self.versions)} members of {self.cluster} are well, run etcd {told} and hold the same"


def plan_upgrade(
    workspace: Workspace,
    *,
    backs_up: bool = True,
    accepts_losses: bool = False,
    report: Reporter | None = None,
) -> UpgradePlan:
    """Plan which members are brought to the pinned version, and in which order; changes nothing.

    Parameters
    ----------
    backs_up
        Whether etcd is backed up before the first member.
    accepts_losses
        Whether the pinned version may be one by whose flaws data may be lost.

    Returns
    -------
    UpgradePlan
        Where a member is ill, the quorum would not bear it, or the versions forbid it, its ``check`` refuses.

    Raises
    ------
    PreconditionError
        When the cluster file pins no image.
    BusyError
        When another operation is at work on the cluster.
    AwsError, EtcdError, NotFoundError, SshError
        When etcd or a master cannot be asked.
    """
    told, pins = report or Reporter(), workspace.cluster.pins
    if not pins.etcd_image:
        raise PreconditionError("pins.etcd_image is not pinned", hint=f"fleetkit pin {workspace.cluster.name}")
    with hold_everywhere(workspace, operation="plan of an upgrade of etcd", told=told), open_way_in(workspace) as way:
        told.note("looking at the members")
        look = look_at_etcd(way)
        told.note("asking the masters which image they run")
        plan = UpgradePlan(
            cluster=workspace.cluster.name,
            goal=EtcdVersion.parse(pins.etcd_version),
            image=pins.etcd_image,
            members=_read_software(look, _machines(workspace, way)),
            voters=look.health.voters,
            backs_up=backs_up,
            accepts_losses=accepts_losses,
            rules=workspace.cluster.approval,
        )
        plan = _with_refusal(workspace, plan, look)
    return record_plan(told, plan)


def _machines(workspace: Workspace, way: WayIn) -> dict[str, MasterMachine]:
    return {one.name: MasterMachine(workspace=workspace, way=way, name=one.name) for one in way.endpoints}


def _read_software(look: EtcdLook, machines: dict[str, MasterMachine]) -> tuple[MemberSoftware, ...]:
    """Return what each member runs, in the order of their turns; who is silent comes first."""
    silent = [name for name in machines if name not in look.statuses]
    found = []
    for name in (*silent, *order_members(look.statuses)):
        status = look.statuses.get(name)
        found.append(
            MemberSoftware(
                name=name,
                version="" if status is None else status.version,
                image=machines[name].read_image(),
                is_leader=status is not None and status.is_leader,
            )
        )
    return tuple(found)


def _with_refusal(workspace: Workspace, plan: UpgradePlan, look: EtcdLook) -> UpgradePlan:
    """Return the plan with why it may not be done now.

    One member may be ill: the one at which an upgrade broke off, which fetches the new image already.
    """
    ill = [one.name for one in look.health.members if not one.serves]
    if len(ill) == 1 and not look.refused_beside(ill[0]) and find_supplied_image(workspace, ill[0]) == plan.image:
        return dataclasses.replace(plan, ailing=ill[0], refused=(), at_risk=False)
    return dataclasses.replace(plan, ailing="", refused=look.refused, at_risk=look.at_risk)


def apply_upgrade(
    workspace: Workspace,
    approved: Approved[UpgradePlan],
    *,
    place: str | None = None,
    seal_for: tuple[str, ...] = (),
    patience: Patience = _PATIENCE,
    report: Reporter | None = None,
) -> AppliedUpgrade:
    """Do what was approved: back up, then one member after the other; the next one only when all are well.

    What a kill or a failure left to do, the next plan finds, and the next apply does.

    Parameters
    ----------
    place, seal_for
        Where the backup is kept and whom it is encrypted for, as `back_up_etcd` takes them.
    patience
        How long a member may take to start with the new version, and all to be well.

    Raises
    ------
    PreconditionError
        When a member is ill, the quorum would not bear it, or members run something else than was planned for.
    BusyError
        When another operation is at work on the cluster, here or wherever else its state is used.
    WorkflowError
        When a member does not do its part; says who was done before it, and how it stands now.
    FleetkitError
        When etcd could not be backed up; no member was touched then.
    """
    told, plan = report or Reporter(), approved.plan
    plan.check()
    if plan.is_empty:
        return AppliedUpgrade(cluster=plan.cluster, goal=str(plan.goal), backup="", done=())
    with hold_everywhere(workspace, operation="upgrade of etcd", told=told), open_way_in(workspace) as way:
        machines = _machines(workspace, way)
        _require_unmoved(workspace, plan, look_at_etcd(way), machines)
        told.record(EventKind.APPROVAL, approved.facts(workspace))
        backup = _back_up(workspace, place, seal_for, told=told) if plan.backs_up else ""
        walk = UpgradeWalk(plan=plan, way=way, told=told, machines=machines, patience=patience)
        walk.run()
    return AppliedUpgrade(cluster=plan.cluster, goal=str(plan.goal), backup=backup, done=walk.done)


def _require_unmoved(
    workspace: Workspace, plan: UpgradePlan, look: EtcdLook, machines: dict[str, MasterMachine]
) -> None:
    _with_refusal(workspace, plan, look).check()
    planned = {one.name: (one.version, one.image) for one in plan.members}
    others = [
        f"{one.name} runs {one.version or 'nothing'}"
        for one in _read_software(look, machines)
        if planned.get(one.name) != (one.version, one.image)
    ]
    if others or workspace.cluster.pins.etcd_image != plan.image:
        raise StalePlanError(
            f"the members of {plan.cluster} run something else than the plan was made for, or the pins do",
            seen=", ".join(others) or f"pinned is {workspace.cluster.pins.etcd_image} now",
            hint="plan again, look at the new plan, and approve that",
        )


def _back_up(workspace: Workspace, place: str | None, seal_for: tuple[str, ...], *, told: Reporter) -> str:
    try:
        return back_up_etcd(workspace, place=place, seal_for=seal_for, report=told).address
    except FleetkitError as error:
        raise PreconditionError(
            f"etcd of {workspace.cluster.name} could not be backed up, and no member was touched",
            seen=f"{error.what}{f': {error.seen}' if error.seen else ''}",
            hint=f"{f'{error.hint}; ' if error.hint else ''}without a backup: --no-backup",
        ) from error


def verify_upgrade(
    workspace: Workspace, *, patience: Patience = _PATIENCE, report: Reporter | None = None
) -> VerifiedUpgrade:
    """Look whether all members are well, run the pinned version and hold the same.

    Raises
    ------
    WaitTimeoutError
        When a member is not well at the deadline; ``seen`` says who and why.
    EtcdError, NotFoundError, SshError
        When etcd cannot be asked.
    """
    told, name, goal = report or Reporter(), workspace.cluster.name, workspace.cluster.pins.etcd_version
    with open_way_in(workspace) as way:
        look = wait_until_well(way, patience=patience)
        hashes = hash_kv(way.endpoints, tls=way.tls, limits=_HASH_LIMITS)
    versions = {one: look.statuses[one].version for one in sorted(look.statuses)}
    findings = [
        f"{one} runs etcd {version}, and {goal} is pinned" for one, version in versions.items() if version != goal
    ]
    findings += [] if hashes.agree else [f"{hashes.text} (fleetkit etcd hash {name})"]
    verified = VerifiedUpgrade(cluster=name, versions=versions, findings=tuple(findings))
    told.record(EventKind.VERIFIED, {"what": "upgrade", "ok": not findings, "findings": findings, "versions": versions})
    return verified
