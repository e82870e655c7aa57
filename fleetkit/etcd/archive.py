"""A backup as one file: an uncompressed tar that any tar reads, with the manifest first.

``manifest.json`` says what the rest is; ``snapshot.db`` is the v3 store, as etcdutl restores it;
``v2.json`` is the v2 tree, which a snapshot does not carry. Nothing of it is believed before its hash was compared.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO

from fleetkit.core import FleetkitError, PreconditionError
from fleetkit.etcd._files import writing_whole
from fleetkit.etcd.manifest import BackupManifest, BackupPart
from fleetkit.etcd.snapshot import SavedSnapshot
from fleetkit.etcd.tree import V2Tree

__all__ = ["BackupArchive", "open_envelope", "pack_backup", "pack_envelope", "read_backup"]

_MANIFEST, _SNAPSHOT, _TREE = "manifest.json", "snapshot.db", "v2.json"
_KEY, _SEALED = "key.json", "backup.tar.age"
_LARGEST_KEY = 64 * 1024
_LARGEST_MANIFEST = 16 * 1024 * 1024
_PIECE_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupArchive:
    """A backup whose parts were all compared with its manifest.

    Attributes
    ----------
    path
        The file.
    manifest
        What it says of itself.
    tree
        The v2 store.
    """

    path: Path
    manifest: BackupManifest
    tree: V2Tree

    def extract_snapshot(self, target: Path) -> None:
        """Write the v3 snapshot into a file, for etcdutl.

        Raises
        ------
        FleetkitError
            When the archive changed since it was read, or the file cannot be written.
        """
        with writing_whole(target, what="snapshot") as stream, _open(self.path) as tar:
            _compare(self.path, _SNAPSHOT, _copy(_part(tar, self.path, _SNAPSHOT), stream), self.manifest)


def pack_backup(target: Path, manifest: BackupManifest, *, snapshot: SavedSnapshot, tree: V2Tree) -> BackupManifest:
    """Pack a backup, and return its manifest with the hashes of what was packed.

    Parameters
    ----------
    target
        The file; written beside it and renamed, so that half a backup never bears the name.
    manifest
        All but the parts.

    Raises
    ------
    FleetkitError
        When the file cannot be written, as on a disk that is full.
    """
    content = tree.to_json()
    parts = {
        _SNAPSHOT: BackupPart(size_bytes=snapshot.size_bytes, sha256=snapshot.sha256),
        _TREE: BackupPart(size_bytes=len(content), sha256=hashlib.sha256(content).hexdigest()),
    }
    manifest = replace(manifest, parts=parts)
    with (
        writing_whole(target, what="backup") as stream,
        tarfile.open(fileobj=stream, mode="w", format=tarfile.PAX_FORMAT) as tar,
        snapshot.path.open("rb") as saved,
    ):
        taken = manifest.taken.timestamp()
        _add(tar, _MANIFEST, io.BytesIO(manifest.to_json()), taken=taken)
        _add(tar, _TREE, io.BytesIO(content), taken=taken)
        _add(tar, _SNAPSHOT, saved, taken=taken)
    return manifest


def read_backup(path: Path, *, cluster: str | None = None) -> BackupArchive:
    """Read a backup, and compare every part of it with its manifest; nothing is written anywhere.

    Parameters
    ----------
    cluster
        The cluster of which it must be; of any where not given.

    Raises
    ------
    PreconditionError
        When it is of another cluster, or of a newer format.
    FleetkitError
        When it is not there, is no backup, was cut off, or a part is not what the manifest says.
    """
    with _open(path) as tar:
        stream = _part(tar, path, _MANIFEST)
        manifest = BackupManifest.from_json(stream.read(_LARGEST_MANIFEST), where=str(path))
        if cluster not in (None, manifest.cluster):
            raise PreconditionError(
                f"the backup {path} is of another cluster",
                seen=f"it is of {manifest.cluster}, not of {cluster}",
                hint="name a backup of this cluster; nothing was changed",
            )
        missing = {_SNAPSHOT, _TREE} - manifest.parts.keys()
        if missing:
            raise FleetkitError(f"{path} is no backup of etcd", seen=f"its manifest names no {sorted(missing)[0]}")
        tree = io.BytesIO()
        for name, target in ((_TREE, tree), (_SNAPSHOT, None)):
            _compare(path, name, _copy(_part(tar, path, name), target), manifest)
    return BackupArchive(path=path, manifest=manifest, tree=V2Tree.from_json(tree.getvalue()))


def pack_envelope(target: Path, key: bytes, sealed: Path) -> None:
    """Put what opens an encrypted backup, itself wrapped, into one file with it: a tar of both.

    Raises
    ------
    FleetkitError
        When the file cannot be written, as on a disk that is full.
    """
    with (
        writing_whole(target, what="backup") as stream,
        tarfile.open(fileobj=stream, mode="w", format=tarfile.PAX_FORMAT) as tar,
        sealed.open("rb") as content,
    ):
        taken = sealed.stat().st_mtime
        _add(tar, _KEY, io.BytesIO(key), taken=taken)
        _add(tar, _SEALED, content, taken=taken)


def open_envelope(path: Path, sealed: Path) -> bytes:
    """Write the encrypted backup out of what `pack_envelope` packed into a file, and return what opens it.

    Raises
    ------
    FleetkitError
        When it is none, or was cut off, or the file cannot be written.
    """
    with writing_whole(sealed, what="backup") as stream, _open(path) as tar:
        key = _part(tar, path, _KEY).read(_LARGEST_KEY)
        _copy(_part(tar, path, _SEALED), stream)
    return key


@contextlib.contextmanager
def _open(path: Path) -> Iterator[tarfile.TarFile]:
    """Open an archive, and name whatever is wrong with it while it is read."""
    try:
        with tarfile.open(path, mode="r:") as tar:
            yield tar
    except FileNotFoundError as error:
        raise FleetkitError(f"there is no backup {path}") from error
    except tarfile.TarError as error:
        raise FleetkitError(
            f"the backup {path} cannot be read",
            seen=f"it was cut off, or is none ({error})",
            hint="take another one: fleetkit etcd backups lists them; nothing was changed",
        ) from error


def _part(tar: tarfile.TarFile, path: Path, name: str) -> IO[bytes]:
    try:
        stream = tar.extractfile(name)
    except KeyError:
        stream = None
    if stream is None:
        raise FleetkitError(
            f"the backup {path} cannot be read",
            seen=f"it has no {name}: it was cut off, or is none",
            hint="take another one: fleetkit etcd backups lists them; nothing was changed",
        )
    return stream


def _add(tar: tarfile.TarFile, name: str, stream: IO[bytes], *, taken: float) -> None:
    info = tarfile.TarInfo(name)
    info.size = stream.seek(0, os.SEEK_END)
    info.mode, info.mtime = 0o600, int(taken)
    stream.seek(0)
    tar.addfile(info, stream)


def _copy(stream: IO[bytes], target: IO[bytes] | None) -> BackupPart:
    digest, size = hashlib.sha256(), 0
    while piece := stream.read(_PIECE_BYTES):
        digest.update(piece)
        size += len(piece)
        if target is not None:
            target.write(piece)
    return BackupPart(size_bytes=size, sha256=digest.hexdigest())


def _compare(path: Path, name: str, found: BackupPart, manifest: BackupManifest) -> None:
    if found != manifest.parts[name]:
        raise FleetkitError(
            f"the backup {path} is not what was packed",
            seen=f"{name} has {found.size_bytes} bytes and sha256 {found.sha256[:12]}…; its manifest says "
            f"{manifest.parts[name].size_bytes} and {manifest.parts[name].sha256[:12]}…",
            hint="somebody or something changed it: take another one; nothing was changed",
        )
