"""What every workflow is handed: one cluster, where its files lie, the settings, and a door to AWS."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from fleetkit.aws import AwsSession, open_session
from fleetkit.config import Cluster, ClusterPaths, Settings, find_cluster, parse_cluster, read_cluster_data
from fleetkit.workflows._aws_share import share_of

__all__ = ["Workspace", "open_workspace"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Workspace:
    """One cluster to work on.

    Attributes
    ----------
    folder
        The folder that the command works in; it holds ``clusters`` and ``runs``.
    cluster
        The cluster, as its file describes it.
    paths
        Where its files lie.
    settings
        What the environment says.
    session
        AWS in the cluster's region; nothing has been asked yet.
    environ
        The environment for the programs that workflows start; not shown, as it holds credentials.
    """

    folder: Path
    cluster: Cluster
    paths: ClusterPaths
    settings: Settings
    session: AwsSession
    environ: Mapping[str, str] = field(repr=False)

    @property
    def bucket(self) -> str:
        """Name of the cluster's bucket; AWS is asked whose account this is."""
        return self.cluster.bucket_name(self.session.account_id())


def open_workspace(
    name_or_path: str | None = None, *, folder: Path | None = None, environ: Mapping[str, str] | None = None
) -> Workspace:
    """Read the cluster file that is meant and the settings; nothing is asked of AWS or anybody else.

    Parameters
    ----------
    name_or_path
        A name, or the path of a cluster file; None means ``FLEETKIT_CLUSTER``, else the only one there is.
    folder
        The folder to work in; the current one where not given.
    environ
        The environment; the process's own where not given. boto3 reads AWS's variables from the process's own.

    Raises
    ------
    ClusterFileError
        When the file is missing, unreadable or not legal.
    SettingsError
        When a setting is not legal.
    """
    folder = Path.cwd() if folder is None else folder
    environ = os.environ if environ is None else environ
    settings = Settings.from_environment(environ)
    paths = find_cluster(name_or_path or settings.cluster, folder=folder)
    cluster = parse_cluster(read_cluster_data(paths.file), file=paths.file)
    return Workspace(
        folder=folder,
        cluster=cluster,
        paths=paths,
        settings=settings,
        session=open_session(cluster.region, share=share_of(settings)),
        environ=dict(environ),
    )
