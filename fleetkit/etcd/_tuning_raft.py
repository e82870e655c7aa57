"""Advice on raft's intervals and snapshots; the numbers are those of etcd's tuning guide."""

from __future__ import annotations

import math

from fleetkit.etcd.metrics import Scrape
from fleetkit.etcd.tuning_values import Advice, Fit, RaftSettings

__all__ = ["advise_election", "advise_heartbeat", "advise_snapshots"]

_DEFAULT_HEARTBEAT_MS = 100
_DEFAULT_ELECTION_MS = 1000
_LONGEST_ELECTION_MS = 50_000
_ELECTION_BEATS = 10
_SHORTEST_ELECTION_BEATS = 5
_DEFAULT_SNAPSHOT_COUNT = 100_000
_SMALL_SNAPSHOT_COUNT = 10_000
_MUCH_MEMORY = 1024**3
"""Bytes of memory beyond the database, from which on the entries that wait for a snapshot are worth a thought."""

_NO_ROUND_TRIP = "no member has measured a round trip: etcd probes its peers every half minute"


def _heartbeat_for(rtt_ms: float) -> int:
    return max(_DEFAULT_HEARTBEAT_MS, math.ceil(rtt_ms / 10) * 10)


def advise_heartbeat(rtt_ms: float | None, current: int | None) -> Advice:
    if rtt_ms is None:
        return _raft("heartbeat-interval", current, None, Fit.UNKNOWN, _NO_ROUND_TRIP)
    suggested = _heartbeat_for(rtt_ms)
    far = f"the longest round trip takes {rtt_ms:.4g} ms on average"
    if current is None:
        return _raft("heartbeat-interval", None, suggested, Fit.UNKNOWN, f"{far}; the members do not tell theirs")
    if current < 0.5 * rtt_ms:
        why = f"{far}: heartbeats follow each other before they can be answered"
        return _raft("heartbeat-interval", current, suggested, Fit.CHANGE, why)
    if current > max(_DEFAULT_HEARTBEAT_MS, 1.5 * rtt_ms):
        why = f"{far}: a leader that is lost is missed later than it need be"
        return _raft("heartbeat-interval", current, suggested, Fit.CHANGE, why)
    why = f"{far}; 0.5 to 1.5 times that, and etcd's 100 ms where members are near each other"
    return _raft("heartbeat-interval", current, current, Fit.FITS, why)


def advise_election(rtt_ms: float | None, settings: RaftSettings) -> Advice:
    current, beat = settings.election_ms, settings.heartbeat_ms
    if rtt_ms is None:
        return _raft("election-timeout", current, None, Fit.UNKNOWN, _NO_ROUND_TRIP)
    wanted = max(_DEFAULT_ELECTION_MS, _ELECTION_BEATS * _heartbeat_for(rtt_ms))
    suggested = min(_LONGEST_ELECTION_MS, wanted)
    least = max(_ELECTION_BEATS * rtt_ms, _SHORTEST_ELECTION_BEATS * (beat or 0))
    if wanted > _LONGEST_ELECTION_MS:
        why = f"ten round trips are more than the {_LONGEST_ELECTION_MS} ms that etcd takes: they are too far apart"
        return _raft("election-timeout", current, suggested, Fit.CHANGE, why)
    if current is None:
        why = "ten times the longest round trip at least; the members do not tell theirs"
        return _raft("election-timeout", None, suggested, Fit.UNKNOWN, why)
    if current < least:
        why = f"less than {least:.4g} ms, ten round trips and five heartbeats: elections begin while the leader is well"
        return _raft("election-timeout", current, suggested, Fit.CHANGE, why)
    if current > _LONGEST_ELECTION_MS:
        return _raft("election-timeout", current, suggested, Fit.CHANGE, "more than etcd takes")
    why = "ten times the longest round trip at least, and the same on all members"
    return _raft("election-timeout", current, current, Fit.FITS, why)


def advise_snapshots(scrape: Scrape, current: int | None) -> Advice:
    beyond = {name: one.resident_memory - one.db_size for name, one in scrape.members.items()}
    fattest = max(beyond, key=lambda name: beyond[name], default="")
    count = _DEFAULT_SNAPSHOT_COUNT if current is None else current
    if fattest and beyond[fattest] > _MUCH_MEMORY and count > _SMALL_SNAPSHOT_COUNT:
        memory = f"{fattest} holds {beyond[fattest] / 1024**3:.1f} GiB of memory beyond its database"
        why = f"{memory}: up to so many entries wait there for the next snapshot"
        return _raft("snapshot-count", current, _SMALL_SNAPSHOT_COUNT, Fit.CHANGE, why)
    why = "entries that wait in memory for the next snapshot; memory is not short by them"
    return _raft("snapshot-count", current, count, Fit.FITS, why)


def _raft(setting: str, current: int | None, suggested: int | None, fit: Fit, why: str) -> Advice:
    return Advice(setting=setting, who="", current=current, suggested=suggested, fit=fit, why=why)
