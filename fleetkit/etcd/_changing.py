"""Asking a cluster for one change, once: of a member that answers, knows a leader and votes.

A change is never sent to all members at once, nor sent again by itself: what was done twice might be wrong.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from fleetkit.core import EtcdError
from fleetkit.etcd._asking import context_for
from fleetkit.etcd._failures import CallError
from fleetkit.etcd._gather import ask_first
from fleetkit.etcd._http import Call
from fleetkit.etcd._reading import Fields
from fleetkit.etcd.endpoints import Endpoint, EtcdLimits, TlsFiles
from fleetkit.etcd.trouble import Trouble
from fleetkit.etcd.values import MemberStatus

__all__ = ["ask_change", "ask_member", "find_member", "plain_id", "send_change"]

T = TypeVar("T")

_HINTS = {
    "unhealthy cluster": "etcd changes its members only while all of them have been connected for five seconds: "
    "wait, or mend the member that is ill (fleetkit etcd health), then try again",
    "not enough started members": "the quorum would hang on members that do not run: start those first",
    "too many learner members": "promote or remove the learner that there is (fleetkit etcd members)",
    "is in sync with leader": "wait until the learner has caught up, then promote it again",
    "not leader": "the leader changed in the middle: try again",
    "no leader": "without a quorum nothing can be changed: fleetkit etcd health says who is missing",
}
"""What to do about etcd's refusals, by a part of their words (etcd 3.5, api/v3rpc/rpctypes/error.go)."""


_LOOK_FIRST = (
    "whether it was done is not known: look before you try again "
    "(fleetkit etcd status, members, alarms; fleetkit kv get)"
)


def ask_change(
    endpoints: Sequence[Endpoint],
    path: str,
    body: dict[str, Any],
    *,
    tls: TlsFiles | None,
    limits: EtcdLimits | None,
    what: str,
) -> Fields:
    """Ask for a change of whoever answers first, with one time limit for finding that member and for its answer.

    Parameters
    ----------
    path, body
        The call to the gateway.
    what
        The change, as it is to stand in an error: ``"the compaction"``.

    Raises
    ------
    EtcdError
        When no member can take the change, or the one that was asked refused it or did not answer.
    SettingsError
        When the TLS files cannot be used, or no endpoint was given.
    """
    return send_change(endpoints, lambda call: Fields(call.post(path, body)), tls=tls, limits=limits, what=what)


def send_change(
    endpoints: Sequence[Endpoint],
    send: Callable[[Call], T],
    *,
    tls: TlsFiles | None,
    limits: EtcdLimits | None,
    what: str,
) -> T:
    """Do the same with a call of any kind; ``send`` is called once, and what it raises as `CallError` is explained."""
    limits = limits or EtcdLimits()
    end = time.monotonic() + limits.total_s
    asked = find_member(endpoints, tls=tls, limits=limits, what=f"who could take {what}")
    left = EtcdLimits(total_s=max(0.001, end - time.monotonic()))
    return _send(asked, send, tls=tls, limits=left, what=what)


def find_member(
    endpoints: Sequence[Endpoint], *, tls: TlsFiles | None, limits: EtcdLimits | None, what: str
) -> Endpoint:
    """Return the first member to answer that knows a leader and votes.

    Raises
    ------
    EtcdError
        When there is none; says of each why.
    SettingsError
        When the TLS files cannot be used, or no endpoint was given.
    """
    context = context_for(endpoints, tls)

    def find(endpoint: Endpoint, deadline: float) -> Endpoint:
        with Call(endpoint, context=context, deadline=deadline) as call:
            status = MemberStatus.from_json(call.post("/v3/maintenance/status", {}))
        if status.is_learner or not status.leader:
            seen = "it is a learner" if status.is_learner else "it sees no leader"
            raise EtcdError(f"etcd member {endpoint.name} can take no change", seen=seen, transient=True)
        return endpoint

    return ask_first(endpoints, find, limits=limits or EtcdLimits(), what=what)


def ask_member(
    endpoint: Endpoint,
    path: str,
    body: dict[str, Any],
    *,
    tls: TlsFiles | None,
    limits: EtcdLimits,
    what: str,
) -> Fields:
    """Ask one member for a change, and wait for its answer.

    Raises
    ------
    EtcdError
        When it refused, or did not answer.
    SettingsError
        When the TLS files cannot be used.
    """
    return _send(endpoint, lambda call: Fields(call.post(path, body)), tls=tls, limits=limits, what=what)


def _send(endpoint: Endpoint, send: Callable[[Call], T], *, tls: TlsFiles | None, limits: EtcdLimits, what: str) -> T:
    context = context_for([endpoint], tls)
    try:
        with Call(endpoint, context=context, deadline=time.monotonic() + limits.total_s) as call:
            return send(call)
    except CallError as error:
        hint = next((advice for said, advice in _HINTS.items() if said in error.reason), None)
        # A member that answers "request timed out" has handed the change on, and the others may have done it.
        if error.trouble is not Trouble.ODD_ANSWER or (hint is None and error.transient):
            hint = _LOOK_FIRST
        raise EtcdError(
            f"{what} failed on etcd member {endpoint.name}", seen=error.reason, hint=hint, transient=error.transient
        ) from error


def plain_id(hex_id: str) -> str:
    """Return a member's id as the gateway takes it: decimal, as a string, for JSON's numbers cannot hold it.

    An empty one is 0: from 3.5.7 on etcd raises CORRUPT without saying of whom.
    """
    return str(int(hex_id or "0", 16))
