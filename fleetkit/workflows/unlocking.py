"""The lock on a state in S3: whose it is, and how one that was left behind is cleared.

A state in a local file needs none of this: its lock is the kernel's, and ends with the process that holds it.
"""

from __future__ import annotations

from fleetkit import aws
from fleetkit.config import StateKind
from fleetkit.core import BusyError, NotFoundError
from fleetkit.terraform import LockInfo
from fleetkit.workflows._lock import hold_cluster
from fleetkit.workflows._working_copy import open_working_copy
from fleetkit.workflows._workspace import Workspace

__all__ = ["clear_lock", "find_lock", "refuse_locked"]

_SUFFIX = ".tflock"
"""What Terraform's S3 backend puts behind the state's key for its lock (``use_lockfile``)."""


def find_lock(workspace: Workspace) -> LockInfo | None:
    """Return the lock that lies beside the cluster's state in S3; None where there is none.

    Raises
    ------
    AwsError
        When the bucket cannot be read.
    TerraformError
        When what lies there is no lock of Terraform's.
    """
    state = workspace.cluster.state
    if state.kind is StateKind.LOCAL:
        return None
    try:
        # Several accounts may keep their states in one's bucket, and Terraform does not ask whose it is either.
        content = aws.read_object(workspace.session, state.bucket, key=state.key + _SUFFIX, any_owner=True)
    except NotFoundError:
        return None
    return LockInfo.parse_json(content)


def refuse_locked(workspace: Workspace) -> None:
    """Refuse to go on while somebody holds the state, on whatever computer.

    Raises
    ------
    BusyError
        When the state is locked; says by whom, since when, and how to clear a lock that was left behind.
    """
    lock = find_lock(workspace)
    if lock is not None:
        name = workspace.cluster.name
        raise BusyError(
            f"another operation is at work on {name}",
            seen=str(lock),
            hint="wait for it to end, nothing was changed; if nobody is at work any more: "
            f"fleetkit unlock {name} {lock.lock_id}",
        )


def clear_lock(workspace: Workspace, lock_id: str) -> LockInfo:
    """Clear a lock that was left behind; its id, which only that lock has, stands for the approval.

    Returns
    -------
    LockInfo
        The lock that was cleared.

    Raises
    ------
    BusyError
        When an operation of this computer is at work on the cluster.
    NotFoundError
        When the state is not locked, or by another lock.
    TerraformError
        When Terraform cannot clear it.
    """
    with hold_cluster(workspace.paths.folder, operation="unlock"):
        lock = find_lock(workspace)
        if lock is None or lock.lock_id != lock_id:
            known = [] if lock is None else [f"{lock.lock_id} ({lock})"]
            raise NotFoundError(f"the state of {workspace.cluster.name} has no lock {lock_id}", known=known)
        open_working_copy(workspace).force_unlock(lock_id)
    return lock
