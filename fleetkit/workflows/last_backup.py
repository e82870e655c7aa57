"""What the cluster's bucket remembers of the last backup: where it is, and how far etcd had come by then.

Members whose data were all lost begin anew by themselves, as the cluster with the id that it had, and are healthy.
What they cannot have again is what they had: index and term of the log and the revision never go back in the life of
a cluster, and what the store held at a revision stays the same. The bucket lives just as long as the cluster, and is
read by whoever looks, on whatever computer.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from fleetkit import aws
from fleetkit.core import FleetkitError, NotFoundError, format_utc, parse_utc
from fleetkit.etcd import ClusterHealth, Endpoint, EtcdLimits, MemberStatus, TlsFiles, find_values, read_status
from fleetkit.workflows._reporting import Reporter
from fleetkit.workflows._workspace import Workspace

__all__ = ["LastBackup", "find_setback", "note_backup", "recall_backup"]

_KEY = "etcd/last-backup.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class LastBackup:
    """The backup of a cluster that was made last, or that it was restored from since.

    Attributes
    ----------
    cluster_id
        etcd's id of the cluster, in hex.
    raft_index, raft_term
        Where etcd stood in its log by then.
    revision
        Of the v3 store in the backup.
    digest
        Of some values at that revision; empty where the store had none.
    taken
        When the backup was begun.
    place
        Where it lies: a folder of the computer that made it, or ``s3://bucket/prefix``.
    name
        Its name there; empty where that was not noted.
    """

    cluster_id: str
    raft_index: int
    raft_term: int
    revision: int
    digest: str
    taken: dt.datetime
    place: str
    name: str = ""

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
                raft_term=int(found["raft_term"]),
                revision=int(found["revision"]),
                digest=str(found["digest"]),
                taken=parse_utc(found["taken"]),
                place=str(found["place"]),
                name=str(found.get("name", "")),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise FleetkitError(
                f"the object {_KEY} of the cluster's bucket does not tell of a backup",
                seen=str(error),
                hint="remove it; the next fleetkit etcd backup writes it anew",
            ) from error

    def compare(self, status: MemberStatus) -> str:
        """Say how a member that serves shows that it does not go on from there; empty where it may."""
        for what, now, then in (
            ("of its log", status.raft_index, self.raft_index),
            ("of its terms", status.raft_term, self.raft_term),
            ("of its revisions", status.revision, self.revision),
        ):
            if now < then:
                return f"it stands at {now} {what}, and stood at {then}"
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
        When the bucket could not be asked what it remembers, or no member what it holds.
    """
    serving = {one.name for one in health.members if one.serves}
    last = recall_backup(workspace) if serving else None
    if last is None:
        return ""
    asked = [one for one in endpoints if one.name in serving]
    return _compare(workspace.cluster.name, last, asked, tls=tls, limits=limits)


def note_backup(
    workspace: Workspace,
    endpoints: Sequence[Endpoint],
    made: LastBackup,
    *,
    tls: TlsFiles | None = None,
    report: Reporter,
) -> str:
    """Have the bucket remember a backup; where it cannot, that is told, and the backup is none the worse for it.

    One of an etcd that began anew does not take the place of one that holds more: the loss would be forgotten by it.

    Returns
    -------
    str
        What was lost before this backup, and how it is put back; empty where nothing was.
    """
    try:
        last = recall_backup(workspace)
        if last is not None and last.cluster_id == made.cluster_id:
            lost = _compare(workspace.cluster.name, last, endpoints, tls=tls)
            if lost:
                report.note(lost)
                return lost
        aws.put_object(workspace.session, workspace.bucket, key=_KEY, content=made.to_json(), always=True)
    except FleetkitError as error:
        report.note(f"the cluster's bucket does not remember this backup: {error.what}")
    return ""


def _compare(
    cluster: str,
    last: LastBackup,
    endpoints: Sequence[Endpoint],
    *,
    tls: TlsFiles | None,
    limits: EtcdLimits | None = None,
) -> str:
    found = read_status(endpoints, tls=tls, limits=limits)
    if not found.ok:
        raise next(iter(found.failed.values()))
    # Each of them has just read through the quorum; who applied more says more.
    name = max(found.ok, key=lambda one: found.ok[one].raft_index)
    status = found.ok[name]
    then = format_utc(last.taken)
    # By its name: what was backed up since, newer and emptier, is not what is to be put back.
    which = f" --backup {last.name}" if last.name else ""
    mend = f"what was backed up is put back with: fleetkit etcd restore {cluster} --from {last.place}{which}"
    if status.cluster_id != last.cluster_id:
        return (
            f"etcd is another cluster (id {status.cluster_id}) than the one of the last backup, of {then} "
            f"(id {last.cluster_id}); where nobody meant that, {mend}; a new backup settles it"
        )
    how = last.compare(status)
    if not how and last.digest:
        endpoint = next(one for one in endpoints if one.name == name)
        if find_values(endpoint, last.digest, revision=last.revision, tls=tls, limits=limits) is False:
            how = f"its values at revision {last.revision} are not those"
    return f"etcd lost its data and began anew: {how} at the last backup, of {then}; {mend}" if how else ""


def recall_backup(workspace: Workspace) -> LastBackup | None:
    """Return the backup that the cluster's bucket remembers; None where it remembers none.

    Raises
    ------
    FleetkitError
        When the bucket could not be asked, or does not tell of a backup.
    """
    try:
        return LastBackup.from_json(aws.read_object(workspace.session, workspace.bucket, key=_KEY))
    except NotFoundError:
        return None
