"""Rotate certificates: the cluster's CA signs leaves anew, and machines take them over with no restart of etcd.

etcd reads its certificates at each handshake. It is asked nothing before its own have been renewed, so a member whose
certificate has expired is mended like any other, and so is an operator whose own has.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from fleetkit.core import Patience, StalePlanError, utc_now
from fleetkit.pki import (
    ClusterPki,
    forget_replaced,
    list_replaced,
    load_pki,
    renew_leaf,
)
from fleetkit.runs import EventKind
from fleetkit.workflows._lock import hold_cluster
from fleetkit.workflows._recording import record_plan
from fleetkit.workflows._reporting import Reporter
from fleetkit.workflows._rotation_machines import list_machines, restart_fleet
from fleetkit.workflows._rotation_plan import FLEET, RotationPlan, select_leaves, select_machines
from fleetkit.workflows._rotation_proof import find_flaws, wait_joined
from fleetkit.workflows._rotation_results import AppliedRotation, VerifiedRotation
from fleetkit.workflows._rotation_steps import take_over, visit_each
from fleetkit.workflows._workspace import Workspace
from fleetkit.workflows.approval import Approved
from fleetkit.workflows.listing_certificates import list_certificates, list_made
from fleetkit.workflows.supplying import find_pending_settings, supply_bucket
from fleetkit.workflows.unlocking import hold_everywhere
from fleetkit.workflows.way_in import open_way_in

__all__ = [
    "AppliedRotation",
    "RotationPlan",
    "VerifiedRotation",
    "apply_rotation",
    "find_expired_ca",
    "plan_rotation",
    "verify_rotation",
]

_PAGE = "clients/ui"
_PATIENCE = Patience(deadline_s=60, interval_s=0.5)
"""How long a member may take to serve what its machine fetched, or fleet to come back."""


def plan_rotation(
    workspace: Workspace, *, only: Sequence[str] = (), everything: bool = False, report: Reporter | None = None
) -> RotationPlan:
    """Plan which leaves are re-issued, and which machines fetch; changes nothing.

    Parameters
    ----------
    only
        Members, clients or certificates; those that expire within 30 days where not given.
    everything
        Whether all leaves are meant.

    Returns
    -------
    RotationPlan
        Where the CA has expired, or machines would fetch more than certificates, its ``check`` refuses.

    Raises
    ------
    BusyError
        When another operation is at work on the cluster.
    NotFoundError
        When a name is not known, or the certificates or the CA's key are not on this computer.
    AwsError
        When AWS cannot be asked.
    """
    told, cluster = report or Reporter(), workspace.cluster
    with hold_cluster(workspace.paths.folder, operation="plan of a rotation of certificates"):
        renewed = select_leaves(list_made(workspace), only=only, everything=everything)
        told.note("looking at what members serve")
        listing = list_certificates(workspace)
        told.note("looking at machines and what they fetch")
        pki = _load(workspace)
        swapped = [_server_of(one.name) for one in listing.certificates if one.verdict == "another"]
        meant = [one.name for one in renewed]
        undelivered = [one for one in sorted({*list_replaced(pki.folder), *swapped}) if one not in meant]
        refused, mend = _find_refusals(workspace, pki)
        plan = RotationPlan(
            cluster=cluster.name,
            renewed=renewed,
            undelivered=tuple(undelivered),
            left_out=tuple(one for one in listing.certificates if one.name not in meant),
            machines=select_machines(list_machines(workspace), (*meant, *undelivered)),
            refused=refused,
            mend=mend,
            rules=cluster.approval,
        )
    return record_plan(told, plan)


def apply_rotation(
    workspace: Workspace,
    approved: Approved[RotationPlan],
    *,
    patience: Patience = _PATIENCE,
    report: Reporter | None = None,
) -> AppliedRotation:
    """Do what was approved: re-issue, fill the bucket, and have one machine after the other fetch.

    Whoever breaks off in the middle goes on with another plan: what was re-issued is not re-issued again.

    Raises
    ------
    PreconditionError
        When the plan's guard refuses, by now too, or a certificate is another than was planned for.
    BusyError
        When another operation is at work on the cluster, here or wherever else its state is used.
    WorkflowError
        When a machine does not do its part; says which did before it.
    """
    told, plan = report or Reporter(), approved.plan
    plan.check()
    if plan.is_empty:
        return AppliedRotation(cluster=plan.cluster, renewed=(), fetched=())
    with hold_everywhere(workspace, operation="rotation of certificates", told=told):
        _require_unmoved(workspace, plan)
        told.record(EventKind.APPROVAL, approved.facts(workspace))
        _renew(workspace, plan, told)
        fetching = [one for one in plan.machines if one.is_running]
        pki = _load(workspace)
        done: list[str] = []
        # What no machine fetches by itself, a page fetches when its unit starts.
        supply_bucket(workspace, pki, on_note=told.note)
        if fetching:
            with open_way_in(workspace) as way:
                failed = visit_each(
                    plan.cluster,
                    fetching,
                    lambda one: take_over(way, one, pki, patience=patience),
                    doing="fetches",
                    what="certificates fetched",
                    done=done,
                    told=told,
                )
                if plan.restarts_fleet:
                    fetched = [one for one in fetching if one.name in done]
                    failed += visit_each(
                        plan.cluster,
                        fetched,
                        lambda one: restart_fleet(way, one, patience=patience),
                        doing="has fleet take its certificate",
                        what="fleet restarted",
                        done=[],
                        told=told,
                    )
                for error in failed:
                    raise error
    renewed = tuple(one.name for one in plan.renewed)
    concerns_pages = _PAGE in (*renewed, *plan.undelivered)
    pages = concerns_pages and bool(workspace.cluster.pins.pages_sha256)
    return AppliedRotation(
        cluster=plan.cluster, renewed=renewed, fetched=tuple(done), delivered=plan.undelivered, pages=pages
    )


def verify_rotation(
    workspace: Workspace, *, patience: Patience = _PATIENCE, report: Reporter | None = None
) -> VerifiedRotation:
    """Look whether all that use a certificate have the one that was made, and let go of those before.

    Raises
    ------
    NotFoundError, SshError
        When the way in cannot be opened.
    """
    told, name, pki = report or Reporter(), workspace.cluster.name, _load(workspace)
    findings: list[str] = []
    proven: list[str] = []
    machines = list_machines(workspace)
    with open_way_in(workspace) as way:
        for leaf in sorted({*list_replaced(pki.folder), *(files.name for files in pki.servers.values())}):
            told.note(f"looking at {leaf}")
            using = select_machines(machines, (leaf,))
            found = find_flaws(way, using, leaf, pki)
            findings += [f"{leaf}: {one} (fleetkit certificates rotate {name})" for one in found]
            if not found and leaf in list_replaced(pki.folder):
                forget_replaced(pki.folder, leaf)
                proven.append(leaf)
        if FLEET in proven:
            findings += wait_joined(way, [one.address for one in machines if one.is_running], patience)
    verified = VerifiedRotation(cluster=name, proven=tuple(proven), findings=tuple(findings))
    facts = {"what": "rotation of certificates", "ok": not findings, "findings": findings, "proven": proven}
    told.record(EventKind.VERIFIED, facts)
    return verified


def _load(workspace: Workspace) -> ClusterPki:
    return load_pki(workspace.paths.pki, members=_members(workspace))


def _members(workspace: Workspace) -> dict[str, str]:
    return {name: master.address for name, master in workspace.cluster.masters.items()}


def _server_of(row: str) -> str:
    return f"members/{row.removeprefix('served by ')}/server"


def find_expired_ca(workspace: Workspace, pki: ClusterPki) -> tuple[str, str]:
    """Return that the CA has expired, and what gets the data out; empty where it has not."""
    ca, name = pki.ca.facts(), workspace.cluster.name
    if not ca.is_expired(utc_now()):
        return "", ""
    hint = (
        "a CA is not renewed in place once it has expired: deploy a cluster of another name, which has one of its own, "
        f"and put the last backup into it: fleetkit etcd restore NEW --backup-of {name}"
    )
    return f"the CA {ca.subject} has expired itself: nobody trusts what it signs", hint


def _find_refusals(workspace: Workspace, pki: ClusterPki) -> tuple[tuple[str, ...], str]:
    """Return why it may not be done now, and what mends that."""
    name, (expired, hint) = workspace.cluster.name, find_expired_ca(workspace, pki)
    if expired:
        return (expired,), hint
    pending = [f"machines would fetch more than certificates: {one}" for one in find_pending_settings(workspace, pki)]
    return tuple(pending), f"fleetkit plan {name} shows what they would fetch, and fleetkit deploy {name} brings it"


def _require_unmoved(workspace: Workspace, plan: RotationPlan) -> None:
    """Make sure that certificates are those that were planned for, and that nothing speaks against it by now."""
    refused, mend = _find_refusals(workspace, _load(workspace))
    replace(plan, refused=refused, mend=mend).check()
    now = {one.name: one.serial for one in list_made(workspace)}
    others = [one.name for one in plan.renewed if now.get(one.name) != one.serial]
    if others:
        raise StalePlanError(
            f"certificates of {plan.cluster} were re-issued since the plan was made",
            seen=", ".join(others),
            hint="plan again, look at the new plan, and approve that",
        )


def _renew(workspace: Workspace, plan: RotationPlan, told: Reporter) -> None:
    zone = workspace.cluster.dns_zone
    for one in plan.renewed:
        renew_leaf(workspace.paths.pki, one.name, members=_members(workspace), dns_zone=zone)
        told.record(EventKind.CHANGE, {"what": "certificate re-issued", "name": one.name, "before": one.serial})
    told.note(f"re-issued {len(plan.renewed)} certificates")
