"""Which clusters a command about notices means: the one that is named, else all that have a file here."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from fleetkit.core import ClusterFileError, Results

if TYPE_CHECKING:
    from fleetkit.config import Cluster

__all__ = ["load_clusters", "runs_folder"]


def runs_folder() -> Path:
    """Return the folder of the records, beside which notices wait."""
    return Path.cwd() / "runs"


def load_clusters(name: str | None) -> Results[str, Cluster]:
    """Read the cluster file that is named, or all that lie under the current folder; one that is broken hides no other.

    Raises
    ------
    ClusterFileError
        When the one that is named is not there or not legal, or there is none at all.
    """
    from fleetkit.config import Settings, cluster_names, load_cluster

    named = name or Settings.from_environment(os.environ).cluster
    names = () if named else cluster_names(Path.cwd())
    if not names:
        only = load_cluster(named, folder=Path.cwd())
        return Results({only.name: only})
    read: dict[str, Cluster | Exception] = {}
    for one in names:
        try:
            read[one] = load_cluster(one, folder=Path.cwd())
        except ClusterFileError as error:
            read[one] = error
    return Results(read)
