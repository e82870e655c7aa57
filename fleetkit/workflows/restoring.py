"""Restore: put a backup into all members of a cluster, both stores, and have fleet go on where it was."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

from fleetkit import aws
from fleetkit.core import (
    NotYet,
    Patience,
    ServiceError,
    StalePlanError,
    WaitTimeoutError,
    utc_now,
    wait_until,
)
from fleetkit.etcd import EtcdLimits, hash_kv
from fleetkit.fleet import FleetClient
from fleetkit.runs import EventKind
from fleetkit.workflows._fetched_backup import fetch_backup
from fleetkit.workflows._lock import hold_cluster
from fleetkit.workflows._recording import record_plan
from fleetkit.workflows._reporting import Reporter
from fleetkit.workflows._restore_choice import choose_backup, find_cautions
from fleetkit.workflows._restore_losses import measure_members, read_stores, require_silent
from fleetkit.workflows._restore_mark import drop_mark, make_mark, read_mark
from fleetkit.workflows._restore_plan import RestorePlan
from fleetkit.workflows._restore_steps import Restoring
from fleetkit.workflows._restored_member import MemberFolders
from fleetkit.workflows._shown import Shown, Verified
from fleetkit.workflows._strange_masters import check_all_named
from fleetkit.workflows._workspace import Workspace
from fleetkit.workflows.approval import Approved
from fleetkit.workflows.backup_place import open_backup_place
from fleetkit.workflows.supplying import find_pending_deliveries
from fleetkit.workflows.unlocking import hold_everywhere
from fleetkit.workflows.way_in import WayIn, open_way_in

__all__ = ["AppliedRestore", "RestorePlan", "VerifiedRestore", "apply_restore", "plan_restore", "verify_restore"]

_PATIENCE = Patience(deadline_s=300, interval_s=0.5)
_HASH_LIMITS = EtcdLimits(total_s=60)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class AppliedRestore(Shown):
    """What a restore did.

    Attributes
    ----------
    cluster
        Name of the cluster.
    aside
        Where the old data lie on each master.
    older
        Name of each master that has data which earlier restores put aside, to their folders.
    loss
        What was lost, in one sentence.
    finding
        What is not as it was backed up; empty where all is.
    """

    cluster: str
    aside: str
    older: dict[str, tuple[str, ...]]
    loss: str
    finding: str

    @property
    def text(self) -> str:
        """Two lines for people, or three."""
        found = f"differs: {self.finding}" if self.finding else "both stores are as they were backed up"
        lines = [f"Restored: {found}; {self.loss}.", f"The old data lie in {self.aside} of each master."]
        if self.older:
            there = "; ".join(f"{name}: sudo rm -rf {' '.join(folders)}" for name, folders in self.older.items())
            lines.append(f"What earlier restores put aside lies there too; where nobody needs it any more, {there}")
        return "\n".join(lines)

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class VerifiedRestore(Verified):
    """How a cluster stands after a restore.

    Attributes
    ----------
    cluster
        Name of the cluster.
    machines
        Private addresses of the machines that have joined fleet again.
    findings
        What is not as it should be, one sentence each.
    """

    cluster: str
    machines: tuple[str, ...]
    findings: tuple[str, ...]

    @property
    def summary(self) -> str:
        """One sentence."""
        if self.findings:
            return f"{len(self.findings)} findings on {self.cluster} after the restore: {self.findings[0]}"
        return f"all members of {self.cluster} hold the same, and {len(self.machines)} machines are in fleet again"


def plan_restore(
    workspace: Workspace,
    *,
    place: str | None = None,
    backup: str | None = None,
    origin: str | None = None,
    identity: str | Path | None = None,
    overwrite: bool = False,
    report: Reporter | None = None,
) -> RestorePlan:
    """Plan what a restore would overwrite; changes nothing.

    Parameters
    ----------
    place
        A folder, or ``s3://bucket/prefix``; ``backups`` beside ``runs`` where not given.
    backup
        Its name; where not given that of a restore that was begun and not ended, else the newest.
    origin
        Name of another cluster whose backup it is; this one's where not given.
    identity
        File with the key that opens an encrypted one.
    overwrite
        Whether an etcd that serves may be overwritten.

    Raises
    ------
    PreconditionError
        When the backup is of another cluster, of a newer format or of a newer etcd; when there are masters that
        the cluster file does not name.
    FleetkitError
        When the backup cannot be read or was changed, or a master cannot be reached.
    BusyError
        When another operation is at work on the cluster.
    """
    told, name = report or Reporter(), workspace.cluster.name
    kept_in = open_backup_place(origin or name, place or None, folder=workspace.folder, environ=workspace.environ)
    kept = choose_backup(workspace, kept_in, backup)
    key = Path(identity).expanduser() if identity else None
    with (
        hold_cluster(workspace.paths.folder, operation="plan of a restore"),
        tempfile.TemporaryDirectory(prefix="fleetkit-restore-") as folder,
    ):
        told.note(f"reading {kept.name}")
        fetched = fetch_backup(kept_in, kept, Path(folder), identity=key)
        fetched.require_readable()
        machines = aws.list_instances(workspace.session, name, role="master")
        check_all_named(workspace, machines)
        with open_way_in(workspace) as way:
            told.note("looking at what is there now")
            now = read_stores(way, way.read_health(), fetched.archive)
            members = measure_members(way, machines)
    begun = read_mark(workspace.paths.folder, fetched.sha256)
    plan = RestorePlan(
        cluster=name,
        place=kept_in,
        kept=kept,
        manifest=fetched.archive.manifest,
        file_sha256=fetched.sha256,
        identity=key,
        members=members,
        now=now,
        planned_at=utc_now(),
        overwrite=overwrite,
        begun=begun,
        cautions=find_cautions(workspace, kept, begun=begun),
        pending=find_pending_deliveries(workspace),
        rules=workspace.cluster.approval,
    )
    return record_plan(told, plan)


def apply_restore(
    workspace: Workspace,
    approved: Approved[RestorePlan],
    *,
    patience: Patience = _PATIENCE,
    report: Reporter | None = None,
) -> AppliedRestore:
    """Restore what was approved into all members.

    Raises
    ------
    PreconditionError
        When etcd serves by now and may not be overwritten, or the backup is another than was approved.
    BusyError
        When another operation is at work on the cluster, here or wherever else its state is used.
    WorkflowError
        When a step fails; giving the same command again goes on.
    """
    told, plan = report or Reporter(), approved.plan
    plan.check()
    mine = workspace.paths.folder
    with (
        hold_everywhere(workspace, operation="restore", told=told),
        tempfile.TemporaryDirectory(prefix="fleetkit-restore-") as made,
    ):
        folder = Path(made)
        fetched = fetch_backup(plan.place, plan.kept, folder, identity=plan.identity)
        if fetched.sha256 != plan.file_sha256:
            raise StalePlanError(f"the backup {plan.kept.name} is another than was approved", hint="plan again")
        snapshot = folder / "snapshot.db"
        fetched.archive.extract_snapshot(snapshot)
        with open_way_in(workspace) as way:
            mark = read_mark(mine, plan.file_sha256)
            # One that has ended since is gone on with no more: what serves by now is what clients wrote.
            if not plan.overwrite and not (plan.is_under_way and mark == plan.begun):
                require_silent(way, fetched.archive)
            told.record(EventKind.APPROVAL, approved.facts(workspace))
            mark = mark or make_mark(mine, plan.file_sha256, cluster=plan.cluster, backup=str(plan.kept.name))
            restoring = Restoring(
                workspace=workspace,
                way=way,
                told=told,
                archive=fetched.archive,
                snapshot=snapshot,
                mark=mark,
                place=plan.place.root,
                backup=str(plan.kept.name),
                patience=patience,
            )
            finding = restoring.run()
            # First the mark: a restore that has ended is never gone on with, whatever was left behind.
            drop_mark(mine)
            older = restoring.clean_up()
    aside = MemberFolders(stamp=mark.stamp).aside
    return AppliedRestore(cluster=plan.cluster, aside=aside, older=older, loss=plan.loss, finding=finding)


def verify_restore(
    workspace: Workspace,
    applied: AppliedRestore,
    *,
    patience: Patience = _PATIENCE,
    report: Reporter | None = None,
) -> VerifiedRestore:
    """Look whether all members hold the same, and wait until the machines have joined fleet again.

    Raises
    ------
    EtcdError, NotFoundError, SshError
        When etcd cannot be asked.
    """
    told, findings = report or Reporter(), [applied.finding] if applied.finding else []
    machines: tuple[str, ...] = ()
    with open_way_in(workspace) as way:
        hashes = hash_kv(way.endpoints, tls=way.tls, limits=_HASH_LIMITS)
        if not hashes.agree:
            findings.append(hashes.text)
        try:
            machines = wait_until(
                lambda: _look_at_fleet(workspace, way), what="all machines to be in fleet again", patience=patience
            )
        except WaitTimeoutError as error:
            findings.append(str(error))
    told.record(EventKind.VERIFIED, {"what": "restore", "ok": not findings, "findings": findings})
    return VerifiedRestore(cluster=workspace.cluster.name, machines=machines, findings=tuple(findings))


def _look_at_fleet(workspace: Workspace, way: WayIn) -> tuple[str, ...] | NotYet[tuple[str, ...]]:
    wanted = {
        one.private_address
        for one in aws.list_instances(workspace.session, workspace.cluster.name)
        if one.role in ("master", "internal", "public") and one.state == "running"
    }
    try:
        with way.connect_master() as connection:
            joined = {one.primary_ip for one in FleetClient(way.open_fleet_socket(connection)).list_machines()}
    except ServiceError as error:
        return NotYet(str(error))
    missing = sorted(str(one) for one in wanted - joined)
    return NotYet(f"{', '.join(missing)} not yet") if missing else tuple(sorted(joined))
