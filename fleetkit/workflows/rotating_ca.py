"""Replace the CA of a cluster: trust both, re-issue everything, trust the new one alone.

etcd and fleet read whom they trust when they start. Members are therefore restarted, one at a time and only while all
are well; nobody is asked to trust a certificate before all know its CA, so that no two refuse each other in between.
"""

from __future__ import annotations

from dataclasses import replace

from fleetkit.core import Patience, StalePlanError
from fleetkit.pki import CaStage, begin_ca, drop_old_ca, end_ca, promote_ca, read_ca_stage
from fleetkit.runs import EventKind
from fleetkit.workflows._ca_plan import CaPlan
from fleetkit.workflows._ca_rotation import CaRotation, load, look, services_of
from fleetkit.workflows._etcd_look import look_at_etcd
from fleetkit.workflows._lock import hold_cluster
from fleetkit.workflows._recording import record_plan
from fleetkit.workflows._reporting import Reporter
from fleetkit.workflows._rotation_machines import list_machines
from fleetkit.workflows._rotation_results import AppliedRotation, VerifiedRotation
from fleetkit.workflows._workspace import Workspace
from fleetkit.workflows.approval import Approved
from fleetkit.workflows.listing_certificates import list_made
from fleetkit.workflows.rotating import find_expired_ca, verify_rotation
from fleetkit.workflows.supplying import find_pending_settings
from fleetkit.workflows.unlocking import hold_everywhere
from fleetkit.workflows.way_in import open_way_in

__all__ = ["CaPlan", "apply_ca_rotation", "plan_ca_rotation", "verify_ca_rotation"]

_PATIENCE = Patience(deadline_s=120, interval_s=0.5)
"""How long a member may take to be well again, or fleet to come back."""


def plan_ca_rotation(workspace: Workspace, *, report: Reporter | None = None) -> CaPlan:
    """Plan a replacement of the CA, or what is left of one that was cut off; changes nothing.

    Returns
    -------
    CaPlan
        Where it may not be done now, its ``check`` refuses.

    Raises
    ------
    BusyError
        When another operation is at work on the cluster.
    NotFoundError
        When the certificates or the CA's key are not on this computer.
    AwsError, SshError
        When AWS cannot be asked, or the way in cannot be opened.
    """
    told, cluster = report or Reporter(), workspace.cluster
    with hold_cluster(workspace.paths.folder, operation="plan of a rotation of the CA"):
        pki = load(workspace)
        told.note("looking at machines, and at how etcd stands")
        machines = list_machines(workspace)
        refused = [f"{one.name} does not run" for one in machines if not one.role and not one.is_running]
        with open_way_in(workspace) as way:
            refused += look_at_etcd(way).refused
        expired, mend = find_expired_ca(workspace, pki)
        refused += [expired] if expired else []
        pending = find_pending_settings(workspace, pki)
        refused += [f"machines would fetch more than certificates: {one}" for one in pending]
        plan = CaPlan(
            cluster=cluster.name,
            stage=read_ca_stage(workspace.paths.pki),
            certificates=list_made(workspace),
            machines=machines,
            refused=tuple(refused),
            mend=mend,
            pages=bool(cluster.pins.pages_sha256),
            rules=cluster.approval,
        )
    return record_plan(told, plan)


def apply_ca_rotation(
    workspace: Workspace,
    approved: Approved[CaPlan],
    *,
    patience: Patience = _PATIENCE,
    report: Reporter | None = None,
) -> AppliedRotation:
    """Do the steps that are left, each only when all have done the one before.

    Whoever breaks off in the middle goes on with another plan: the cluster serves at each point, and the step that
    was cut off is done again.

    Raises
    ------
    PreconditionError
        When the plan's guard refuses.
    BusyError
        When another operation is at work on the cluster, here or wherever else its state is used.
    StalePlanError
        When another rotation got further since it was planned.
    WorkflowError
        When a member falls ill, or a machine does not do its part; says which did before it.
    """
    told, plan = report or Reporter(), approved.plan
    plan.check()
    folder = workspace.paths.pki
    with hold_everywhere(workspace, operation="rotation of the CA", told=told):
        if read_ca_stage(folder) is not plan.stage:
            raise StalePlanError(
                f"the rotation of the CA of {plan.cluster} is not as it was planned",
                seen=f"it was {plan.stage} then, and is {read_ca_stage(folder)} now",
                hint="plan again; nothing was changed",
            )
        told.record(EventKind.APPROVAL, approved.facts(workspace))
        if read_ca_stage(folder) is CaStage.SETTLED:
            begin_ca(folder, cluster=plan.cluster)
            told.record(EventKind.CHANGE, {"what": "next CA made", "before": plan.certificates[0].serial})
        with open_way_in(workspace) as way:
            work = CaRotation(workspace=workspace, way=way, told=told, patience=patience)
            if read_ca_stage(folder) is CaStage.TRUST:
                work.have_trusted("both CAs")
                promote_ca(folder)
            if read_ca_stage(folder) is CaStage.ISSUE:
                work.issue_all()
                drop_old_ca(folder)
            work.have_trusted("the new CA alone")
        end_ca(folder)
        told.record(EventKind.CHANGE, {"what": "CA replaced", "before": plan.certificates[0].serial})
    fetched = tuple(dict.fromkeys(work.fetched))
    pages = bool(workspace.cluster.pins.pages_sha256)
    return AppliedRotation(cluster=plan.cluster, renewed=tuple(work.renewed), fetched=fetched, pages=pages)


def verify_ca_rotation(
    workspace: Workspace, *, patience: Patience = _PATIENCE, report: Reporter | None = None
) -> VerifiedRotation:
    """Look whether all have certificates of the new CA and trust it alone, and let go of the certificates before.

    Raises
    ------
    NotFoundError, SshError
        When the way in cannot be opened.
    """
    found = verify_rotation(workspace, patience=patience, report=report)
    trusted, findings = load(workspace).ca.certificate.read_bytes(), list(found.findings)
    with open_way_in(workspace) as way:
        for machine in list_machines(workspace):
            for service in services_of(machine) if machine.is_running else ():
                flaw = look(way, machine, service, trusted)
                findings += [f"{flaw} (fleetkit certificates rotate {found.cluster} --ca)"] if flaw else []
    verified = replace(found, findings=tuple(findings))
    facts = {"what": "rotation of the CA", "ok": not findings, "findings": findings}
    (report or Reporter()).record(EventKind.VERIFIED, facts)
    return verified
