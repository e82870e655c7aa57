"""Where backups of etcd are kept: a folder, or a place in S3; in either, a cluster's own lie under its name."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from fleetkit.aws import AwsLimits, AwsSession
from fleetkit.config import parse_bucket_address
from fleetkit.core import FleetkitError, NotFoundError, call_each
from fleetkit.etcd import BackupName, parse_backup_name
from fleetkit.workflows._backup_files import BackupFiles, FolderFiles
from fleetkit.workflows._bucket_objects import BucketObjects
from fleetkit.workflows._workspace import Workspace
from fleetkit.workflows.kept_backups import BackupListing, BackupProof, KeptBackup

__all__ = ["BackupPlace", "open_backup_place", "open_cluster_backups", "read_backups"]

_PROOF = ".proof.json"
_LIMITS = AwsLimits(connect_timeout_s=5.0, read_timeout_s=30.0, attempts=4)


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupPlace:
    """The backups of one cluster.

    Attributes
    ----------
    cluster
        Its name.
    """

    cluster: str
    _files: BackupFiles

    @property
    def address(self) -> str:
        """Where they are, for people: a folder, or ``s3://bucket/prefix``."""
        return f"{self._files.address}/{self.cluster}"

    @property
    def root(self) -> str:
        """The place itself, as ``--from`` and ``--to`` take it."""
        return self._files.address

    def list_backups(self, *, most_proofs: int | None = None) -> tuple[KeptBackup, ...]:
        """Return the cluster's backups, the newest first.

        Parameters
        ----------
        most_proofs
            How many proofs are read at the most, those of the newest backups first; each is a call of its own where
            the place is a bucket. The other backups are told as if they had none.

        Raises
        ------
        FleetkitError
            When the place cannot be read, or a proof in it is none.
        """
        sizes = self._files.list_sizes(f"{self.cluster}/")
        named = {parse_backup_name(key.removeprefix(f"{self.cluster}/")): size for key, size in sizes.items()}
        names = sorted((one for one in named if one is not None and one.cluster == self.cluster), reverse=True)
        proofs = call_each(
            [name for name in names if f"{self._key(name)}{_PROOF}" in sizes][:most_proofs], self._read_proof
        )
        for error in proofs.failed.values():
            raise error
        return tuple(KeptBackup(name=name, size_bytes=named[name], proof=proofs.ok.get(name)) for name in names)

    def find_backup(self, name: str | None = None) -> KeptBackup:
        """Return the backup called ``name``; the newest where not given.

        Raises
        ------
        NotFoundError
            When there is none; lists those that there are.
        """
        there = self.list_backups()
        found = [one for one in there if name in (None, str(one.name))]
        if not found:
            what = f"no backup of {self.cluster}" if name is None else f"no backup {name}"
            raise NotFoundError(
                f"{what} in {self.address}",
                known=[str(one.name) for one in there],
                hint=f"fleetkit etcd backup {self.cluster} makes one",
            )
        return found[0]

    def keep_file(self, name: BackupName, file: Path) -> None:
        """Keep a backup's file under its name; nothing half of it is ever seen there."""
        self._files.send_file(self._key(name), file)

    def fetch_file(self, name: BackupName, target: Path) -> None:
        """Write a backup into a file of this computer.

        Raises
        ------
        FleetkitError
            When it is no longer there or cannot be read, or the file cannot be written, as on a disk that is full.
        """
        try:
            self._files.fetch_file(self._key(name), target)
        except OSError as error:
            raise FleetkitError(
                f"the backup {name} cannot be fetched",
                seen=error.strerror or str(error),
                hint=f"see that it is still there and may be read, and that {target.parent} has room (TMPDIR)",
            ) from error

    def write_proof(self, name: BackupName, proof: BackupProof) -> None:
        """Put a proof beside its backup."""
        self._files.write_object(f"{self._key(name)}{_PROOF}", proof.to_json())

    def remove_backups(self, names: Iterable[BackupName]) -> None:
        """Remove backups with their proofs."""
        keys = [self._key(name) for name in names]
        # First the backup: a proof without one is nothing, and a backup without its proof would look unproven.
        self._files.delete_objects([*keys, *(f"{key}{_PROOF}" for key in keys)])

    def _key(self, name: BackupName) -> str:
        return f"{self.cluster}/{name}"

    def _read_proof(self, name: BackupName) -> BackupProof:
        key = f"{self._key(name)}{_PROOF}"
        return BackupProof.from_json(self._files.read_object(key), where=f"{self._files.address}/{key}")


def open_backup_place(
    cluster: str,
    where: str | None = None,
    *,
    folder: Path | None = None,
    environ: Mapping[str, str] | None = None,
    session: AwsSession | None = None,
) -> BackupPlace:
    """Find out where a cluster's backups are kept; nothing is asked of AWS yet.

    Parameters
    ----------
    cluster
        The cluster's name; its file need not be there any more.
    where
        A folder, or ``s3://bucket/prefix``; ``backups`` of ``folder`` where not given.
    folder
        The folder to work in; the current one where not given.
    environ
        The environment; the process's own where not given.
    session
        By which a bucket is asked; one of its own where not given.

    Raises
    ------
    SettingsError
        When ``where`` begins with ``s3://`` and is no such place.
    """
    environ = os.environ if environ is None else environ
    if where is not None and where.startswith("s3://"):
        bucket = parse_bucket_address(where, what="the place of backups")
        return BackupPlace(
            cluster=cluster, _files=BucketObjects(bucket, environ=environ, limits=_LIMITS, session=session)
        )
    return BackupPlace(cluster=cluster, _files=FolderFiles((folder or Path.cwd()) / (where or "backups")))


def open_cluster_backups(workspace: Workspace, place: str | None = None) -> BackupPlace:
    """Find out where the backups of a workspace's cluster are kept; ``backups`` beside ``runs`` where not given."""
    return open_backup_place(workspace.cluster.name, place, folder=workspace.folder, environ=workspace.environ)


def read_backups(workspace: Workspace, *, place: str | None = None) -> BackupListing:
    """List the backups of a cluster.

    Parameters
    ----------
    place
        A folder, or ``s3://bucket/prefix``; ``backups`` beside ``runs`` where not given.

    Raises
    ------
    FleetkitError
        When the place cannot be read.
    """
    kept_in = open_cluster_backups(workspace, place)
    return BackupListing(address=kept_in.address, backups=kept_in.list_backups())
