"""Masters that a changed cluster file names and etcd does not, and the reverse: a machine alone makes no member.

etcd of a cluster that is there lets in only whom its members added. One that was not added and starts on an empty
disk, told that all of them begin a new cluster, never gets in; and what the old members fetch would name it, too.
"""

from __future__ import annotations

from collections.abc import Iterable

from fleetkit import aws
from fleetkit.aws import Instance
from fleetkit.core import NotFoundError, PreconditionError
from fleetkit.workflows._workspace import Workspace
from fleetkit.workflows.bucket_keys import settings_key
from fleetkit.workflows.delivery import name_members

__all__ = ["check_all_named", "find_strange_masters"]

_GONE = frozenset({"shutting-down", "terminated"})


def find_strange_masters(workspace: Workspace, machines: Iterable[Instance]) -> tuple[str, ...]:
    """Return the masters of the cluster file that have no machine, and that some master which has one never knew.

    Of a first deploy that was cut off none is strange: what its first master fetched names them all.

    Parameters
    ----------
    machines
        The cluster's machines, as AWS lists them.

    Raises
    ------
    AwsError
        When the bucket cannot be read.
    """
    standing = {one.tags.get("fleetkit:member", "") for one in machines if one.role == "master" and _is_there(one)}
    absent = [name for name in workspace.cluster.masters if name not in standing]
    if not absent or not aws.bucket_exists(workspace.session, workspace.bucket):
        return ()
    known = [name_members(settings) for name in sorted(standing) if (settings := _read_settings(workspace, name))]
    return tuple(name for name in absent if any(name not in members for members in known))


def check_all_named(workspace: Workspace, machines: Iterable[Instance]) -> None:
    """Refuse where there is a master that the cluster file does not name, for nobody would reckon with its member.

    Parameters
    ----------
    machines
        The cluster's machines, as AWS lists them.

    Raises
    ------
    PreconditionError
        When there is one; says which.
    """
    cluster = workspace.cluster
    there = [one for one in machines if one.role == "master" and _is_there(one)]
    names = {one.tags.get("fleetkit:member", one.instance_id) for one in there}
    unnamed = sorted(names - set(cluster.masters))
    if unnamed:
        raise PreconditionError(
            f"the cluster file of {cluster.name} does not name all masters that there are",
            seen=", ".join(unnamed),
            hint=f"put them back into it, or have them leave first: fleetkit etcd resize {cluster.name}",
        )


def _is_there(machine: Instance) -> bool:
    return machine.state not in _GONE


def _read_settings(workspace: Workspace, name: str) -> bytes:
    """Return what a member's machine fetches as its settings; empty where nothing was put there yet."""
    try:
        return aws.read_object(workspace.session, workspace.bucket, key=settings_key(name))
    except NotFoundError:
        return b""
