"""A backup brought to this computer, opened where it is encrypted, and compared with its manifest."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from fleetkit.core import PreconditionError, SettingsError
from fleetkit.etcd import BackupArchive, Seal, read_backup
from fleetkit.workflows._sealing import open_sealed
from fleetkit.workflows.backup_place import BackupPlace
from fleetkit.workflows.kept_backups import KeptBackup

__all__ = ["FetchedBackup", "fetch_backup"]

_LINE = (3, 5)
"""The line of etcd of a cluster: a store that a newer one wrote is not read by it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchedBackup:
    """A backup in a folder of this computer.

    Attributes
    ----------
    archive
        What it holds; every part was compared with the manifest.
    sha256
        Of the file as it is kept, in hex.
    """

    archive: BackupArchive
    sha256: str

    def require_readable(self) -> None:
        """Make sure that a cluster can read it.

        Raises
        ------
        PreconditionError
            When it is of a newer etcd.
        """
        newer = {
            name: version
            for name, version in self.archive.manifest.versions.items()
            if tuple(int(part) for part in version.split(".")[:2]) > _LINE
        }
        if newer:
            raise PreconditionError(
                "the backup is of a newer etcd than a cluster runs",
                seen=", ".join(f"{name} ran {version}" for name, version in newer.items()),
                hint="fleet needs the v2 store, which etcd 3.5 was the last to have; nothing was changed",
            )


def fetch_backup(place: BackupPlace, kept: KeptBackup, folder: Path, *, identity: Path | None = None) -> FetchedBackup:
    """Fetch a backup into a folder, which is the caller's to remove, and read it.

    Parameters
    ----------
    identity
        File with the age identity or SSH private key that opens it; needed where it is encrypted, unless KMS opens it.

    Raises
    ------
    PreconditionError
        When it is of another cluster than the place's, or of a newer format.
    SettingsError
        When a key in a file is needed and not given, or does not open it.
    AwsError
        When KMS cannot be asked, or does not let these credentials decrypt.
    FleetkitError
        When it cannot be fetched, was cut off, or is not what was packed.
    """
    if kept.name.seal is Seal.AGE and identity is None:
        raise SettingsError(f"the backup {kept.name} is encrypted", hint="give the key that opens it: --identity FILE")
    file = folder / str(kept.name)
    place.fetch_file(kept.name, file)
    with file.open("rb") as stream:
        sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
    file = open_sealed(file, kept.name.seal, cluster=place.cluster, identity=identity)
    return FetchedBackup(archive=read_backup(file, cluster=place.cluster), sha256=sha256)
