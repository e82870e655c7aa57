"""Whether the members hold the same: the hash of each over its store, and who differs from most.

etcd computes the hash of the keys at one revision that is asked for, which is what ``etcdctl endpoint hashkv`` shows.
Before 3.5.10 its gateway hides that call behind another of the same address, which hashes the whole backend as it
stands (etcd's pull request 16490): there only hashes of one and the same moment are compared.
"""

from __future__ import annotations

import enum
import http
import ssl
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from fleetkit.core import EtcdError, Results
from fleetkit.etcd._gather import ask_each
from fleetkit.etcd._http import Call
from fleetkit.etcd._reading import Fields
from fleetkit.etcd.endpoints import Endpoint, EtcdLimits, TlsFiles
from fleetkit.etcd.maintenance import context_for, read_status

__all__ = ["HashScope", "MemberHash", "StoreHashes", "hash_kv"]

_ROUNDS = 5
"""How often members are asked before what differs is believed: a write in between makes them differ as well."""


class HashScope(enum.StrEnum):
    """Over what a hash is."""

    KEYS = "keys"
    """All keys and their history up to one revision."""
    BACKEND = "backend"
    """Everything in the backend, as it stands."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberHash:
    """A member's hash.

    Attributes
    ----------
    hash
        A CRC32, as etcd computes it.
    scope
        Over what it is.
    revision
        The revision at which it was taken.
    compact_revision
        The revision up to which history was dropped, -1 for never; 0 where the scope is the backend.
    """

    hash: int
    scope: HashScope
    revision: int
    compact_revision: int = 0

    @property
    def _moment(self) -> tuple[HashScope, int, int]:
        return self.scope, self.revision, self.compact_revision


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreHashes:
    """The hashes of all members.

    Attributes
    ----------
    by_name
        Endpoint's name to its hash, or to the `EtcdError` that says why there is none.
    """

    by_name: Results[str, MemberHash]

    @property
    def is_comparable(self) -> bool:
        """Whether all hashes that there are were taken of the same moment; if not, nothing can be said."""
        return len({one._moment for one in self.by_name.ok.values()}) == 1

    @property
    def differing(self) -> tuple[str, ...]:
        """Those that differ from most; all, where none is with most; none, where they cannot be compared."""
        found = self.by_name.ok
        counts = Counter(one.hash for one in found.values())
        if not self.is_comparable or len(counts) == 1:
            return ()
        shared, most = counts.most_common(1)[0]
        return tuple(name for name, one in found.items() if one.hash != shared or 2 * most <= len(found))

    @property
    def agree(self) -> bool:
        """Whether every member told its hash, and all are the same."""
        return not self.by_name.failed and self.is_comparable and not self.differing

    @property
    def text(self) -> str:
        """One line for people."""
        if not self.by_name.ok:
            return "no member told its hash"
        if not self.is_comparable:
            return (
                "the hashes are of different moments and cannot be compared: they were written to meanwhile, ask again"
            )
        silent = f"; {', '.join(self.by_name.failed)} did not tell" if self.by_name.failed else ""
        if self.differing:
            return f"the members do not hold the same: {', '.join(self.differing)} differs from most{silent}"
        return f"{len(self.by_name.ok)} members hold the same{silent}"


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
    found = _read_once(endpoints, tls=tls, context=context, end=end)
    for _ in range(_ROUNDS - 1):
        if not found.by_name.ok or (found.is_comparable and not found.differing) or time.monotonic() >= end:
            break
        found = _read_once(endpoints, tls=tls, context=context, end=end)
    return found


def _read_once(
    endpoints: Sequence[Endpoint], *, tls: TlsFiles | None, context: ssl.SSLContext | None, end: float
) -> StoreHashes:
    def left() -> EtcdLimits:
        return EtcdLimits(total_s=max(0.001, end - time.monotonic()))

    statuses = read_status(endpoints, tls=tls, limits=left())
    answered = [endpoint for endpoint in endpoints if endpoint.name in statuses.ok]
    if not answered:
        return StoreHashes(by_name=Results(dict(statuses.failed)))
    revision = min(status.revision for status in statuses.ok.values())

    def ask(endpoint: Endpoint, deadline: float) -> MemberHash:
        with Call(endpoint, context=context, deadline=deadline) as call:
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

    hashed = ask_each(answered, ask, limits=left())
    by_name: dict[str, MemberHash | Exception] = dict(statuses.failed)
    by_name |= hashed
    return StoreHashes(by_name=Results({endpoint.name: by_name[endpoint.name] for endpoint in endpoints}))


def _read_backend(endpoint: Endpoint, call: Call) -> MemberHash:
    """Hash the backend of a member that cannot hash at a revision; between two looks at one and the same revision."""
    before = Fields(call.post("/v3/maintenance/status", {})).child("header").whole("revision")
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
