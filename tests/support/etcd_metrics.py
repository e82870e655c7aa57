"""Metrics of members as a test wants them: quiet ones, with what is to differ laid over them."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

from fleetkit.etcd import Histogram, MemberMetrics, Scrape

NOW = dt.datetime(2026, 11, 26, 12, tzinfo=dt.UTC)
NAMES = ("etcd1", "etcd2", "etcd3")


def histogram(**counts: float) -> Histogram:
    """Return a histogram by its buckets: ``histogram(at_1=3)`` has three observations of up to 1 s.

    Seconds are written with ``_`` for the point: ``at_0_5``.
    """
    bounds = {float(name.removeprefix("at_").replace("_", ".")): count for name, count in counts.items()}
    total, cumulative = 0.0, {}
    for bound in sorted({0.001, 0.1, 0.25, 0.5, 1.0, 2.0, *bounds}):
        total += bounds.get(bound, 0.0)
        cumulative[bound] = total
    return Histogram({**cumulative, float("inf"): total})


QUIET = MemberMetrics(
    member_id="a1",
    has_leader=True,
    leader_changes=1,
    proposals_failed=0,
    db_size=300 * 1024**2,
    db_size_in_use=200 * 1024**2,
    quota=2 * 1024**3,
    resident_memory=64 * 1024**2,
    send_failures={},
    requests={},
    request_seconds=None,
    round_trip_seconds={},
    round_trip_average_s={},
    fsync_seconds=histogram(),
    commit_seconds=histogram(),
)


def member(**changed: Any) -> MemberMetrics:
    """Return a quiet member's metrics with some of them changed."""
    return replace(QUIET, **changed)


def scrape(
    age_s: float, *, first: MemberMetrics = QUIET, down: tuple[str, ...] = (), unasked: tuple[str, ...] = ()
) -> Scrape:
    """Return a scrape of three members, so many seconds old; the first one's metrics are given."""
    members = dict(zip(NAMES, (first, member(member_id="b2"), member(member_id="c3")), strict=True))
    return Scrape(
        at=NOW - dt.timedelta(seconds=age_s),
        members={name: one for name, one in members.items() if name not in (*down, *unasked)},
        down=dict.fromkeys(down, "down: nothing listens there"),
        unasked=dict.fromkeys(unasked, "the member refused our client certificate"),
    )
