"""Where backups of etcd are kept: a folder, or a place in S3; in either, a cluster's own lie under its name.

Beside each backup may lie the proof that it was restored once. One without is unproven, and is listed so.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import os
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Protocol

from fleetkit.aws import AwsLimits
from fleetkit.config import parse_bucket_address
from fleetkit.core import FleetkitError, NotFoundError, format_utc, parse_utc
from fleetkit.etcd import BackupName, Retention, parse_backup_name
from fleetkit.workflows._bucket_objects import BucketObjects

__all__ = ["BackupPlace", "BackupProof", "KeptBackup", "open_backup_place", "select_removable"]

_PROOF = ".proof.json"
_LIMITS = AwsLimits(connect_timeout_s=5.0, read_timeout_s=30.0, attempts=4)


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupProof:
    """What came of restoring a backup into a scratch etcd.

    Attributes
    ----------
    drilled
        When.
    sha256
        Of the backup's file, in hex.
    findings
        What was not as it should be; none where the backup is proven.
    rpo_s
        Seconds between the backup and the drill: what would have been lost.
    rto_s
        Seconds that it took from fetching the backup until both stores served.
    """

    drilled: dt.datetime
    sha256: str
    findings: tuple[str, ...]
    rpo_s: float
    rto_s: float

    def to_json(self) -> bytes:
        """Write it as JSON."""
        return json.dumps({**asdict(self), "drilled": format_utc(self.drilled)}, indent=1).encode()

    @classmethod
    def from_json(cls, content: bytes, *, where: str) -> BackupProof:
        """Read what `to_json` wrote.

        Raises
        ------
        FleetkitError
            When it is not that.
        """
        try:
            found = json.loads(content)
            return cls(
                drilled=parse_utc(found["drilled"]),
                sha256=str(found["sha256"]),
                findings=tuple(str(one) for one in found["findings"]),
                rpo_s=float(found["rpo_s"]),
                rto_s=float(found["rto_s"]),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise FleetkitError(
                f"{where} is no proof of a backup", seen=str(error), hint="remove it, and drill the backup again"
            ) from error


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptBackup:
    """A backup that is there.

    Attributes
    ----------
    name
        Its name, which says when it was taken and at which revision.
    size_bytes
        Of the file.
    proof
        What came of its last drill; None where it was never drilled.
    """

    name: BackupName
    size_bytes: int
    proof: BackupProof | None

    @property
    def state(self) -> str:
        """Whether it can be relied on, in one word."""
        if self.proof is None:
            return "unproven"
        return "failed" if self.proof.findings else "proven"


class _Files(Protocol):
    """Files under names of one level, wherever they are."""

    @property
    def address(self) -> str: ...

    def list_sizes(self, prefix: str = "") -> dict[str, int]: ...

    def read_object(self, key: str) -> bytes: ...

    def write_object(self, key: str, content: bytes) -> None: ...

    def send_file(self, key: str, file: Path) -> None: ...

    def fetch_file(self, key: str, target: Path) -> None: ...

    def delete_objects(self, keys: Iterable[str]) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupPlace:
    """The backups of one cluster.

    Attributes
    ----------
    cluster
        Its name.
    """

    cluster: str
    _files: _Files

    @property
    def address(self) -> str:
        """Where they are, for people: a folder, or ``s3://bucket/prefix``."""
        return f"{self._files.address}/{self.cluster}"

    def list_backups(self) -> tuple[KeptBackup, ...]:
        """Return the cluster's backups, the newest first.

        Raises
        ------
        FleetkitError
            When the place cannot be read, or a proof in it is none.
        """
        sizes = self._files.list_sizes(f"{self.cluster}/")
        named = {parse_backup_name(key.removeprefix(f"{self.cluster}/")): size for key, size in sizes.items()}
        return tuple(
            KeptBackup(name=name, size_bytes=named[name], proof=self._read_proof(name, sizes))
            for name in sorted((one for one in named if one is not None), reverse=True)
            if name.cluster == self.cluster
        )

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
        """Write a backup into a file of this computer."""
        self._files.fetch_file(self._key(name), target)

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

    def _read_proof(self, name: BackupName, sizes: Mapping[str, int]) -> BackupProof | None:
        key = f"{self._key(name)}{_PROOF}"
        if key not in sizes:
            return None
        return BackupProof.from_json(self._files.read_object(key), where=f"{self._files.address}/{key}")


class _FolderFiles:
    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @property
    def address(self) -> str:
        return str(self._folder)

    def list_sizes(self, prefix: str = "") -> dict[str, int]:
        found = (self._folder / prefix).glob("*")
        return {str(path.relative_to(self._folder)): path.stat().st_size for path in found if path.is_file()}

    def read_object(self, key: str) -> bytes:
        return (self._folder / key).read_bytes()

    def write_object(self, key: str, content: bytes) -> None:
        with self._naming(key) as half:
            half.write_bytes(content)

    def send_file(self, key: str, file: Path) -> None:
        with self._naming(key) as half:
            shutil.copyfile(file, half)
            # Values of the stores are in it: it is for its owner alone.
            half.chmod(0o600)

    def fetch_file(self, key: str, target: Path) -> None:
        shutil.copyfile(self._folder / key, target)

    def delete_objects(self, keys: Iterable[str]) -> None:
        for key in keys:
            (self._folder / key).unlink(missing_ok=True)

    @contextlib.contextmanager
    def _naming(self, key: str) -> Iterator[Path]:
        """Give a file to write beside the one that is meant, and rename it when it is whole."""
        target = self._folder / key
        half = target.with_name(f".{target.name}.part")
        try:
            target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            yield half
            half.replace(target)
        except OSError as error:
            with contextlib.suppress(OSError):
                half.unlink(missing_ok=True)
            raise FleetkitError(
                f"the backup {target} cannot be kept",
                seen=error.strerror or str(error),
                hint="see that the folder may be written to, and that its disk has room",
            ) from error


def open_backup_place(
    cluster: str, where: str | None = None, *, folder: Path | None = None, environ: Mapping[str, str] | None = None
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

    Raises
    ------
    SettingsError
        When ``where`` begins with ``s3://`` and is no such place.
    """
    environ = os.environ if environ is None else environ
    if where is not None and where.startswith("s3://"):
        bucket = parse_bucket_address(where, what="the place of backups")
        return BackupPlace(cluster=cluster, _files=BucketObjects(bucket, environ=environ, limits=_LIMITS))
    return BackupPlace(cluster=cluster, _files=_FolderFiles((folder or Path.cwd()) / (where or "backups")))


def select_removable(backups: Sequence[KeptBackup], retention: Retention) -> tuple[KeptBackup, ...]:
    """Return which of a place's backups no rule keeps; the newest that is proven stays too, whatever the rules say."""
    kept = retention.choose_kept(one.name for one in backups)
    proven = max((one.name for one in backups if one.state == "proven"), default=None)
    return tuple(one for one in backups if one.name not in kept and one.name != proven)
