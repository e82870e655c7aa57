"""A backup, against etcdctl's two commands that read the same; and the memory that it takes of a large store."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.judging import judge, take_turns
from fleetkit.workflows import back_up, open_backup_place
from tests.support.etcd_cluster import EtcdCluster
from tests.support.etcd_filling import fill_v2, fill_v3

__all__ = ["GOAL_MEMORY_MB", "GOAL_OVER_ETCDCTL", "measure_backups"]

GOAL_OVER_ETCDCTL = 1.3
"""At most this many times as long as ``etcdctl snapshot save`` and a listing of the v2 tree."""

GOAL_MEMORY_MB = 150
"""A whole process that backs up takes less, however large the store."""

_V2_KEYS = 1000
_USUAL_MB = 8
_LARGE_MB = 512
_RUN_ALONE = """
import json, sys
from pathlib import Path
from fleetkit.etcd import Endpoint, TlsFiles
from fleetkit.workflows import back_up, open_backup_place
told = json.loads(sys.argv[1])
tls = TlsFiles(**{name: Path(file) for name, file in told["tls"].items()})
print(back_up([Endpoint(**told["endpoint"])], open_backup_place("demo", told["place"]), tls=tls).summary)
"""


def measure_backups(
    *, runs: int = 10, usual_mb: int = _USUAL_MB, large_mb: int = _LARGE_MB
) -> Iterator[dict[str, Any]]:
    """Measure a backup's time with a store as fleet's clusters have, and its memory with a large one."""
    with _filled(usual_mb) as (folder, cluster):
        yield _judge_time(folder, cluster, usual_mb, runs=runs)
    with _filled(large_mb) as (folder, cluster):
        yield _judge_memory(folder, cluster, large_mb)


@contextlib.contextmanager
def _filled(megabytes: int) -> Iterator[tuple[Path, EtcdCluster]]:
    """Yield a folder to work in, and a member whose v3 store has so much data; its v2 store has what fleet's has."""
    with tempfile.TemporaryDirectory(prefix="fleetkit-bench-") as name:
        folder = Path(name)
        with EtcdCluster(folder / "etcd", size=1) as cluster:
            (endpoint,) = cluster.endpoints()
            fill_v3(endpoint, cluster.tls, values=megabytes * 16, value_bytes=1024**2 // 16)
            fill_v2(endpoint, cluster.tls, values=_V2_KEYS, value_bytes=300)
            yield folder, cluster


def _judge_time(folder: Path, cluster: EtcdCluster, megabytes: int, *, runs: int) -> dict[str, Any]:
    place = open_backup_place("demo", str(folder / "kept"))

    def ours() -> None:
        taken = back_up(cluster.endpoints(), place, tls=cluster.tls)
        if taken.manifest.v2_keys < _V2_KEYS:
            raise RuntimeError(f"measured something else than meant: {taken}")
        place.remove_backups([taken.kept.name])

    def theirs() -> None:
        saved = folder / "snapshot.db"
        _must(cluster.etcdctl("snapshot", "save", str(saved)))
        listed = _must(cluster.etcdctl_v2("ls", "--recursive", "--quorum", "/_coreos.com"))
        if listed.count("\n") < _V2_KEYS:
            raise RuntimeError(f"measured something else than meant: {listed[:200]}")
        saved.unlink()

    sides = take_turns((ours, theirs), runs=runs, warm_ups=1)
    return judge(
        "backup-over-etcdctl",
        f"backup of {megabytes} MB and {_V2_KEYS} keys of the v2 store over `etcdctl snapshot save` and `ls`",
        GOAL_OVER_ETCDCTL,
        *([one * 1000 for one in side] for side in sides),
        unit="ms",
    )


def _must(told: subprocess.CompletedProcess[str]) -> str:
    if told.returncode != 0:
        raise RuntimeError(f"etcdctl failed: {told.stderr}")
    return told.stdout


def _judge_memory(folder: Path, cluster: EtcdCluster, megabytes: int) -> dict[str, Any]:
    (endpoint,) = cluster.endpoints()
    tls = {name: str(getattr(cluster.tls, name)) for name in ("ca", "certificate", "key")}
    asked = {
        "endpoint": {name: getattr(endpoint, name) for name in ("name", "host", "address", "port")},
        "tls": tls,
        "place": str(folder / "kept"),
    }
    return judge(
        "memory-of-a-large-backup",
        f"memory of a process that backs up {megabytes} MB, over what it may take",
        1.0,
        [_peak_mb(json.dumps(asked))],
        [float(GOAL_MEMORY_MB)],
        unit="MB",
    )


def _peak_mb(asked: str) -> float:
    """Back up in a process of its own, and return the most memory that it had, in MB."""
    process = subprocess.Popen([sys.executable, "-c", _RUN_ALONE, asked], stdout=subprocess.PIPE)
    with process:
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise RuntimeError(f"the backup failed with exit code {process.returncode}")
    # Linux tells kibibytes, macOS tells bytes.
    return usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024) / 1024**2
