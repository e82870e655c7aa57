"""Handing a cluster over: one encrypted parcel with what another operator needs to take it over.

It holds the cluster file, its certificates and keys, the known host keys and Terraform's local state.
It holds no AWS credentials and no private SSH key of the operator's: those are personal.
"""

from __future__ import annotations

import io
import os
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from fleetkit.config import ClusterPaths
from fleetkit.core import NotFoundError, PreconditionError, SettingsError
from fleetkit.workflows._lock import hold_cluster

__all__ = ["PackedCluster", "pack_cluster", "unpack_cluster"]

# What Terraform fetches or copies anew is left out: only its state belongs to the cluster.
_STATE_NAMES = ("terraform.tfstate", "terraform.tfstate.backup")


@dataclass(frozen=True, slots=True, kw_only=True)
class PackedCluster:
    """A cluster packed for handing over, not yet encrypted.

    Attributes
    ----------
    name
        The cluster's name.
    files
        What was packed, as paths below the clusters folder.
    content
        A gzipped tar archive; holds private keys, so it is never written as it is.
    """

    name: str
    files: tuple[str, ...]
    content: bytes

    def __repr__(self) -> str:
        return f"PackedCluster({self.name!r}, {len(self.files)} files)"


def pack_cluster(paths: ClusterPaths) -> PackedCluster:
    """Pack what another operator needs to take the cluster over.

    Raises
    ------
    NotFoundError
        When there is no such cluster file.
    BusyError
        When another operation is at work on the cluster: a half-written state must not be handed over.
    """
    if not paths.file.is_file():
        raise NotFoundError(f"no cluster file {paths.file}")
    archive = io.BytesIO()
    names = []
    with hold_cluster(paths.folder, operation="handover"), tarfile.open(fileobj=archive, mode="w:gz") as tar:
        for file in (paths.file, *_kept_files(paths)):
            name = str(PurePosixPath(file.relative_to(paths.file.parent)))
            tar.add(file, arcname=name, recursive=False, filter=_without_owner)
            names.append(name)
    return PackedCluster(name=paths.name, files=tuple(names), content=archive.getvalue())


def _kept_files(paths: ClusterPaths) -> Iterator[Path]:
    yield from (file for file in sorted(paths.pki.rglob("*")) if file.is_file() and not file.is_symlink())
    if paths.known_hosts.is_file():
        yield paths.known_hosts
    yield from (file for name in _STATE_NAMES if (file := paths.terraform / name).is_file())


def _without_owner(member: tarfile.TarInfo) -> tarfile.TarInfo:
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    return member


def unpack_cluster(content: bytes, clusters: Path) -> PackedCluster:
    """Put a handed-over cluster into the folder ``clusters``.

    Raises
    ------
    SettingsError
        When ``content`` is not a packed cluster.
    PreconditionError
        When a cluster of that name is there already; nothing is overwritten.
    """
    try:
        with tarfile.open(fileobj=io.BytesIO(content), mode="r:gz") as tar:
            files = [(member.name, _read_member(tar, member)) for member in tar.getmembers()]
    except tarfile.TarError as error:
        raise SettingsError("the parcel holds no packed cluster", seen=str(error)) from error
    name = _check_names([file for file, _content in files])
    target = ClusterPaths(clusters.parent, name, clusters)
    if target.file.exists() or target.folder.exists():
        raise PreconditionError(
            f"a cluster called {name} is there already",
            seen=str(target.file),
            hint="move it away first; nothing was changed",
        )
    for file, data in files:
        _write_private(clusters / file, data)
    return PackedCluster(name=name, files=tuple(file for file, _content in files), content=content)


def _read_member(tar: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    stream = tar.extractfile(member) if member.isreg() else None
    if stream is None:
        raise SettingsError("the parcel holds no packed cluster", seen=f"{member.name!r} is not a plain file")
    return stream.read()


def _check_names(files: list[str]) -> str:
    """Return the cluster's name; refuse a parcel whose files would land anywhere but in its own places."""
    name = files[0].removesuffix(".toml") if files else ""
    wrong = [
        file
        for file in files
        if ".." in PurePosixPath(file).parts or not (file == f"{name}.toml" or file.startswith(f"{name}/"))
    ]
    if not name or "/" in name or wrong:
        raise SettingsError(
            "the parcel holds no packed cluster", seen=f"unexpected file {(wrong or files or [''])[0]!r}"
        )
    return name


def _write_private(file: Path, data: bytes) -> None:
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
        stream.write(data)
