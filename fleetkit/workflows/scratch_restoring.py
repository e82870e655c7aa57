"""Restore a backup into a scratch etcd on this computer, to look into it: the cluster is neither asked nor changed."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from fleetkit.core import EtcdError
from fleetkit.etcd import BackupManifest, ScratchEtcd, find_scratch_programs
from fleetkit.workflows._reporting import Reporter
from fleetkit.workflows._restored_scratch import restore_scratch
from fleetkit.workflows._shown import Shown
from fleetkit.workflows.backup_place import BackupPlace
from fleetkit.workflows.kept_backups import KeptBackup

__all__ = ["RestoredScratch", "open_restored_scratch"]


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class RestoredScratch(Shown):
    """A backup that is served on this computer.

    Attributes
    ----------
    kept
        The backup.
    manifest
        What it says of itself.
    url
        Where both its stores are served, without TLS and on 127.0.0.1 alone.
    """

    kept: KeptBackup
    manifest: BackupManifest
    url: str
    _scratch: ScratchEtcd

    @property
    def etcdctl_environment(self) -> dict[str, str]:
        """The environment in which etcdctl asks it."""
        return {"ETCDCTL_API": "3", "ETCDCTL_ENDPOINTS": self.url}

    def wait(self) -> None:
        """Wait until it ends by itself, as it does only when something is wrong.

        Raises
        ------
        EtcdError
            When it does.
        """
        raise EtcdError("the scratch etcd ended", seen=self._scratch.wait())

    def __str__(self) -> str:
        keys = f"{self.manifest.sample.keys} keys, and {self.manifest.v2_keys} in the v2 store"
        return f"{self.kept.name} is served at {self.url}: revision {self.manifest.revision}, {keys}"


@contextlib.contextmanager
def open_restored_scratch(
    place: BackupPlace, name: str | None = None, *, identity: Path | None = None, report: Reporter | None = None
) -> Iterator[RestoredScratch]:
    """Restore a backup into a scratch etcd, and serve it for the length of a block; nothing of it stays.

    Parameters
    ----------
    place
        Where the cluster's backups are kept.
    name
        Which one; the newest where not given.
    identity
        File with the age identity or SSH private key that opens it; needed where it is encrypted, unless KMS opens it.

    Raises
    ------
    FleetkitError
        As `drill_backup` does.
    """
    told, programs = report or Reporter(), find_scratch_programs()
    kept = place.find_backup(name)
    told.note(f"restoring {kept.name} into a scratch etcd {programs.version}")
    with (
        tempfile.TemporaryDirectory(prefix="fleetkit-scratch-") as made,
        restore_scratch(place, kept, Path(made), programs=programs, identity=identity) as restored,
    ):
        yield RestoredScratch(
            kept=kept,
            manifest=restored.fetched.archive.manifest,
            url=f"http://{restored.scratch.endpoint.dialled}",
            _scratch=restored.scratch,
        )
