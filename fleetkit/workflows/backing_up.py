"""Back up: both stores of etcd in one file, read through the way in and kept where it outlasts the cluster.

Nothing of the cluster is changed. One member is asked for all of it: one that is not behind, and not the leader
where another will do, for a snapshot costs its sender.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from fleetkit.core import BusyError, EtcdError, format_utc, utc_now
from fleetkit.etcd import (
    V2_ROOTS,
    BackupManifest,
    BackupName,
    Endpoint,
    EtcdLimits,
    MemberStatus,
    TlsFiles,
    pack_backup,
    read_both_stores,
    read_status,
)
from fleetkit.runs import EventKind
from fleetkit.workflows._reporting import Reporter
from fleetkit.workflows._restore_mark import find_mark
from fleetkit.workflows._sealing import prepare_seals, seal_backup
from fleetkit.workflows._shown import Shown
from fleetkit.workflows._workspace import Workspace
from fleetkit.workflows.backup_place import BackupPlace, open_cluster_backups
from fleetkit.workflows.kept_backups import KeptBackup
from fleetkit.workflows.last_backup import LastBackup, note_backup
from fleetkit.workflows.way_in import open_way_in

__all__ = ["TakenBackup", "back_up", "back_up_etcd", "remember_backup"]


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class TakenBackup(Shown):
    """A backup that was made.

    Attributes
    ----------
    kept
        The backup where it is kept; unproven, until it is drilled.
    address
        Where that is.
    manifest
        What it says of itself.
    took_s
        Seconds that it took.
    place
        The place that it is kept in, as a restore is told of it.
    raft_index, raft_term
        Where etcd stood in its log before it was asked.
    setback
        What etcd had lost before, since its bucket remembers a backup that holds more; empty where nothing.
    """

    kept: KeptBackup
    address: str
    manifest: BackupManifest
    took_s: float
    place: str
    raft_index: int
    raft_term: int
    setback: str = ""

    @property
    def outcome(self) -> str:
        """``findings`` where what it holds is less than what was backed up before."""
        return "findings" if self.setback else "done"

    @property
    def last(self) -> LastBackup:
        """What the cluster's bucket is to remember of it."""
        return LastBackup(
            cluster_id=self.manifest.cluster_id,
            raft_index=self.raft_index,
            raft_term=self.raft_term,
            revision=self.manifest.revision,
            digest=self.manifest.sample.digest,
            taken=self.manifest.taken,
            place=self.place,
            name=str(self.kept.name),
        )

    @property
    def summary(self) -> str:
        """The whole in one sentence."""
        told = (
            f"{self.manifest.cluster} is backed up at revision {self.manifest.revision}: "
            f"{self.manifest.sample.keys} keys, and {self.manifest.v2_keys} in the v2 store, in {self.address}"
        )
        return f"{told}; it holds less than the backup before it" if self.setback else told

    def __str__(self) -> str:
        lost = [f"  - {self.setback}"] if self.setback else []
        return "\n".join([self.summary, f"  - {self.kept}", f"  - read from {self.manifest.member}", *lost])


def back_up_etcd(
    workspace: Workspace,
    *,
    place: str | None = None,
    seal_for: Sequence[str] = (),
    report: Reporter | None = None,
) -> TakenBackup:
    """Back up a cluster through its way in.

    Parameters
    ----------
    place
        A folder, or ``s3://bucket/prefix``; ``backups`` beside ``runs`` where not given.
    seal_for
        Whom it is encrypted for: age recipients, SSH public keys, a key in KMS (``awskms:…``); blank ones count not.
        Where none is left it is not encrypted.
    report
        Told what goes on.

    Raises
    ------
    FleetkitError
        When the way in cannot be opened, no member can be asked, or the backup cannot be kept.
    BusyError
        When a restore was begun on this computer and not ended: what etcd holds by then is half of something.
    """
    unfinished = find_mark(workspace.paths.folder)
    if unfinished is not None:
        name = workspace.cluster.name
        raise BusyError(
            f"a restore of {name} was begun at {unfinished.stamp} and not ended: it is not backed up half-restored",
            hint=f"go on with it: fleetkit etcd restore {name}",
        )
    kept_in = open_cluster_backups(workspace, place)
    with open_way_in(workspace) as way:
        taken = back_up(
            way.endpoints,
            kept_in,
            tls=way.tls,
            roots=workspace.cluster.etcd.v2_roots,
            seal_for=seal_for,
            report=report,
        )
        return remember_backup(workspace, way.endpoints, taken, tls=way.tls, report=report)


