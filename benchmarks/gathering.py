"""Asking all members at once: what it costs over the slowest of them alone, and with one that does not answer.

A computer that has the members on it as well has its few cores taken by their handshakes. An operator's has not, and is
a network away from them: the members are therefore put at a distance.
"""

from __future__ import annotations

import statistics
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from benchmarks.far_away import far_away
from benchmarks.judging import judge, take_turns
from fleetkit.etcd import Endpoint, EtcdLimits, TlsFiles, hash_kv, read_health, read_status
from tests.support.etcd_cluster import EtcdCluster

__all__ = ["GOAL_OVER_LIMIT", "GOAL_OVER_SLOWEST", "measure_gathering"]

GOAL_OVER_SLOWEST = 1.2
"""Three members take at most this many times the slowest of them alone."""

GOAL_OVER_LIMIT = 1.1
"""Nine, of which one is paused, take at most this many time limits."""

_ROUND_TRIP_S = 0.05
_LIMIT_S = 1.0
_WARM_UPS = 2

Ask = Callable[[Sequence[Endpoint], TlsFiles, EtcdLimits], object]

_QUESTIONS: dict[str, Ask] = {
    "health": lambda endpoints, tls, limits: read_health(endpoints, tls=tls, limits=limits),
    "status": lambda endpoints, tls, limits: read_status(endpoints, tls=tls, limits=limits),
    "hash": lambda endpoints, tls, limits: hash_kv(endpoints, tls=tls, limits=limits),
}


def measure_gathering(*, runs: int = 30, paused_runs: int = 5) -> Iterator[dict[str, Any]]:
    """Measure each question, in milliseconds: of three members at a distance, and of nine of which one is paused."""
    with tempfile.TemporaryDirectory(prefix="fleetkit-bench-") as folder, EtcdCluster(Path(folder)) as cluster:
        for name, ask in _QUESTIONS.items():
            yield _judge_three(name, ask, cluster, runs=runs)
    with tempfile.TemporaryDirectory(prefix="fleetkit-bench-") as folder, EtcdCluster(Path(folder), size=9) as cluster:
        cluster.pause(next(name for name in cluster.members if name != cluster.leader()))
        for name, ask in _QUESTIONS.items():
            yield _judge_nine(name, ask, cluster, runs=paused_runs)


def _judge_three(name: str, ask: Ask, cluster: EtcdCluster, *, runs: int) -> dict[str, Any]:
    limits = EtcdLimits()
    with far_away(cluster.endpoints(), travel_s=_ROUND_TRIP_S / 2) as endpoints:
        alone = [(one,) for one in endpoints]
        sides = [lambda asked=asked: ask(asked, cluster.tls, limits) for asked in (endpoints, *alone)]
        together, *apart = take_turns(sides, runs=runs, warm_ups=_WARM_UPS)
    # The slowest is that of the medians: the largest of three in each turn would flatter us by their scatter.
    slowest = max(apart, key=statistics.median)
    return judge(
        f"{name}-of-three-over-slowest",
        f"{name} of three members at {_ROUND_TRIP_S * 1000:.0f} ms over that of the slowest of them alone",
        GOAL_OVER_SLOWEST,
        [one * 1000 for one in together],
        [one * 1000 for one in slowest],
        unit="ms",
    )


def _judge_nine(name: str, ask: Ask, cluster: EtcdCluster, *, runs: int) -> dict[str, Any]:
    limits = EtcdLimits(total_s=_LIMIT_S)
    (waiting,) = take_turns([lambda: ask(cluster.endpoints(), cluster.tls, limits)], runs=runs, warm_ups=0)
    return judge(
        f"{name}-of-nine-with-one-paused-over-limit",
        f"{name} of nine members, of which one is paused, over the time limit (slowest run)",
        GOAL_OVER_LIMIT,
        [one * 1000 for one in waiting],
        [_LIMIT_S * 1000] * len(waiting),
        unit="ms",
        # A limit is a promise about every run, not about the usual one.
        pick=max,
    )
