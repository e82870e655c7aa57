"""Replace a member of etcd with the machine that it stands on: dead or alive, and never at the quorum's cost.

Whatever ends it in between, a kill too: the same again goes on from there.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from fleetkit import aws
from fleetkit.core import Patience, StalePlanError, format_utc, utc_now, wait_until
from fleetkit.etcd import AlarmKind, EtcdLimits, hash_kv
from fleetkit.pki import load_pki
from fleetkit.runs import EventKind
from fleetkit.views import PlanView
from fleetkit.workflows._etcd_look import wait_until_well
from fleetkit.workflows._joined_fleet import has_joined_fleet
from fleetkit.workflows._recording import record_plan
from fleetkit.workflows._replace_look import (
    ReplaceLook,
    ReplaceStep,
    find_refusal,
    judge_steps,
    look_at_replacement,
)
from fleetkit.workflows._replace_machine import find_machine, plan_machine
from fleetkit.workflows._replace_note import ReplaceNote, read_note, remove_note, write_note
from fleetkit.workflows._replace_plan import ReplacePlan
from fleetkit.workflows._replacement import Replacement
from fleetkit.workflows._reporting import Reporter
from fleetkit.workflows._shown import Shown, Verified
from fleetkit.workflows._strange_masters import check_all_named
from fleetkit.workflows._working_copy import open_working_copy
from fleetkit.workflows._workspace import Workspace
from fleetkit.workflows.approval import Approved
from fleetkit.workflows.unlocking import hold_everywhere
from fleetkit.workflows.verifying import BOOT_PATIENCE
from fleetkit.workflows.way_in import WayIn, open_way_in

__all__ = ["AppliedReplace", "ReplacePlan", "VerifiedReplace", "apply_replace", "plan_replace", "verify_replace"]

_HASH_LIMITS = EtcdLimits(total_s=60)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class AppliedReplace(Shown):
    """What a replacement did.

    Attributes
    ----------
    cluster, member
        Name of the cluster, and of the member.
    done
        The steps that were done, in order; not those that were done before.
    """

    cluster: str
    member: str
    done: tuple[str, ...]

    @property
    def text(self) -> str:
        """One line for people."""
        if not self.done:
            return f"Nothing to do: {self.member} of {self.cluster} has been replaced."
        return f"Replaced {self.member} of {self.cluster}: {', '.join(self.done)}."

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class VerifiedReplace(Verified):
    """How etcd stands after a replacement.

    Attributes
    ----------
    cluster, member
        Name of the cluster, and of the member.
    voters
        Number of voting members.
    findings
        What is not as it should be, with what mends it; one sentence each.
    """

    cluster: str
    member: str
    voters: int
    findings: tuple[str, ...]

    @property
    def summary(self) -> str:
        """One sentence."""
        if self.findings:
            return f"{len(self.findings)} findings on etcd of {self.cluster} after the replacement of {self.member}"
        return (
            f"all {self.voters} members of {self.cluster} are well, vote and hold the same, "
            f"and the machine of {self.member} is in fleet"
        )


def plan_replace(
    workspace: Workspace, member: str, *, anew: bool = False, report: Reporter | None = None
) -> ReplacePlan:
    """Plan the replacement of a member, or what is left to do of one that is under way; changes nothing.

    Parameters
    ----------
    member
        Name of the member, which its machine shares.
    anew
        Whether a new machine that is there already, and does not become a member, is replaced once more.

    Returns
    -------
    ReplacePlan
        Where the quorum would not bear it, its ``check`` refuses.

    Raises
    ------
    NotFoundError
        When the cluster has no such member; lists those it has.
    PreconditionError
        When Terraform would touch another master, or cannot be confined to this one; when there are masters that
        the cluster file does not name.
    BusyError
        When another operation is at work on the cluster.
    AwsError, EtcdError, SshError, TerraformError
        When the world cannot be read.
    """
    told, name = report or Reporter(), workspace.cluster.name
    with hold_everywhere(workspace, operation=f"plan of a replacement of {member}", told=told):
        check_all_named(workspace, aws.list_instances(workspace.session, name, role="master"))
        note = read_note(workspace.paths.folder)
        with open_way_in(workspace) as way:
            told.note("looking at the members")
            look = look_at_replacement(way, member, note=note, hashing=True)
        plan = ReplacePlan(
            cluster=name,
            member=member,
            member_id="" if look.entry is None else look.entry.id,
            voters=look.health.voters,
            steps=(),
            begun_at="" if note is None else note.begun_at,
            unproven="" if look.hashes is None or look.hashes.agree else look.hashes.text,
            refusal=find_refusal(look, cluster=name, note=note),
            rules=workspace.cluster.approval,
        )
        if plan.refusal is None:
            plan = _with_steps(workspace, plan, look, note=note, anew=anew, told=told)
    return record_plan(told, plan)


def _with_steps(
    workspace: Workspace,
    plan: ReplacePlan,
    look: ReplaceLook,
    *,
    note: ReplaceNote | None,
    anew: bool,
    told: Reporter,
) -> ReplacePlan:
    there = find_machine(workspace, plan.member)
    steps, is_replaced = judge_steps(look, note=note, machine=there, anew=anew)
    told.note("planning")
    copy = open_working_copy(workspace, told=told, holding=True)
    machine = plan_machine(workspace, copy, plan.member, old=there if is_replaced else "", told=told)
    left = [one for one in steps if one is not ReplaceStep.PROMOTION]
    if machine.saved.plan.is_empty:
        machine.saved.discard()
    elif ReplaceStep.MACHINE not in left:
        # The new instance is there, and something that hangs on it is not yet.
        left.append(ReplaceStep.MACHINE)
    return dataclasses.replace(
        plan,
        steps=(*left, *(one for one in steps if one is ReplaceStep.PROMOTION)),
        machine=None if machine.saved.plan.is_empty else machine,
        view=PlanView.from_plan(machine.saved.plan),
    )


def apply_replace(
    workspace: Workspace,
    approved: Approved[ReplacePlan],
    *,
    patience: Patience = BOOT_PATIENCE,
    report: Reporter | None = None,
) -> AppliedReplace:
    """Do what was approved, step by step.

    What a kill or a failure left to do, the next plan finds, and the next apply does.

    Parameters
    ----------
    patience
        How long the new member may take to start and to catch up.

    Raises
    ------
    PreconditionError
        When the quorum would not bear it, or something is no longer as it was planned for.
    BusyError
        When another operation is at work on the cluster, here or wherever else its state is used.
    WorkflowError
        When a step fails; says which, and what was done before it.
    """
    told, plan, folder = report or Reporter(), approved.plan, workspace.paths.folder
    plan.check()
    with hold_everywhere(workspace, operation=f"replacement of {plan.member}", told=told):
        if plan.is_empty:
            remove_note(folder)
            return AppliedReplace(cluster=plan.cluster, member=plan.member, done=())
        pki = load_pki(workspace.paths.pki, members={one: at.address for one, at in workspace.cluster.masters.items()})
        with open_way_in(workspace) as way:
            note = _require_unmoved(plan, way, read_note(folder))
            told.record(EventKind.APPROVAL, approved.facts(workspace))
            # Whatever Terraform refuses, it refuses while the member is still there.
            machine = None if plan.machine is None else plan.machine.make_ready(told)
            write_note(folder, note)
            work = Replacement(
                plan=plan,
                note=note,
                machine=machine,
                workspace=workspace,
                pki=pki,
                way=way,
                told=told,
                patience=patience,
            )
            work.run()
        remove_note(folder)
    return AppliedReplace(cluster=plan.cluster, member=plan.member, done=tuple(work.done))


def _require_unmoved(plan: ReplacePlan, way: WayIn, note: ReplaceNote | None) -> ReplaceNote:
    """Make sure that all is as it was planned for, and return the note of what was there when it began."""
    look = look_at_replacement(way, plan.member, note=note)
    dataclasses.replace(plan, refusal=find_refusal(look, cluster=plan.cluster, note=note)).check()
    listed, begun_at = "" if look.entry is None else look.entry.id, "" if note is None else note.begun_at
    if (listed, begun_at) != (plan.member_id, plan.begun_at):
        raise StalePlanError(
            f"{plan.member} of {plan.cluster} is not what the plan was made for",
            seen=f"etcd lists it as {listed or 'no member'}, the plan as {plan.member_id or 'no member'}",
            hint="plan again, look at the new plan, and approve that",
        )
    goes = ReplaceStep.REMOVAL in plan.steps
    old = "" if plan.machine is None else plan.machine.old
    if note is not None and (not old or old == note.instance_id) and (not goes or listed == note.member_id):
        return note
    return ReplaceNote(
        member=plan.member,
        member_id=listed if goes else "",
        peer_urls=look.peer_urls,
        instance_id=old,
        begun_at=format_utc(utc_now()),
    )


def verify_replace(
    workspace: Workspace, member: str, *, patience: Patience = BOOT_PATIENCE, report: Reporter | None = None
) -> VerifiedReplace:
    """Look whether all members are well, vote and hold the same, and whether the new machine is in fleet.

    Raises
    ------
    WaitTimeoutError
        When a member is not well, or the machine not in fleet, at the deadline; ``seen`` says who and why.
    EtcdError, NotFoundError, SshError
        When etcd cannot be asked.
    """
    told, name, masters = report or Reporter(), workspace.cluster.name, workspace.cluster.masters
    with open_way_in(workspace) as way:
        look = wait_until_well(way, patience=patience, all_vote=True, aside=frozenset(AlarmKind))
        hashes = hash_kv(way.endpoints, tls=way.tls, limits=_HASH_LIMITS)
        hint = f"fleetkit inspect {name} shows each machine; its console tells of its boot"
        told.note(f"waiting for the machine of {member} to join fleet")
        wait_until(
            lambda: has_joined_fleet(way, masters[member].address),
            what=f"the machine of {member} to join fleet",
            patience=patience,
            hint=hint,
        )
    findings = [] if hashes.agree else [f"{hashes.text} (fleetkit etcd hash {name})"]
    if look.alarms:
        raised = " and ".join(sorted(look.alarms))
        findings.append(f"{raised} is still raised (fleetkit etcd alarms {name} says what mends it)")
    if look.health.voters != len(masters):
        findings.append(
            f"{look.health.voters} members vote, and the cluster file names {len(masters)} masters "
            f"(fleetkit etcd members {name})"
        )
    verified = VerifiedReplace(cluster=name, member=member, voters=look.health.voters, findings=tuple(findings))
    facts = {"what": "replacement", "member": member, "ok": not findings, "findings": findings}
    told.record(EventKind.VERIFIED, {**facts, "voters": verified.voters})
    return verified
