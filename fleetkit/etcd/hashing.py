"""Whether the members hold the same: the hash of each over its store, and who differs from most.

etcd computes the hash of the keys at one revision that is asked for, which is what ``etcdctl endpoint hashkv`` shows.
Before 3.5.10 its gateway hides that call behind another of the same address, which hashes the whole backend as it
stands (etcd's pull request 16490): there only hashes of one and the same moment are compared.
"""

from __future__ import annotations

import contextlib
import http
import ssl
import threading
import time
from collections.abc import Sequence

from fleetkit.core import EtcdError
from fleetkit.etcd._asking import context_for
from fleetkit.etcd._gather import ask_each
from fleetkit.etcd._http import Call
from fleetkit.etcd._reading import Fields
from fleetkit.etcd.endpoints import Endpoint, EtcdLimits, TlsFiles
from fleetkit.etcd.store_hashes import HashScope, MemberHash, StoreHashes

__all__ = ["hash_kv"]

_ROUNDS = 5
"""How often members are asked before what differs is believed: a write in between makes them differ as well."""

_MEETING_SHARE = 0.25
"""The share of the time limit after which those that answered no longer wait for those that did not."""


def hash_kv(
    endpoints: Sequence[Endpoint], *, tls: TlsFiles | None = None, limits: EtcdLimits | None = None
) -> StoreHashes:
    """Read the hash of every member at one common revision, that of the one which is furthest behind.

    Each member reads its whole store for this, so it is asked where something depends on it, not as a habit.

    Returns
    -------
    StoreHashes
        A member that fails is part of it, never an error.

    Raises
    ------
    SettingsError
        When the TLS files cannot be used, or no endpoint was given.
    """
    limits = limits or EtcdLimits()
    context = context_for(endpoints, tls)
    end = time.monotonic() + limits.total_s
    found = _read_once(endpoints, context=context, limits=limits)
    for _ in range(_ROUNDS - 1):
        left = end - time.monotonic()
        if not found.by_name.ok or (found.is_comparable and not found.differing) or left <= 0:
            break
        found = _read_once(endpoints, context=context, limits=EtcdLimits(total_s=left))
    return found


class _Meeting:
    """Where members' threads agree on a revision: the lowest of those that answered before the wait was over.

    A member that is silent would else use up the time of all the others.
    """

    def __init__(self, expected: int, *, until: float) -> None:
        self._expected, self._until = expected, until
        self._revisions: list[int] = []
        self._agreed: int | None = None
        self._changed = threading.Condition()

    def leave(self) -> None:
        """Say that one will not come."""
        with self._changed:
            self._expected -= 1
            self._changed.notify_all()

    def agree(self, revision: int) -> int:
        """Bring a member's revision, wait for the others, and return the one that is asked for."""
        with self._changed:
            self._revisions.append(revision)
            self._changed.notify_all()
            self._changed.wait_for(self._is_over, timeout=max(0.0, self._until - time.monotonic()))
            if self._agreed is None:
                self._agreed = min(self._revisions)
                self._changed.notify_all()
            return self._agreed

    def _is_over(self) -> bool:
        return self._agreed is not None or len(self._revisions) >= self._expected


def _read_once(endpoints: Sequence[Endpoint], *, context: ssl.SSLContext | None, limits: EtcdLimits) -> StoreHashes:
    meeting = _Meeting(len(endpoints), until=time.monotonic() + limits.total_s * _MEETING_SHARE)

    def ask(endpoint: Endpoint, deadline: float) -> MemberHash:
        with contextlib.ExitStack() as stack:
            try:
                call = stack.enter_context(Call(endpoint, context=context, deadline=deadline))
                own = _read_revision(call)
            except BaseException:
                meeting.leave()
                raise
            revision = meeting.agree(own)
            answer = call.ask("POST", "/v3/maintenance/hashkv", {"revision": str(revision)})
            if answer.status == http.HTTPStatus.NOT_FOUND:
                return _read_backend(endpoint, call)
            if answer.status != http.HTTPStatus.OK:
                raise call.refused(answer)
            fields = Fields(answer.body)
            return MemberHash(
                hash=fields.whole("hash"),
                scope=HashScope.KEYS,
                revision=revision,
                compact_revision=fields.whole("compact_revision"),
            )

    return StoreHashes(by_name=ask_each(endpoints, ask, limits=limits))


def _read_revision(call: Call) -> int:
    return Fields(call.post("/v3/maintenance/status", {})).child("header").whole("revision")


def _read_backend(endpoint: Endpoint, call: Call) -> MemberHash:
    """Hash the backend of a member that cannot hash at a revision; between two looks at one and the same revision."""
    before = _read_revision(call)
    for _ in range(_ROUNDS):
        fields = Fields(call.post("/v3/maintenance/hash", {}))
        after = fields.child("header").whole("revision")
        if after == before:
            return MemberHash(hash=fields.whole("hash"), scope=HashScope.BACKEND, revision=after)
        before = after
    raise EtcdError(
        f"the store of etcd member {endpoint.name} could not be hashed",
        seen="it was written to all the while, and before 3.5.10 etcd does not tell the hash at one revision",
        transient=True,
    )
