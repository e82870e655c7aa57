"""The final backup of a cluster: made and proven after a destroy was approved, and before anything is removed.

An etcd that cannot be asked any more, because it is gone or never was, keeps no destroy from going on; one that is
there and cannot be backed up does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from fleetkit import aws
from fleetkit.config import Access, parse_bucket_address
from fleetkit.core import FleetkitError, PreconditionError, SettingsError, format_utc, quorum_size
from fleetkit.etcd import find_scratch_programs
from fleetkit.runs import EventKind
from fleetkit.workflows._destroy_plan import DestroyPlan
from fleetkit.workflows._final_backup_mark import FinalBackupMark, read_mark, write_mark
from fleetkit.workflows._reporting import Reporter
from fleetkit.workflows._sealing import needs_identity
from fleetkit.workflows._shown import Shown
from fleetkit.workflows._workspace import Workspace
from fleetkit.workflows.approval import Approved
from fleetkit.workflows.backing_up import back_up_etcd
from fleetkit.workflows.backup_place import open_cluster_backups
from fleetkit.workflows.drilling import DrilledBackup, drill_backup

__all__ = ["FinalBackup", "make_final_backup"]


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class FinalBackup(Shown):
    """What is kept of an etcd that is about to be removed.

    Attributes
    ----------
    cluster
        Name of the cluster.
    address
        Where the backup is that was made and proven; empty where none was made.
    drilled
        What came of restoring it; None where none was made.
    reason
        Why none was made; empty where one was.
    known
        Which backups there are besides, in one clause.
    setback
        What etcd had lost before it was backed up; empty where nothing is known of.
    """

    cluster: str
    address: str
    drilled: DrilledBackup | None
    reason: str
    known: str
    setback: str = ""

    @property
    def text(self) -> str:
        """One or two lines for people."""
        if self.drilled is not None:
            made = f"Backed up and proven (RTO {self.drilled.rto}): {self.address}"
            return f"{made}\n! {self.setback}" if self.setback else made
        return f"No final backup of {self.cluster} is made: {self.reason}.\n{self.known}."

    def __str__(self) -> str:
        return self.text


def make_final_backup(
    workspace: Workspace,
    approved: Approved[DestroyPlan],
    *,
    place: str | None = None,
    seal_for: Sequence[str] = (),
    identity: str | Path | None = None,
    report: Reporter | None = None,
) -> FinalBackup:
    """Back up a cluster that is about to be destroyed, and restore the backup once into a scratch etcd.

    Parameters
    ----------
    place
        A folder, or ``s3://bucket/prefix``; ``backups`` beside ``runs`` where not given, and where it is a bucket that
        goes with the cluster.
    seal_for
        Whom it is encrypted for: age recipients, SSH public keys, a key in KMS (``awskms:…``); blank ones count not.
    identity
        File with the age identity or SSH private key that opens it; needed where it is encrypted, unless KMS opens it.

    Raises
    ------
    PreconditionError
        When the plan demands a backup, etcd may be there, and none could be made and proven.
    SettingsError
        When ``place`` is none, or it is to be encrypted and nothing is given that opens it.
    AwsError, TerraformError
        When it cannot be found out what is there.
    """
    told, plan = report or Reporter(), approved.plan
    place = _choose_place(workspace, place, told=told)
    reason = _why_none(workspace, plan) if plan.backs_up else "the plan that was approved makes none"
    if reason:
        return _record(told, _without(workspace, reason, place=place))
    if needs_identity(seal_for) and not identity:
        raise SettingsError(
            "a final backup that is encrypted cannot be proven without the key that opens it",
            hint="give that key too: --identity FILE",
        )
    try:
        find_scratch_programs()
        taken = back_up_etcd(workspace, place=place, seal_for=seal_for, report=told)
        kept_in = open_cluster_backups(workspace, place)
        key = Path(identity).expanduser() if identity else None
        drilled = drill_backup(kept_in, str(taken.kept.name), identity=key, report=told)
    except FleetkitError as error:
        return _record(told, _go_on_without(workspace, error, place=place))
    if drilled.proof.findings:
        seen = f"{taken.address} was made, and is not what was backed up: {drilled.proof.findings[0]}"
        raise _refuse(plan.cluster, seen, hint="look at it")
    mark = FinalBackupMark(address=taken.address, taken=format_utc(taken.kept.name.taken))
    write_mark(workspace.paths.folder, mark)
    made = FinalBackup(
        cluster=plan.cluster, address=taken.address, drilled=drilled, reason="", known="", setback=taken.setback
    )
    return _record(told, made)


def _choose_place(workspace: Workspace, place: str | None, *, told: Reporter) -> str | None:
    """Return where to keep it: where it outlasts the cluster, its bucket and its local traces."""
    if not place:
        return None
    if place.startswith("s3://"):
        goes = parse_bucket_address(place, what="the place of backups").name == workspace.bucket
    else:
        goes = (workspace.folder / place).resolve().is_relative_to(workspace.paths.folder.resolve())
    if not goes:
        return place
    told.note(f"{place} goes with the cluster: its final backup is kept in {open_cluster_backups(workspace).address}")
    return None


def _why_none(workspace: Workspace, plan: DestroyPlan) -> str:
    """Return what makes it certain that no etcd is there to be asked; empty where one may be."""
    name, wanted = plan.cluster, len(workspace.cluster.masters)
    machines = [one for one in aws.list_instances(workspace.session, name) if one.state != "shutting-down"]
    masters = [one for one in machines if one.role == "master"]
    if not masters:
        return "it has no master on AWS"
    known = [one.module for one in plan._copy.state() if one.type == "aws_instance"]
    members = known.count("module.etcd")
    if max(len(masters), members) < quorum_size(wanted):
        # What died by itself is still in the state: so many were never made, or were removed by a destroy.
        return f"it has {len(masters)} of its {wanted} masters, and Terraform's state knows of no more"
    has_bastion = any(one.role == "bastion" for one in machines) or any("bastion" in module for module in known)
    if members and not has_bastion and workspace.cluster.access is Access.BASTION:
        return "nothing leads to its members: it has no bastion, and Terraform's state knows of none"
    return ""


def _go_on_without(workspace: Workspace, error: FleetkitError, *, place: str | None) -> FinalBackup:
    """Return the final backup that a destroy which was cut off has made; refuse where there is none such."""
    mark = read_mark(workspace.paths.folder)
    if mark is None or not mark.is_removing:
        seen = error.without_hint
        raise _refuse(workspace.cluster.name, seen, hint=error.hint or "mend that") from error
    return _without(workspace, f"a destroy that was cut off made it at {mark.taken}, in {mark.address}", place=place)


def _refuse(cluster: str, seen: str, *, hint: str) -> PreconditionError:
    return PreconditionError(
        f"no final backup of {cluster} could be made and proven, so nothing of it was removed",
        seen=seen,
        hint=f"{hint}; or leave the backup out (--no-backup): what etcd holds is then lost for good",
    )


def _without(workspace: Workspace, reason: str, *, place: str | None) -> FinalBackup:
    return FinalBackup(
        cluster=workspace.cluster.name, address="", drilled=None, reason=reason, known=_tell_known(workspace, place)
    )


def _tell_known(workspace: Workspace, place: str | None) -> str:
    kept_in = open_cluster_backups(workspace, place)
    try:
        there = kept_in.list_backups()
    except FleetkitError as error:
        # It is told beside; whether the destroy goes on does not hang on it.
        return f"Which backups there are in {kept_in.address} cannot be told: {error}"
    if not there:
        return f"There is no backup of it in {kept_in.address}"
    return f"The newest of {len(there)} in {kept_in.address} is {there[0]}"


def _record(told: Reporter, last: FinalBackup) -> FinalBackup:
    told.record(
        EventKind.FACT,
        {
            "about": "final backup",
            "address": last.address,
            "reason": last.reason,
            "known": last.known,
            "setback": last.setback,
            "rto_s": None if last.drilled is None else last.drilled.proof.rto_s,
        },
    )
    return last
