"""Bring etcd to as many members as the cluster file names masters: one at a time, and never at the quorum's cost.

Whatever ends it in between, a kill too: the same again goes on from there, by what etcd and AWS say.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from fleetkit.config import Master
from fleetkit.core import Patience, StalePlanError, wait_until
from fleetkit.etcd import EtcdLimits, hash_kv
from fleetkit.pki import forget_member, load_pki
from fleetkit.runs import EventKind
from fleetkit.views import PlanView
from fleetkit.workflows._etcd_look import wait_until_well
from fleetkit.workflows._joined_fleet import has_joined_fleet
from fleetkit.workflows._recording import record_plan
from fleetkit.workflows._replace_note import read_note
from fleetkit.workflows._reporting import Reporter
from fleetkit.workflows._resize_look import (
    ResizeLook,
    StandingMaster,
    find_refusal,
    find_standing,
    judge_parts,
    look_at_size,
    with_masters,
)
from fleetkit.workflows._resize_machine import MasterMachines
from fleetkit.workflows._resize_plan import ResizePlan
from fleetkit.workflows._resizing import Resizing
from fleetkit.workflows._shown import Shown, Verified
from fleetkit.workflows._working_copy import open_working_copy
from fleetkit.workflows._workspace import Workspace
from fleetkit.workflows.approval import Approved
from fleetkit.workflows.supplying import ensure_certificates
from fleetkit.workflows.unlocking import hold_everywhere
from fleetkit.workflows.verifying import BOOT_PATIENCE
from fleetkit.workflows.way_in import open_way_in

__all__ = ["AppliedResize", "ResizePlan", "VerifiedResize", "apply_resize", "plan_resize", "verify_resize"]

_HASH_LIMITS = EtcdLimits(total_s=60)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class AppliedResize(Shown):
    """What a change of the number of members did.

    Attributes
    ----------
    cluster
        Name of the cluster.
    done
        The steps that were done, in order, each with its member; not those that were done before.
    """

    cluster: str
    done: tuple[str, ...]

    @property
    def text(self) -> str:
        """One line for people."""
        if not self.done:
            return f"Nothing to do: etcd of {self.cluster} has the members of its cluster file."
        return f"Changed the members of etcd of {self.cluster}: {', '.join(self.done)}."

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class VerifiedResize(Verified):
    """How etcd stands after its number of members was changed.

    Attributes
    ----------
    cluster
        Name of the cluster.
    voters
        Number of voting members.
    findings
        What is not as it should be, with what mends it; one sentence each.
    """

    cluster: str
    voters: int
    findings: tuple[str, ...]

    @property
    def summary(self) -> str:
        """One sentence."""
        if self.findings:
            return f"{len(self.findings)} findings on etcd of {self.cluster} after its number of members was changed"
        return f"all {self.voters} members of {self.cluster} are well, vote and hold the same, and are in fleet"


def plan_resize(workspace: Workspace, *, report: Reporter | None = None) -> ResizePlan:
    """Plan the way to the masters of the cluster file, or what is left of one that is under way; changes nothing.

    Returns
    -------
    ResizePlan
        Where the quorum would not bear it, its ``check`` refuses.

    Raises
    ------
    PreconditionError
        When Terraform cannot be confined to the masters that come or go.
    BusyError
        When another operation is at work on the cluster.
    AwsError, EtcdError, SshError, TerraformError
        When the world cannot be read.
    """
    told, name = report or Reporter(), workspace.cluster.name
    with hold_everywhere(workspace, operation="plan of a change of the number of members", told=told):
        look = _look(workspace, find_standing(workspace), told=told, hashing=True)
        plan = _judge(workspace, look)
        if plan.parts:
            told.note("planning")
            copy = open_working_copy(workspace, told=told, holding=True)
            members = [one.member for one in plan.parts]
            saved = MasterMachines(workspace, copy, members=members, told=told).plan()
            plan = dataclasses.replace(plan, view=PlanView.from_plan(saved.plan))
            # Each step plans its own part of it anew, for the state moves with every one.
            saved.discard()
        told.note(f"etcd of {name}: {len(plan.voters)} voting members, {len(plan.goal)} in the cluster file")
    return record_plan(told, plan)


def _look(
    workspace: Workspace, standing: dict[str, StandingMaster], *, told: Reporter, hashing: bool = False
) -> ResizeLook:
    goal = {name: master.address for name, master in workspace.cluster.masters.items()}
    if not standing:
        return ResizeLook(goal=goal, members={}, machines={})
    told.note("looking at the members")
    there = {name: Master.model_construct(zone=one.zone, address=one.address) for name, one in standing.items()}
    with open_way_in(with_masters(workspace, there)) as way:
        return look_at_size(way, goal=goal, machines=standing, hashing=hashing)


def _judge(workspace: Workspace, look: ResizeLook) -> ResizePlan:
    note, name = read_note(workspace.paths.folder), workspace.cluster.name
    refusal = find_refusal(look, cluster=name, replacing="" if note is None else note.member)
    return ResizePlan(
        cluster=name,
        goal=tuple(look.goal),
        voters=look.voters,
        parts=judge_parts(look) if refusal is None else (),
        refusal=refusal,
        rules=workspace.cluster.approval,
    )


def apply_resize(
    workspace: Workspace,
    approved: Approved[ResizePlan],
    *,
    patience: Patience = BOOT_PATIENCE,
    report: Reporter | None = None,
) -> AppliedResize:
    """Do what was approved, member by member.

    What a kill or a failure left to do, the next plan finds, and the next apply does.

    Parameters
    ----------
    patience
        How long a new member may take to start and to catch up, and the others to be well in between.

    Raises
    ------
    PreconditionError
        When the quorum would not bear it, or something is no longer as it was planned for.
    BusyError
        When another operation is at work on the cluster, here or wherever else its state is used.
    WorkflowError
        When a step fails; says which, and what was done before it.
    """
    told, plan = report or Reporter(), approved.plan
    plan.check()
    if plan.is_empty:
        return AppliedResize(cluster=plan.cluster, done=())
    with hold_everywhere(workspace, operation="change of the number of members", told=told):
        standing = find_standing(workspace)
        fresh = _judge(workspace, _look(workspace, standing, told=told))
        fresh.check()
        # Who leads may have changed, and with it only the order.
        if (fresh.goal, fresh.voters, set(fresh.parts)) != (plan.goal, plan.voters, set(plan.parts)):
            raise StalePlanError(
                f"the members of {plan.cluster} are not what the plan was made for",
                seen=fresh.opening,
                hint="plan again, look at the new plan, and approve that",
            )
        told.record(EventKind.APPROVAL, approved.facts(workspace))
        for part in fresh.parts:
            if part.is_new and (gone := forget_member(workspace.paths.pki, part.member)):
                # Another machine had that name once, maybe at another address.
                told.note(f"{', '.join(gone)}: made anew")
        ensure_certificates(workspace)
        there = {name: Master.model_construct(zone=one.zone, address=one.address) for name, one in standing.items()}
        masters = {**there, **workspace.cluster.masters}
        whole = with_masters(workspace, masters)
        pki = load_pki(workspace.paths.pki, members={name: master.address for name, master in masters.items()})
        copy = open_working_copy(workspace, told=told, holding=True)
        with open_way_in(whole) as way:
            work = Resizing(
                plan=plan,
                workspace=workspace,
                pki=pki,
                way=way,
                told=told,
                masters=masters,
                standing=standing,
                machines=MasterMachines(workspace, copy, members=[one.member for one in plan.parts], told=told),
                patience=patience,
                votes=list(plan.voters),
            )
            work.run()
    return AppliedResize(cluster=plan.cluster, done=tuple(work.done))


def verify_resize(
    workspace: Workspace, *, patience: Patience = BOOT_PATIENCE, report: Reporter | None = None
) -> VerifiedResize:
    """Look whether all masters of the cluster file are members that are well, vote and hold the same, and in fleet.

    Raises
    ------
    WaitTimeoutError
        When a member is not well, or a machine not in fleet, at the deadline; ``seen`` says who and why.
    EtcdError, NotFoundError, SshError
        When etcd cannot be asked.
    """
    told, name, masters = report or Reporter(), workspace.cluster.name, workspace.cluster.masters
    with open_way_in(workspace) as way:
        look = wait_until_well(way, patience=patience, all_vote=True)
        hashes = hash_kv(way.endpoints, tls=way.tls, limits=_HASH_LIMITS)
        told.note("waiting for the machines of all masters to be in fleet")
        for one, master in masters.items():
            wait_until(
                lambda address=master.address: has_joined_fleet(way, address),  # type: ignore[misc]
                what=f"the machine of {one} to be in fleet",
                patience=patience,
                hint=f"fleetkit inspect {name} shows each machine; its console tells of its boot",
            )
    findings = [] if hashes.agree else [f"{hashes.text} (fleetkit etcd hash {name})"]
    if look.health.voters != len(masters):
        findings.append(
            f"{look.health.voters} members vote, and the cluster file names {len(masters)} masters "
            f"(fleetkit etcd resize {name})"
        )
    verified = VerifiedResize(cluster=name, voters=look.health.voters, findings=tuple(findings))
    facts = {"what": "resize", "ok": not findings, "findings": list(findings)}
    told.record(EventKind.VERIFIED, {**facts, "voters": verified.voters})
    return verified
