"""Where a cluster's files lie, and which cluster a command means.

A cluster is one file, ``clusters/<name>.toml``; everything else that is kept of it on this computer lies in the
folder of the same name beside it, and its records under ``runs/<name>``.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from fleetkit.core import ClusterFileError

__all__ = ["ClusterPaths", "cluster_names", "find_cluster"]


@dataclass(frozen=True, slots=True)
class ClusterPaths:
    """The files of one cluster.

    Parameters
    ----------
    root
        The folder that commands work in: it holds ``clusters`` and ``runs``.
    name
        The cluster's name.
    clusters
        The folder of the cluster file, where it is not ``root/clusters``.
    """

    root: Path
    name: str
    clusters: Path | None = None

    @property
    def file(self) -> Path:
        """The cluster file."""
        return (self.clusters or self.root / "clusters") / f"{self.name}.toml"

    @property
    def folder(self) -> Path:
        """What is kept of the cluster on this computer."""
        return self.file.with_suffix("")

    @property
    def pki(self) -> Path:
        """Certificates and keys."""
        return self.folder / "pki"

    @property
    def terraform(self) -> Path:
        """Terraform's working copy."""
        return self.folder / "terraform"

    @property
    def known_hosts(self) -> Path:
        """Host keys, in OpenSSH's format."""
        return self.folder / "known_hosts"

    def known_hosts_of(self, address: str) -> Path:
        """Host keys of one machine, and of the bastion on the way to it."""
        return self.folder / f"known_hosts_{address}"

    @property
    def runs(self) -> Path:
        """Records of runs."""
        return self.root / "runs" / self.name


def cluster_names(folder: Path) -> tuple[str, ...]:
    """Return the names of the clusters under ``folder/clusters``, sorted."""
    return tuple(sorted(file.stem for file in (folder / "clusters").glob("*.toml") if file.is_file()))


def find_cluster(name_or_path: str | None, *, folder: Path) -> ClusterPaths:
    """Find the cluster file that is meant; it is not opened.

    Parameters
    ----------
    name_or_path
        A name, or the path of a file ending in ``.toml``; None means the only one in ``folder/clusters``.
    folder
        The folder that the command works in.

    Raises
    ------
    ClusterFileError
        When there is no such file, or none was named and there is not exactly one; lists those that exist.
    """
    known = cluster_names(folder)
    if name_or_path is None:
        return ClusterPaths(folder, _only(known, folder))
    if name_or_path.endswith(".toml") or "/" in name_or_path:
        path = folder / Path(name_or_path).expanduser()
        paths = ClusterPaths(folder, path.stem, clusters=path.parent)
        if path.suffix != ".toml":
            raise ClusterFileError(f"{name_or_path} is not a cluster file", hint="a cluster file ends in .toml")
    else:
        paths = ClusterPaths(folder, name_or_path)
    if not paths.file.is_file():
        raise ClusterFileError(
            f"no cluster file {name_or_path!r}",
            seen=f"looked for {paths.file}; {_list_known(known, folder)}",
            hint=f"fleetkit init {paths.name} writes a new one",
        )
    return paths


def _only(known: tuple[str, ...], folder: Path) -> str:
    if len(known) == 1:
        return known[0]
    if not known:
        raise ClusterFileError(
            "no cluster was named", seen=_list_known(known, folder), hint="fleetkit init NAME writes a cluster file"
        )
    raise ClusterFileError(
        "no cluster was named, and there is more than one",
        seen=_list_known(known, folder),
        hint="name one as the first argument, or set FLEETKIT_CLUSTER",
    )


def _list_known(known: tuple[str, ...], folder: Path) -> str:
    where = folder / "clusters"
    return f"{where} holds {', '.join(known)}" if known else f"{where} holds no cluster file"
