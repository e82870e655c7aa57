"""Health of three members through an open tunnel, against a whole ``etcdctl endpoint health`` on the direct address.

Both sides are measured in turns, so that whatever else the computer does falls on both.
"""

from __future__ import annotations

import contextlib
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from fleetkit.etcd import EtcdLimits, Verdict, read_health
from fleetkit.ssh import Forward, Tunnel
from tests.support.etcd_cluster import EtcdCluster
from tests.support.ssh_server import SshServer

__all__ = ["GOAL_AGAINST_ETCDCTL", "GOAL_PAUSED", "measure_health"]

GOAL_AGAINST_ETCDCTL = 0.5
"""At most half of the time of a whole etcdctl process."""

GOAL_PAUSED = 1.1
"""With one member paused, at most this many time limits."""

_LIMIT_S = 1.0
_WARM_UPS = 3


def measure_health(*, runs: int = 40, paused_runs: int = 5) -> list[dict[str, Any]]:
    """Measure both goals.

    Returns
    -------
    list of dict
        For each goal its name, the goal, the ratio of the medians, whether it is met, and both raw sides in
        milliseconds with count, median and spread (the quartiles).
    """
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="fleetkit-bench-")))
        cluster = stack.enter_context(EtcdCluster(folder / "etcd"))
        bastion = stack.enter_context(SshServer(folder / "ssh"))
        forwards = [Forward(name=one.name, host=one.address, port=one.port) for one in cluster.endpoints()]
        tunnel = stack.enter_context(Tunnel(bastion.target, forwards, access=bastion.access))
        endpoints = tuple(replace(one, port=tunnel.local_address(one.name)[1]) for one in cluster.endpoints())

        def ours() -> None:
            found = read_health(endpoints, tls=cluster.tls, limits=EtcdLimits(total_s=_LIMIT_S))
            if found.verdict is not expected:
                raise RuntimeError(f"measured something else than meant: {found}")

        def theirs() -> None:
            told = cluster.etcdctl("endpoint", "health")
            if told.returncode != 0:
                raise RuntimeError(f"etcdctl failed: {told.stderr}")

        expected = Verdict.HEALTHY
        sides = _in_turns((ours, theirs), runs)
        leader = cluster.leader()
        paused = next(name for name in cluster.members if name != leader)
        cluster.pause(paused)
        expected = Verdict.DEGRADED
        (waiting,) = _in_turns((ours,), paused_runs, warm_ups=0)
    return [
        _judge("health-through-tunnel-over-etcdctl", GOAL_AGAINST_ETCDCTL, sides[0], sides[1]),
        _judge("health-with-one-paused-over-limit", GOAL_PAUSED, waiting, [_LIMIT_S * 1000] * len(waiting)),
    ]


def _in_turns(sides: Sequence[Callable[[], None]], runs: int, *, warm_ups: int = _WARM_UPS) -> list[list[float]]:
    taken: list[list[float]] = [[] for _ in sides]
    for turn in range(warm_ups + runs):
        for side, times in zip(sides, taken, strict=True):
            started = time.perf_counter()
            side()
            if turn >= warm_ups:
                times.append((time.perf_counter() - started) * 1000)
    return taken


def _judge(name: str, goal: float, ours: list[float], theirs: list[float]) -> dict[str, Any]:
    ratio = statistics.median(ours) / statistics.median(theirs)
    return {
        "name": name,
        "goal": goal,
        "ratio": round(ratio, 3),
        "met": ratio <= goal,
        "ours": _describe(ours),
        "theirs": _describe(theirs),
    }


def _describe(times: list[float]) -> dict[str, Any]:
    lower, median, upper = statistics.quantiles(times, n=4)
    return {
        "unit": "ms",
        "count": len(times),
        "median": round(median, 2),
        "quartiles": [round(lower, 2), round(upper, 2)],
        "raw": [round(one, 2) for one in times],
    }


if __name__ == "__main__":
    results = measure_health()
    sys.stdout.write(json.dumps(results, indent=2) + "\n")
    sys.exit(0 if all(one["met"] for one in results) else 1)
