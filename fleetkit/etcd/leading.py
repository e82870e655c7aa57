"""Moving leadership from the member that has it to another."""

from __future__ import annotations

import time
from collections.abc import Sequence

from fleetkit.core import EtcdError, NotFoundError
from fleetkit.etcd._changing import ask_member, plain_id
from fleetkit.etcd.endpoints import Endpoint, EtcdLimits, TlsFiles
from fleetkit.etcd.maintenance import read_status

__all__ = ["move_leader"]


def move_leader(
    endpoints: Sequence[Endpoint],
    target_id: str,
    *,
    tls: TlsFiles | None = None,
    limits: EtcdLimits | None = None,
) -> None:
    """Have the leader hand its leadership over, and wait until it has.

    Parameters
    ----------
    endpoints
        Whom to ask; the leader has to be among them, for nobody else can hand over.
    target_id
        The voting member that is to lead, in hex; nothing happens where it does already.

    Raises
    ------
    NotFoundError
        When no voting member that answers has that id; lists those that have one.
    EtcdError
        When no member that answers leads, or the leader refuses, as when it is just losing its leadership.
    SettingsError
        When the TLS files cannot be used, or no endpoint was given.
    """
    limits = limits or EtcdLimits()
    end = time.monotonic() + limits.total_s
    # A member that does not answer takes all the time that the question has, and the move needs some too.
    found = read_status(endpoints, tls=tls, limits=EtcdLimits(total_s=limits.total_s / 2))
    voters = {status.member_id: name for name, status in found.ok.items() if not status.is_learner}
    if target_id not in voters:
        known = [f"{member_id} ({name})" for member_id, name in voters.items()]
        raise NotFoundError(f"no voting member of etcd that answers has the id {target_id}", known=known)
    leading = {name for name, status in found.ok.items() if status.is_leader}
    leader = next((endpoint for endpoint in endpoints if endpoint.name in leading), None)
    if leader is None:
        reasons = "; ".join(f"{name}: {getattr(error, 'reason', error)}" for name, error in found.failed.items())
        raise EtcdError(
            "the leadership could not be moved",
            seen=f"no member that answers leads{f' ({reasons})' if reasons else ''}",
            transient=True,
        )
    left = EtcdLimits(total_s=max(0.001, end - time.monotonic()))
    body = {"targetID": plain_id(target_id)}
    what = f"the move of the leadership to {voters[target_id]}"
    ask_member(leader, "/v3/maintenance/transfer-leadership", body, tls=tls, limits=left, what=what)
