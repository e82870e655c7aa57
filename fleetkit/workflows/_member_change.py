"""Changes of etcd's members, which are asked for until they show, and when a new member has caught up.

A change of members whose answer was lost may have been made all the same: what counts is etcd's own list.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from fleetkit.core import EtcdError, NotYet, Patience, wait_until
from fleetkit.etcd import read_status
from fleetkit.workflows._reporting import Reporter
from fleetkit.workflows.way_in import WayIn

__all__ = ["CHANGE_PATIENCE", "CaughtUp", "change_members"]

T = TypeVar("T")

CHANGE_PATIENCE = Patience(deadline_s=90, interval_s=1)
"""etcd takes changes of its members only once all of them have been connected for five seconds."""


def change_members(ask: Callable[[], None], look: Callable[[], T | NotYet[T]], *, what: str) -> T:
    """Ask for a change until the list of members shows it.

    Raises
    ------
    WaitTimeoutError
        When it does not show at the deadline; ``seen`` says why.
    """

    def once() -> T | NotYet[T]:
        try:
            found = look()
            if isinstance(found, NotYet):
                ask()
                found = look()
        except (EtcdError, LookupError) as error:
            return NotYet(str(error))
        return found

    return wait_until(once, what=what, patience=CHANGE_PATIENCE)


class CaughtUp:
    """Looks whether a member has applied what the leader had when the member first answered."""

    def __init__(self, way: WayIn, name: str, *, member_id: str, told: Reporter) -> None:
        self._way, self._name, self._member_id, self._told = way, name, member_id, told
        self._goal, self._said = 0, ""

    def __call__(self) -> bool | NotYet[bool]:
        reason = self._missing()
        # How many entries are left changes all the time, and tells nobody anything; why nothing moves does.
        kind = reason.split(":")[0]
        if reason and kind != self._said:
            self._told.note(f"not yet: {reason}")
            self._said = kind
        return NotYet(reason) if reason else True

    def _missing(self) -> str:
        found, name = read_status(self._way.endpoints, tls=self._way.tls), self._name
        status = found.ok.get(name)
        if status is None:
            if self._way.loss:
                return self._way.loss
            return f"{name} does not answer: {getattr(found.failed[name], 'reason', found.failed[name])}"
        if status.member_id != self._member_id:
            return f"{name} answers as another member: {status.member_id}, not {self._member_id}"
        if not status.leader:
            return f"{name} sees no leader"
        self._goal = self._goal or max(one.raft_index for one in found.ok.values())
        left = self._goal - status.raft_applied_index
        return f"{name} has entries to catch up: {left}" if left > 0 else ""
