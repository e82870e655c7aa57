"""Telling somebody how a run ended, for the commands that run notebooks."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from fleetkit.cli._output import print_note

if TYPE_CHECKING:
    from fleetkit.config import Cluster
    from fleetkit.runs import StoredRun
    from fleetkit.schedule import Telling

__all__ = ["find_told_cluster", "load_told_cluster", "tell_run"]


def load_told_cluster(name: str, folder: Path) -> Cluster:
    """Read who is told, before anything runs: what is wrong there is not found out in the middle of the night.

    Raises
    ------
    ClusterFileError
        When the cluster file is missing, or not legal.
    SettingsError
        When it names nobody.
    """
    from fleetkit.config import load_cluster
    from fleetkit.schedule import require_destinations

    cluster = load_cluster(name, folder=folder)
    require_destinations(cluster)
    return cluster


def find_told_cluster(name: str, folder: Path) -> Cluster | None:
    """Read who is told, where a cluster is named and its file names somebody.

    A file that cannot be read is remarked upon, and keeps no run from beginning: its record says what is wrong with it.
    """
    from fleetkit.config import load_cluster
    from fleetkit.core import ClusterFileError

    if not name:
        return None
    try:
        cluster = load_cluster(name, folder=folder)
    except ClusterFileError as error:
        print_note(f"notice: nobody can be told: {error}")
        return None
    return cluster if cluster.notice.names else None


def tell_run(stored: StoredRun, cluster: Cluster) -> Telling:
    """Tell of a run that ended where there is something to tell, and print what came of it as remarks."""
    from fleetkit.schedule import tell_outcome

    telling = tell_outcome(stored, cluster, runs=stored.folder.parent.parent)
    print_note(f"notice: {'told' if telling.tells else 'not told'}, {telling.why}")
    for line in (*telling.deliveries, *telling.caveats):
        print_note(f"notice: {line}")
    return telling