def remember_backup(
    workspace: Workspace,
    endpoints: Sequence[Endpoint],
    taken: TakenBackup,
    *,
    tls: TlsFiles | None = None,
    report: Reporter | None = None,
) -> TakenBackup:
    """Have the cluster's bucket remember a backup, and return it with what etcd had lost before."""
    setback = note_backup(workspace, endpoints, taken.last, tls=tls, report=report or Reporter())
    return replace(taken, setback=setback)


def back_up(
    endpoints: Sequence[Endpoint],
    place: BackupPlace,
    *,
    tls: TlsFiles | None = None,
    limits: EtcdLimits | None = None,
    roots: Sequence[str] = V2_ROOTS,
    seal_for: Sequence[str] = (),
    report: Reporter | None = None,
) -> TakenBackup:
    """Back up any etcd.

    Parameters
    ----------
    endpoints
        Its members.
    place
        Where the backup is kept, and of which cluster it is.
    roots
        Roots of the v2 store; hidden ones are named beside ``/``.
    seal_for
        Whom it is encrypted for: age recipients, SSH public keys, a key in KMS (``awskms:…``); blank ones count not.
        Where none is left it is not encrypted.

    Raises
    ------
    EtcdError
        When no member can be asked, or the snapshot broke off.
    FleetkitError
        When the backup cannot be kept.
    SettingsError
        When one of ``seal_for`` is no key.
    """
    report, begun = report or Reporter(), utc_now()
    seals = prepare_seals(seal_for, cluster=place.cluster)
    statuses = read_status(endpoints, tls=tls, limits=limits)
    source = _choose_source(endpoints, statuses.ok)
    report.note(f"reading both stores of {source.name}")
    with tempfile.TemporaryDirectory(prefix="fleetkit-backup-") as folder:
        read = read_both_stores(source, Path(folder) / "snapshot.db", roots=roots, tls=tls, limits=limits)
        snapshot, tree = read.snapshot, read.tree
        manifest = BackupManifest(
            cluster=place.cluster,
            cluster_id=statuses.ok[source.name].cluster_id,
            taken=begun.replace(microsecond=0),
            member=source.name,
            revision=snapshot.revision,
            v2_index=tree.index,
            v2_keys=tree.keys,
            sample=read.sample,
            versions={name: status.version for name, status in statuses.ok.items()},
            members=read.members,
            parts={},
        )
        packed = Path(folder) / "backup.tar"
        manifest = pack_backup(packed, manifest, snapshot=snapshot, tree=tree)
        packed = seal_backup(packed, seals)
        name = BackupName(taken=manifest.taken, revision=snapshot.revision, cluster=place.cluster, seal=seals.seal)
        kept = KeptBackup(name=name, size_bytes=packed.stat().st_size, proof=None)
        place.keep_file(name, packed)
    taken = TakenBackup(
        kept=kept,
        address=f"{place.address}/{name}",
        manifest=manifest,
        took_s=(utc_now() - begun).total_seconds(),
        place=place.root,
        raft_index=statuses.ok[source.name].raft_index,
        raft_term=statuses.ok[source.name].raft_term,
    )
    report.record(
        EventKind.FACT,
        {
            "about": "backup",
            "address": taken.address,
            "taken": format_utc(begun),
            "revision": manifest.revision,
            "v2_index": manifest.v2_index,
            "size_bytes": kept.size_bytes,
            "snapshot_sha256": snapshot.sha256,
        },
    )
    return taken


def _choose_source(endpoints: Sequence[Endpoint], statuses: dict[str, MemberStatus]) -> Endpoint:
    """Return the member to ask: one that sees a leader and is not behind, and not the leader where another will do."""
    fit = {name: one for name, one in statuses.items() if one.leader and not one.is_learner}
    if not fit:
        seen = "; ".join(f"{name} sees no leader" for name in statuses) or "none answers"
        raise EtcdError(
            "no member of etcd can be backed up", seen=seen, transient=True, hint="fleetkit etcd health says why"
        )
    furthest = max(one.raft_applied_index for one in fit.values())
    # A follower hears of each entry a moment after its leader; what is further behind has stopped to listen.
    near = {name: one for name, one in fit.items() if furthest - one.raft_applied_index <= _NEAR}
    chosen = min(near, key=lambda name: (near[name].is_leader, -near[name].raft_applied_index))
    return next(one for one in endpoints if one.name == chosen)


_NEAR = 100
"""Entries by which a member may lie behind the furthest one and still be asked."""
