"""A backup fetched and restored into a scratch etcd: both stores served on loopback, for the length of a block."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from fleetkit.etcd import ScratchEtcd, ScratchPrograms, open_scratch, put_tree
from fleetkit.workflows._fetched_backup import FetchedBackup, fetch_backup
from fleetkit.workflows.backup_place import BackupPlace
from fleetkit.workflows.kept_backups import KeptBackup

__all__ = ["RestoredBackup", "restore_scratch"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RestoredBackup:
    """A backup whose stores are both served.

    Attributes
    ----------
    fetched
        The backup, as it was fetched.
    snapshot
        Its v3 snapshot, in a file.
    scratch
        The etcd that serves it.
    """

    fetched: FetchedBackup
    snapshot: Path
    scratch: ScratchEtcd


@contextlib.contextmanager
def restore_scratch(
    place: BackupPlace, kept: KeptBackup, folder: Path, *, programs: ScratchPrograms, identity: Path | None
) -> Iterator[RestoredBackup]:
    """Fetch a backup into an empty folder, which is the caller's to remove, and serve it.

    Raises
    ------
    PreconditionError
        When it is of another cluster, of a newer format or of a newer etcd.
    FleetkitError
        When it cannot be fetched or opened, was cut off or changed, or cannot be restored.
    """
    fetched = fetch_backup(place, kept, folder, identity=identity)
    fetched.require_readable()
    snapshot = folder / "snapshot.db"
    fetched.archive.extract_snapshot(snapshot)
    with open_scratch(snapshot, folder, programs=programs) as scratch:
        put_tree(scratch.endpoint, fetched.archive.tree)
        yield RestoredBackup(fetched=fetched, snapshot=snapshot, scratch=scratch)
