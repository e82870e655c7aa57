"""The v2 API's statistics: of the leader about its followers, of each member about itself and its store."""

from __future__ import annotations

import http
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from fleetkit.core import EtcdError, Results
from fleetkit.etcd._asking import context_for
from fleetkit.etcd._gather import ask_each
from fleetkit.etcd._http import Call
from fleetkit.etcd._reading import Fields
from fleetkit.etcd.endpoints import Endpoint, EtcdLimits, TlsFiles

__all__ = [
    "FollowerStats",
    "LeaderStats",
    "SelfStats",
    "StoreStats",
    "read_leader_stats",
    "read_self_stats",
    "read_store_stats",
]

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowerStats:
    """How a follower does, as the leader sees it.

    Attributes
    ----------
    latency_ms, average_latency_ms
        Last and average round trip in milliseconds.
    succeeded, failed
        Number of append requests that did and did not succeed.
    """

    latency_ms: float
    average_latency_ms: float
    succeeded: int
    failed: int

    @classmethod
    def from_json(cls, fields: Fields) -> FollowerStats:
        """Read one entry of the followers."""
        latency, counts = fields.child("latency"), fields.child("counts")
        return cls(
            latency_ms=latency.number("current") * 1000,
            average_latency_ms=latency.number("average") * 1000,
            succeeded=counts.whole("success"),
            failed=counts.whole("fail"),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaderStats:
    """What the leader knows of its followers.

    Attributes
    ----------
    leader
        The leader's id in hex.
    followers
        Each follower's id in hex to its statistics.
    """

    leader: str
    followers: Mapping[str, FollowerStats]


@dataclass(frozen=True, slots=True, kw_only=True)
class SelfStats:
    """What a member says of itself; after the quorum is lost, ``state`` may be stale.

    Attributes
    ----------
    id, name
        The member's id in hex, and its name.
    state
        ``StateLeader`` or ``StateFollower``.
    leader
        The id of its leader in hex.
    start_time
        When the process started, as etcd writes it.
    """

    id: str
    name: str
    state: str
    leader: str
    start_time: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreStats:
    """What a member counted of operations on its v2 store since it started.

    Attributes
    ----------
    gets_success, gets_fail, sets_success, sets_fail, creates_success, creates_fail, deletes_success, deletes_fail
        Number of operations of each kind.
    expired
        Number of keys that expired.
    watchers
        Number of watchers now.
    """

    gets_success: int
    gets_fail: int
    sets_success: int
    sets_fail: int
    creates_success: int
    creates_fail: int
    deletes_success: int
    deletes_fail: int
    expired: int
    watchers: int


def read_leader_stats(
    endpoints: Sequence[Endpoint], *, tls: TlsFiles | None = None, limits: EtcdLimits | None = None
) -> LeaderStats:
    """Read what the leader knows of its followers; only the leader answers this.

    Raises
    ------
    EtcdError
        When no member that was asked says that it leads.
    SettingsError
        When the TLS files cannot be used, or no endpoint was given.
    """

    def parse(fields: Fields) -> LeaderStats:
        followers = fields.by_name("followers")
        return LeaderStats(
            leader=fields.text("leader"),
            followers={name: FollowerStats.from_json(follower) for name, follower in followers.items()},
        )

    found = _read_each(endpoints, "leader", parse, tls=tls, limits=limits)
    for stats in found.ok.values():
        return stats
    reasons = "".join(f"\n  - {name}: {getattr(error, 'reason', error)}" for name, error in found.failed.items())
    raise EtcdError("no member that was asked is the leader", seen=reasons, transient=True)


def read_self_stats(
    endpoints: Sequence[Endpoint], *, tls: TlsFiles | None = None, limits: EtcdLimits | None = None
) -> Results[str, SelfStats]:
    """Read what every member says of itself, or the `EtcdError` that says why it does not."""

    def parse(fields: Fields) -> SelfStats:
        return SelfStats(
            id=fields.text("id"),
            name=fields.text("name"),
            state=fields.text("state"),
            leader=fields.child("leaderInfo").text("leader"),
            start_time=fields.text("startTime"),
        )

    return _read_each(endpoints, "self", parse, tls=tls, limits=limits)


def read_store_stats(
    endpoints: Sequence[Endpoint], *, tls: TlsFiles | None = None, limits: EtcdLimits | None = None
) -> Results[str, StoreStats]:
    """Read every member's counters of its v2 store, or the `EtcdError` that says why not."""

    def parse(fields: Fields) -> StoreStats:
        return StoreStats(
            gets_success=fields.whole("getsSuccess"),
            gets_fail=fields.whole("getsFail"),
            sets_success=fields.whole("setsSuccess"),
            sets_fail=fields.whole("setsFail"),
            creates_success=fields.whole("createSuccess"),
            creates_fail=fields.whole("createFail"),
            deletes_success=fields.whole("deleteSuccess"),
            deletes_fail=fields.whole("deleteFail"),
            expired=fields.whole("expireCount"),
            watchers=fields.whole("watchers"),
        )

    return _read_each(endpoints, "store", parse, tls=tls, limits=limits)


def _read_each(
    endpoints: Sequence[Endpoint],
    which: str,
    parse: Callable[[Fields], T],
    *,
    tls: TlsFiles | None,
    limits: EtcdLimits | None,
) -> Results[str, T]:
    context = context_for(endpoints, tls)

    def ask(endpoint: Endpoint, deadline: float) -> T:
        with Call(endpoint, context=context, deadline=deadline) as call:
            answer = call.ask("GET", f"/v2/stats/{which}")
            if answer.status != http.HTTPStatus.OK:
                raise call.refused(answer)
            return parse(Fields(answer.body))

    return ask_each(endpoints, ask, limits=limits or EtcdLimits())
