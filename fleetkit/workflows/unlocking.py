"""The lock on a state in S3: whose it is, how it is taken, and how one that was left behind is cleared.

A state in a local file needs none of this: its lock is the kernel's, and ends with the process that holds it.
"""

from __future__ import annotations

import contextlib
import socket
import uuid
from collections.abc import Iterator
from pathlib import Path

from fleetkit import aws
from fleetkit.config import StateKind
from fleetkit.core import (
    AwsError,
    BusyError,
    NotFoundError,
    TerraformError,
    current_user,
    format_utc,
    utc_now,
)
from fleetkit.terraform import LockInfo
from fleetkit.workflows._lock import hold_cluster
from fleetkit.workflows._reporting import Reporter
from fleetkit.workflows._working_copy import open_working_copy
from fleetkit.workflows._workspace import Workspace

__all__ = ["clear_lock", "find_lock", "hold_everywhere", "refuse_locked"]

_SUFFIX = ".tflock"
"""What Terraform's S3 backend puts behind the state's key for its lock (``use_lockfile``)."""

_NOTE = "state-lock.json"
"""Where the lock that this computer took is noted, so that one which a kill left behind is known again."""


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
        raise _busy(workspace, lock)


@contextlib.contextmanager
def hold_everywhere(workspace: Workspace, *, operation: str, told: Reporter) -> Iterator[None]:
    """Hold the cluster on this computer, and its state in S3 by Terraform's own lock, for the length of a block.

    So whoever changes etcd or its machines is alone, here and on every other computer that uses the state. Terraform
    in the block runs in a working copy that was opened as ``holding``. A lock of ours that a kill left behind is taken
    over: nobody of this computer is at work, since the cluster's folder could be held.

    Parameters
    ----------
    operation
        What is being done, told to whoever comes second.

    Raises
    ------
    BusyError
        When somebody else is at work, here or elsewhere; says who, and since when.
    AwsError
        When the lock cannot be taken.
    """
    with hold_cluster(workspace.paths.folder, operation=operation):
        if workspace.cluster.state.kind is StateKind.LOCAL:
            yield
            return
        lock = _take(workspace, operation, told=told)
        try:
            yield
        finally:
            _let_go(workspace, lock, told=told)


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


def _take(workspace: Workspace, operation: str, *, told: Reporter) -> LockInfo:
    state, note = workspace.cluster.state, _note(workspace)
    lock = LockInfo(
        lock_id=str(uuid.uuid4()),
        who=f"{current_user()}@{socket.gethostname()}",
        operation=operation,
        created=format_utc(utc_now()),
        path=f"{state.bucket}/{state.key}",
    )
    there, left = find_lock(workspace), _read_note(note)
    if there is not None and left is not None and (there.lock_id, there.who) == (left.lock_id, lock.who):
        told.note(f"taking over the lock that was left behind here: {there}")
        return there
    if there is not None:
        raise _busy(workspace, there)
    # First the note: a lock of which this computer knew nothing would be a stranger's to the next run.
    note.write_bytes(lock.to_json())
    put = aws.put_object(
        workspace.session, state.bucket, key=state.key + _SUFFIX, content=lock.to_json(), new=True, any_owner=True
    )
    # Where an answer was lost, the second asking finds the lock there that the first one put.
    found = lock if put else find_lock(workspace)
    if found is None:
        raise BusyError(
            f"another operation was at work on {workspace.cluster.name}",
            seen="it ended in this very moment",
            hint="give the same command again; nothing was changed",
        )
    if found.lock_id != lock.lock_id:
        raise _busy(workspace, found)
    return lock


def _let_go(workspace: Workspace, lock: LockInfo, *, told: Reporter) -> None:
    """Remove the lock, if it is still ours; what was done is done, so a lock that stays fails nothing."""
    state = workspace.cluster.state
    try:
        there = find_lock(workspace)
        if there is None or there.lock_id != lock.lock_id:
            told.note(f"the lock of the state was taken away meanwhile; now: {there or 'free'}")
            return
        aws.delete_objects(workspace.session, state.bucket, keys=[state.key + _SUFFIX], any_owner=True)
        _note(workspace).unlink(missing_ok=True)
    except (AwsError, TerraformError) as error:
        name = workspace.cluster.name
        told.note(f"the lock of the state stays: {error}; clear it with: fleetkit unlock {name} {lock.lock_id}")


def _note(workspace: Workspace) -> Path:
    return workspace.paths.folder / _NOTE


def _read_note(file: Path) -> LockInfo | None:
    try:
        return LockInfo.parse_json(file.read_bytes())
    except (FileNotFoundError, TerraformError):
        # One that was cut off names no lock, and so takes none over.
        return None


def _busy(workspace: Workspace, lock: LockInfo) -> BusyError:
    name = workspace.cluster.name
    return BusyError(
        f"another operation is at work on {name}",
        seen=str(lock),
        hint="wait for it to end, nothing was changed; if nobody is at work any more: "
        f"fleetkit unlock {name} {lock.lock_id}",
    )
