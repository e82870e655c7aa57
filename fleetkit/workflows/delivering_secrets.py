"""Deliver secrets: what the references of the cluster file lead to is put where the machines of a pool fetch it.

Values go from where they are kept into the cluster's encrypted bucket, under a prefix that one role alone may read,
and from there to its machines. They are in no plan, record, state or user data.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from fleetkit.core import FleetkitError, StalePlanError, WorkflowError
from fleetkit.runs import EventKind
from fleetkit.secrets import Protect
from fleetkit.workflows._lock import hold_cluster
from fleetkit.workflows._recording import record_plan
from fleetkit.workflows._reporting import Reporter
from fleetkit.workflows._rotation_machines import FleetMachine, fetch_files, list_machines
from fleetkit.workflows._secret_machines import find_wrong_files, remove_files
from fleetkit.workflows._secret_objects import (
    ResolvedFile,
    compare_files,
    find_missing,
    list_unnamed,
    put_files,
    read_manifest,
    remove_unnamed,
    resolve_files,
)
from fleetkit.workflows._secrets_plan import PlannedSecret, SecretChange, SecretsPlan
from fleetkit.workflows._shown import Shown, Verified
from fleetkit.workflows._workspace import Workspace
from fleetkit.workflows.approval import Approved
from fleetkit.workflows.bucket_keys import secret_target
from fleetkit.workflows.delivery import secret_lines
from fleetkit.workflows.unlocking import hold_everywhere
from fleetkit.workflows.way_in import open_way_in

__all__ = ["AppliedSecrets", "SecretsPlan", "VerifiedSecrets", "apply_secrets", "plan_secrets", "verify_secrets"]


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class AppliedSecrets(Shown):
    """What a delivery of secrets did.

    Attributes
    ----------
    cluster
        Name of the cluster.
    changed
        The files that were put or removed.
    fetched
        Names of the machines that fetched.
    """

    cluster: str
    changed: tuple[PlannedSecret, ...]
    fetched: tuple[str, ...]

    def __str__(self) -> str:
        if not self.changed and not self.fetched:
            return f"Nothing to do: the secrets of {self.cluster} are where they should be."
        return f"Delivered: {len(self.changed)} files; fetched by: {', '.join(self.fetched) or 'no machine'}."


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class VerifiedSecrets(Verified):
    """Whether machines have the secrets that were delivered.

    Attributes
    ----------
    cluster
        Name of the cluster.
    machines
        Names of those that have them all.
    findings
        What is not as it should be; one sentence each.
    """

    cluster: str
    machines: tuple[str, ...]
    findings: tuple[str, ...]

    @property
    def summary(self) -> str:
        """One sentence."""
        if self.findings:
            return f"{len(self.findings)} findings on the secrets of {self.cluster}"
        return f"{len(self.machines)} machines of {self.cluster} have the secrets that were delivered to them"


def plan_secrets(
    workspace: Workspace,
    *,
    everybody: bool = False,
    protect: Protect = lambda _texts: None,
    report: Reporter | None = None,
) -> SecretsPlan:
    """Plan which files with secrets change, and which machines fetch; changes nothing.

    Secrets are read for it, to tell what changed and that all can be had; none is kept.

    Parameters
    ----------
    everybody
        Whether machines fetch though nothing changed, as where one failed to.
    protect
        Told of each value, to keep it out of what is written: `fleetkit.runs.Run.protect`.

    Returns
    -------
    SecretsPlan
        Where nothing was deployed yet, its ``check`` refuses.

    Raises
    ------
    BusyError
        When another operation is at work on the cluster.
    FleetkitError
        When a secret cannot be read.
    """
    told = report or Reporter()
    with hold_cluster(workspace.paths.folder, operation="plan of a delivery of secrets"):
        return record_plan(told, _plan(workspace, everybody=everybody, protect=protect, told=told)[0])


def apply_secrets(
    workspace: Workspace,
    approved: Approved[SecretsPlan],
    *,
    protect: Protect = lambda _texts: None,
    report: Reporter | None = None,
) -> AppliedSecrets:
    """Do what was approved: fill the bucket, and have one machine after the other fetch.

    What is delivered is what the references lead to now: an approval is for where it comes from and goes to.
    Whoever breaks off in the middle goes on with another plan: what is replaced or withdrawn stays in the bucket until
    all machines that run are done with it, so that the next plan finds it there.

    Raises
    ------
    PreconditionError
        When the plan's guard refuses, or other files would change by now.
    BusyError
        When another operation is at work on the cluster, here or wherever else its state is used.
    WorkflowError
        When a machine does not fetch; says which did before it.
    """
    told, plan = report or Reporter(), approved.plan
    plan.check()
    if plan.is_empty:
        return AppliedSecrets(cluster=plan.cluster, changed=(), fetched=())
    with hold_everywhere(workspace, operation="delivery of secrets", told=told):
        now, resolved = _plan(workspace, everybody=plan.everybody, protect=protect, told=told)
        now.check()
        if now.sha256 != plan.sha256:
            raise StalePlanError(
                f"other secrets of {plan.cluster} would change than when the plan was made",
                seen="; ".join(one.text for one in now.changes) or "none would",
                hint="plan again, look at the new plan, and approve that",
            )
        told.record(EventKind.APPROVAL, approved.facts(workspace))
        for role in dict.fromkeys(one.role for one in plan.changes):
            put_files(workspace, role, [one for one in resolved if one.file.role == role])
        for one in plan.changes:
            told.record(EventKind.CHANGE, {"what": f"secret {one.change}", "role": one.role, "file": one.destination})
        fetched = _fetch(workspace, plan, told)
        for role in dict.fromkeys(one.role for one in plan.changes):
            remove_unnamed(workspace, role)
    return AppliedSecrets(cluster=plan.cluster, changed=plan.changes, fetched=fetched)


def verify_secrets(workspace: Workspace, *, report: Reporter | None = None) -> VerifiedSecrets:
    """Look on all machines that run whether they have what was delivered to them, and whether all else is gone.

    Raises
    ------
    NotFoundError, SshError
        When the way in cannot be opened.
    """
    told, name = report or Reporter(), workspace.cluster.name
    lines = {role: secret_lines(read_manifest(workspace, role)) for role in workspace.cluster.pools}
    machines = [one for one in list_machines(workspace) if lines.get(one.role) and one.is_running]
    wrong: dict[str, tuple[str, ...]] = {}
    if machines:
        with open_way_in(workspace) as way:
            for one in machines:
                told.note(f"looking at {one.name}")
                wrong[one.name] = find_wrong_files(way, one, lines[one.role])
    findings = (
        *(
            f"{machine}: {what} (fleetkit secrets deliver {name} --all)"
            for machine, found in wrong.items()
            for what in found
        ),
        *(
            f"{secret_target(key)} of {role} was replaced or withdrawn, and still lies in the bucket and maybe on "
            f"machines (fleetkit secrets deliver {name})"
            for role in workspace.cluster.pools
            for key in list_unnamed(workspace, role)
        ),
    )
    right = tuple(machine for machine, found in wrong.items() if not found)
    facts = {"what": "delivery of secrets", "ok": not findings, "findings": list(findings), "machines": list(right)}
    told.record(EventKind.VERIFIED, facts)
    return VerifiedSecrets(cluster=name, machines=right, findings=findings)


def _plan(
    workspace: Workspace, *, everybody: bool, protect: Protect, told: Reporter
) -> tuple[SecretsPlan, list[ResolvedFile]]:
    cluster = workspace.cluster
    missing = find_missing(workspace)
    if missing:
        return SecretsPlan(cluster=cluster.name, secrets=(), machines=(), refused=missing, rules=cluster.approval), []
    resolved = resolve_files(workspace, protect=protect, told=told)
    secrets = [one for role in cluster.pools for one in compare_files(workspace, role, resolved)]
    moving = {one.role for one in secrets if everybody or one.change is not SecretChange.SAME}
    plan = SecretsPlan(
        cluster=cluster.name,
        secrets=tuple(secrets),
        machines=tuple(one for one in list_machines(workspace) if one.role in moving),
        everybody=everybody,
        rules=cluster.approval,
    )
    return plan, resolved


def _fetch(workspace: Workspace, plan: SecretsPlan, told: Reporter) -> tuple[str, ...]:
    fetching = [one for one in plan.machines if one.is_running]
    if not fetching:
        return ()
    removed: Mapping[str, list[str]] = {
        role: [one.destination for one in _removed(plan) if one.role == role] for role in workspace.cluster.pools
    }
    done: list[str] = []
    with open_way_in(workspace) as way:
        for machine in fetching:
            told.note(f"{machine.name} fetches")
            try:
                fetch_files(way, machine)
                if removed[machine.role]:
                    remove_files(way, machine, removed[machine.role])
            except FleetkitError as error:
                raise _stopped(plan, machine, done, error) from error
            done.append(machine.name)
            told.record(EventKind.CHANGE, {"what": "secrets fetched", "machine": machine.name})
    return tuple(done)


def _stopped(plan: SecretsPlan, machine: FleetMachine, done: Sequence[str], error: FleetkitError) -> WorkflowError:
    return WorkflowError(
        f"the delivery of secrets to {plan.cluster} stopped before the end",
        step=machine.name,
        completed=tuple(done),
        seen=f"at {machine.name}: {error.without_hint}",
        hint=f"mend that, then go on with fleetkit secrets deliver {plan.cluster} --all",
    )


def _removed(plan: SecretsPlan) -> list[PlannedSecret]:
    return [one for one in plan.changes if one.change is SecretChange.REMOVED]
