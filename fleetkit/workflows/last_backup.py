"""What the cluster's bucket remembers of the last backup: where it is, and how far etcd had come by then.

Members whose data were all lost begin anew by themselves, as the cluster with the id that it had, and are healthy.
What they cannot have again is the log that they had: its index never goes back in the life of a cluster. The bucket
lives just as long as the cluster, and is read by whoever looks, on whatever computer.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from fleetkit import aws
from fleetkit.core import FleetkitError, NotFoundError, format_utc, parse_utc
from fleetkit.etcd import ClusterHealth, Endpoint, EtcdLimits, TlsFiles, read_status
from fleetkit.workflows._reporting import Reporter
from fleetkit.workflows._workspace import Workspace
from fleetkit.workflows.backup_place import BackupPlace

__all__ = ["LastBackup", "find_setback", "note_backup", "note_restore"]

_KEY = "etcd/last-backup.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class LastBackup:
    """The backup of a cluster that was made last, or that it was restored from since.

    Attributes
    ----------
    cluster_id
        etcd's id of the cluster, in hex.
    raft_index
        Where etcd stood in its log by then.
    taken
        When the backup was begun.
    place
        Where it lies: a folder of the computer that made it, or ``s3://bucket/prefix``.
    """

    cluster_id: str
    raft_index: int
    taken: dt.datetime
    place: str

    def to_json(self) -> bytes:
        """Write it as JSON."""
        return json.dumps({**asdict(self), "taken": format_utc(self.taken)}, indent=1).encode()

    @classmethod
    def from_json(cls, content: bytes) -> LastBackup:
        """Read what `to_json` wrote.

        Raises
        ------
        FleetkitError
            When it is not that.
        """
        try:
            found = json.loads(content)
            return cls(
                cluster_id=str(found["cluster_id"]),
                raft_index=int(found["raft_index"]),
                taken=parse_utc(found["taken"]),
                place=str(found["place"]),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise FleetkitError(
                f"the object {_KEY} of the cluster's bucket does not tell of a backup",
                seen=str(error),
                hint="remove it; the next fleetkit etcd backup writes it anew",
            ) from error

    def compare(self, cluster_id: str, raft_index: int, *, cluster: str) -> str:
        """Say what of this etcd has lost since; empty where it goes on from there.

        Parameters
        ----------
        cluster_id, raft_index
            Of the members that serve now.
        cluster
            Name of the cluster, for the command that helps.
        """
        then = format_utc(self.taken)
        mend = f"what was backed up is put back with: fleetkit etcd restore {cluster} --from {self.place}"
        if cluster_id != self.cluster_id:
            return (
                f"etcd is another cluster (id {cluster_id}) than the one of the last backup, of {then} "
                f"(id {self.cluster_id}); where nobody meant that, {mend}; a new backup settles it"
            )
        if raft_index < self.raft_index:
            return (
                f"etcd lost its data and began anew: it stands at {raft_index} of its log, and stood at "
                f"{self.raft_index} at the last backup, of {then}; {mend}"
            )
        return ""


def find_setback(
    workspace: Workspace,
    endpoints: Sequence[Endpoint],
    health: ClusterHealth,
    *,
    tls: TlsFiles | None = None,
    limits: EtcdLimits | None = None,
) -> str:
    """Say whether the members that serve hold less than was once backed up; empty where they do not, or none serves.

    Raises
    ------
    FleetkitError
        When the bucket could not be asked what it remembers.
    """
    serving = {one.name for one in health.members if one.serves}
    last = _read(workspace) if serving else None
    if last is None:
        return ""
    found = read_status([one for one in endpoints if one.name in serving], tls=tls, limits=limits).ok
    if not found:
        return ""
    # Each of them has just read through the quorum; who applied more says more.
    furthest = max(found.values(), key=lambda one: one.raft_index)
    return last.compare(furthest.cluster_id, furthest.raft_index, cluster=workspace.cluster.name)


def note_backup(workspace: Workspace, made: LastBackup, *, report: Reporter) -> None:
    """Have the bucket remember a backup; where it cannot, that is told, and the backup is none the worse for it.

    One of an etcd that began anew does not take the place of one that holds more: the loss would be forgotten by it.
    """
    try:
        last = _read(workspace)
        if last is not None and last.cluster_id == made.cluster_id and made.raft_index < last.raft_index:
            report.note(last.compare(made.cluster_id, made.raft_index, cluster=workspace.cluster.name))
            return
        aws.put_object(workspace.session, workspace.bucket, key=_KEY, content=made.to_json(), always=True)
    except FleetkitError as error:
        report.note(f"the cluster's bucket does not remember this backup: {error.what}")


def note_restore(
    workspace: Workspace,
    endpoints: Sequence[Endpoint],
    *,
    tls: TlsFiles | None,
    taken: dt.datetime,
    place: BackupPlace,
    report: Reporter,
) -> None:
    """Have the bucket remember that etcd goes on from a backup: its log begins anew, and that is no loss."""
    for status in list(read_status(endpoints, tls=tls).ok.values())[:1]:
        now = LastBackup(cluster_id=status.cluster_id, raft_index=status.raft_index, taken=taken, place=place.root)
        note_backup(workspace, now, report=report)


def _read(workspace: Workspace) -> LastBackup | None:
    try:
        return LastBackup.from_json(aws.read_object(workspace.session, workspace.bucket, key=_KEY))
    except NotFoundError:
        return None
