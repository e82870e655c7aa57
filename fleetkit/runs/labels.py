"""Where a run belongs: the folder that it works in, and the name that its record lies under."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

__all__ = ["MANY_CLUSTERS", "cluster_label", "find_workspace_folder", "is_over_many"]

MANY_CLUSTERS = "many_clusters"
"""Under this lie the records of notebooks over many clusters; no cluster can have the name."""


def find_workspace_folder(start: Path | None = None) -> Path:
    """Return the nearest folder, from ``start`` upwards, that holds ``clusters/``; ``start`` where none does.

    JupyterLab starts a kernel in its notebook's folder, a command in the folder that it is called from.
    """
    here = (start or Path.cwd()).resolve()
    return next((folder for folder in (here, *here.parents) if (folder / "clusters").is_dir()), here)


def cluster_label(cluster: str, home: Path) -> str:
    """Return the name that a run's record lies under, for a cluster's name, its file, or nothing."""
    if cluster:
        return Path(cluster).stem if cluster.endswith(".toml") else cluster
    files = sorted((home / "clusters").glob("*.toml"))
    # A run that does not know its cluster fails in its next step, and is to leave a record of that too.
    return files[0].stem if len(files) == 1 else "unnamed"


def is_over_many(parameters: Iterable[str]) -> bool:
    """Return whether a notebook with these parameters works on many clusters, and so belongs to none of them."""
    names = set(parameters)
    return "clusters" in names and "cluster" not in names
