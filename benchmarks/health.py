"""Health of three members through an open tunnel, against a whole ``etcdctl endpoint health`` on the direct address.

Both sides are measured in turns, so that whatever else the computer does falls on both.
"""

from __future__ import annotations

import contextlib
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmarks.judging import judge, take_turns
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


def measure_health(*, runs: int = 40, paused_runs: int = 10) -> list[dict[str, Any]]:
    """Measure both goals.

    Returns
    -------
    list of dict
        As `benchmarks.judging.judge` gives them, in milliseconds.
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
        sides = take_turns((ours, theirs), runs=runs, warm_ups=_WARM_UPS)
        leader = cluster.leader()
        paused = next(name for name in cluster.members if name != leader)
        cluster.pause(paused)
        expected = Verdict.DEGRADED
        (waiting,) = take_turns((ours,), runs=paused_runs, warm_ups=0)
    milliseconds = [[one * 1000 for one in times] for times in (*sides, waiting)]
    return [
        judge(
            "health-through-tunnel-over-etcdctl",
            "health of three members through an open tunnel over a whole `etcdctl endpoint health` without one",
            GOAL_AGAINST_ETCDCTL,
            milliseconds[0],
            milliseconds[1],
            unit="ms",
        ),
        judge(
            "health-with-one-paused-over-limit",
            "health with one paused member over the time limit (slowest run)",
            GOAL_PAUSED,
            milliseconds[2],
            [_LIMIT_S * 1000] * len(waiting),
            unit="ms",
            # A limit is a promise about every run, not about the usual one.
            pick=max,
        ),
    ]
