"""Which clusters a command about notices means: the one that is named, else all that have a file here."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fleetkit.config import Cluster

__all__ = ["load_clusters", "runs_folder"]


def runs_folder() -> Path:
    """Return the folder of the records, beside which notices wait."""
    return Path.cwd() / "runs"


def load_clusters(name: str | None) -> tuple[Cluster, ...]:
    """Read the cluster file that is named, or all that lie under the current folder.

    Raises
    ------
    ClusterFileError
        When there is none, or one is not legal.
    """
    from fleetkit.config import Settings, cluster_names, load_cluster

    named = name or Settings.from_environment(os.environ).cluster
    names = (named,) if named else cluster_names(Path.cwd()) or (None,)
    return tuple(load_cluster(one, folder=Path.cwd()) for one in names)
