"""Defragment etcd: followers first, the leader last and without its leadership, and only where it pays."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from fleetkit.core import Patience, StalePlanError, format_bytes
from fleetkit.etcd import AlarmKind, EtcdLimits, hash_kv
from fleetkit.runs import EventKind
from fleetkit.workflows._defragment_plan import DefragmentPlan, MemberSpace
from fleetkit.workflows._etcd_look import EtcdLook, look_at_etcd, wait_until_well
from fleetkit.workflows._lock import hold_cluster
from fleetkit.workflows._recording import record_plan
from fleetkit.workflows._reporting import Reporter
from fleetkit.workflows._rewriting import Rewriting
from fleetkit.workflows._shown import Shown, Verified
from fleetkit.workflows._workspace import Workspace
from fleetkit.workflows.approval import Approved
from fleetkit.workflows.one_by_one import order_members
from fleetkit.workflows.unlocking import hold_everywhere
from fleetkit.workflows.way_in import open_way_in

__all__ = [
    "AppliedDefragment",
    "DefragmentPlan",
    "VerifiedDefragment",
    "apply_defragment",
    "plan_defragment",
    "verify_defragment",
]

_PATIENCE = Patience(deadline_s=60, interval_s=0.5)
"""How long members may take to be well again after a rewrite, or a leadership to arrive."""

_HASH_LIMITS = EtcdLimits(total_s=60)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class AppliedDefragment(Shown):
    """What a defragmentation did.

    Attributes
    ----------
    cluster
        Name of the cluster.
    compacted_to
        The revision up to which history was dropped; 0 where it was not.
    done
        Name of each member that rewrote its backend, in order, to the bytes that it gave back.
    """

    cluster: str
    compacted_to: int
    done: dict[str, int]

    @property
    def text(self) -> str:
        """One line for people."""
        if not self.done and not self.compacted_to:
            return f"Nothing to do: no member of {self.cluster} needed it."
        compacted = f"history dropped up to revision {self.compacted_to}; " if self.compacted_to else ""
        given = ", ".join(f"{name} gave back {format_bytes(freed)}" for name, freed in self.done.items())
        return f"Defragmented: {compacted}{given}."

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class VerifiedDefragment(Verified):
    """How etcd stands after a defragmentation.

    Attributes
    ----------
    cluster
        Name of the cluster.
    spaces
        The members, and the space that each takes now.
    findings
        What is not as it should be, with what mends it; one sentence each.
    """

    cluster: str
    spaces: tuple[MemberSpace, ...]
    findings: tuple[str, ...]

    @property
    def summary(self) -> str:
        """One sentence."""
        if self.findings:
            return f"{len(self.findings)} findings on etcd of {self.cluster} after the defragmentation"
        return f"all {len(self.spaces)} members of {self.cluster} are well and hold the same"

    def __str__(self) -> str:
        return "\n".join([Verified.__str__(self), *(one.text for one in self.spaces)])


def plan_defragment(
    workspace: Workspace, *, compaction: bool = False, everybody: bool = False, report: Reporter | None = None
) -> DefragmentPlan:
    """Plan whose backend is rewritten, and in which order; changes nothing.

    Parameters
    ----------
    compaction
        Whether the history of all keys is dropped first; every member has something to give back then.
    everybody
        Whether members for which it does not pay are rewritten too.

    Returns
    -------
    DefragmentPlan
        Where a member is ill or the quorum would not bear it, its ``check`` refuses.

    Raises
    ------
    BusyError
        When another operation is at work on the cluster.
    EtcdError, NotFoundError, SshError
        When etcd cannot be asked.
    """
    told = report or Reporter()
    with hold_cluster(workspace.paths.folder, operation="plan of a defragmentation"), open_way_in(workspace) as way:
        told.note("looking at the members")
        look = look_at_etcd(way)
    order = [MemberSpace.from_status(name, look.statuses[name]) for name in order_members(look.statuses)]
    chosen = [one for one in order if compaction or everybody or one.pays]
    plan = DefragmentPlan(
        cluster=workspace.cluster.name,
        members=tuple(chosen),
        left_out=tuple(one for one in order if one not in chosen),
        compaction=compaction,
        voters=look.health.voters,
        refused=look.refused,
        at_risk=look.at_risk,
        rules=workspace.cluster.approval,
    )
    return record_plan(told, plan)


def apply_defragment(
    workspace: Workspace,
    approved: Approved[DefragmentPlan],
    *,
    patience: Patience = _PATIENCE,
    report: Reporter | None = None,
) -> AppliedDefragment:
    """Do what was approved, one member at a time; the next one only when all are well.

    Parameters
    ----------
    patience
        How long is waited for all to be well before the next one, until a member counts as ill.

    Raises
    ------
    PreconditionError
        When a member is ill, the quorum would not bear it, or a member is another than was planned for.
    BusyError
        When another operation is at work on the cluster, here or wherever else its state is used.
    WorkflowError
        When a member falls ill in between or does not do its part; says who was done before it.
    """
    told, plan = report or Reporter(), approved.plan
    plan.check()
    if plan.is_empty:
        return AppliedDefragment(cluster=plan.cluster, compacted_to=0, done={})
    with hold_everywhere(workspace, operation="defragmentation", told=told), open_way_in(workspace) as way:
        _require_unmoved(plan, look_at_etcd(way))
        told.record(EventKind.APPROVAL, approved.facts(workspace))
        rewriting = Rewriting(plan=plan, way=way, told=told, patience=patience)
        revision = rewriting.compact() if plan.compaction else 0
        rewriting.run()
    return AppliedDefragment(cluster=plan.cluster, compacted_to=revision, done=rewriting.done)


def _require_unmoved(plan: DefragmentPlan, look: EtcdLook) -> None:
    dataclasses.replace(plan, refused=look.refused, at_risk=look.at_risk).check()
    known = {name: status.member_id for name, status in look.statuses.items()}
    others = [one.name for one in plan.members if known.get(one.name) != one.member_id]
    if others:
        raise StalePlanError(
            f"the members of {plan.cluster} are others than the plan was made for",
            seen=", ".join(others),
            hint="plan again, look at the new plan, and approve that",
        )


def verify_defragment(
    workspace: Workspace, *, patience: Patience = _PATIENCE, report: Reporter | None = None
) -> VerifiedDefragment:
    """Look whether all members are well and hold the same.

    Raises
    ------
    WaitTimeoutError
        When a member is not well at the deadline; ``seen`` says who and why.
    EtcdError, NotFoundError, SshError
        When etcd cannot be asked.
    """
    told, name = report or Reporter(), workspace.cluster.name
    with open_way_in(workspace) as way:
        look = wait_until_well(way, patience=patience)
        hashes = hash_kv(way.endpoints, tls=way.tls, limits=_HASH_LIMITS)
    findings = [] if hashes.agree else [f"{hashes.text} (fleetkit etcd hash {name})"]
    if AlarmKind.NOSPACE in look.alarms:
        findings.append(f"NOSPACE is still raised, and nothing can be written: fleetkit etcd alarms {name} --disarm")
    spaces = tuple(MemberSpace.from_status(member, status) for member, status in look.statuses.items())
    verified = VerifiedDefragment(cluster=name, spaces=spaces, findings=tuple(findings))
    sizes = {one.name: one.db_size for one in verified.spaces}
    facts = {"what": "defragmentation", "ok": not findings, "findings": findings, "db_size": sizes}
    told.record(EventKind.VERIFIED, facts)
    return verified
