"""A cluster file that is right, and ways to make it wrong."""

from __future__ import annotations

import copy
import datetime as dt
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from fleetkit.config import Cluster, parse_cluster, propose_cluster, render_cluster_file

TODAY = dt.date(2026, 11, 22)
ZONES = ("us-west-2a", "us-west-2b", "us-west-2c")
DIGEST = "5f" * 32


def cluster_data(name: str = "demo", **known: object) -> dict[str, Any]:
    """Return a cluster file's content, complete and pinned."""
    data: dict[str, Any] = propose_cluster(name, region="us-west-2", zones=ZONES, today=TODAY, who="ada")
    data |= {"operator_cidr": "198.51.100.7/32", "key_name": "fleetkit"}
    data["images"] = {"flatcar": "ami-0f1a7ca40f1a7ca40", "ubuntu": "ami-0b0b0b0b0b0b0b0b0"}
    data["pins"] = {
        "etcd_image": f"quay.io/coreos/etcd@sha256:{DIGEST}",
        "fleet_archive": "https://mirror.example/v1.0.0/fleet-v1.0.0-linux-amd64.tar.gz",
        "fleet_sha256": DIGEST,
    }
    return changed(data, known)


def changed(data: Mapping[str, Any], change: Mapping[str, object], remove: Iterable[str] = ()) -> dict[str, Any]:
    """Return ``data`` with values at dotted paths set and others removed."""
    result: dict[str, Any] = copy.deepcopy(dict(data))
    for path in remove:
        *tables, key = path.split(".")
        inner = result
        for table in tables:
            inner = inner[table]
        del inner[key]
    for path, value in change.items():
        *tables, key = path.split(".")
        inner = result
        for table in tables:
            inner = inner.setdefault(table, {})
        inner[key] = value
    return result


def make_cluster(name: str = "demo", **known: object) -> Cluster:
    """Return a right cluster."""
    return parse_cluster(cluster_data(name, **known), file=Path(f"{name}.toml"), today=TODAY)


def write_cluster(folder: Path, name: str = "demo", **known: object) -> Path:
    """Write a right cluster file under ``folder/clusters``."""
    file = folder / "clusters" / f"{name}.toml"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(render_cluster_file(cluster_data(name, **known)), encoding="utf-8")
    return file
