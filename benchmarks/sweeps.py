"""What a sweep of many clusters costs, against the same runs one after the other, and what memory it holds.

The clusters' AWS is recorded once from an emulated account, and replayed to all of them from afar: as on AWS, a run
waits for answers most of its time. The runs alone are taken before and after, so that a busy hour falls on both sides.
"""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.judging import judge
from benchmarks.memory import watch_memory
from benchmarks.replay import Replay, serve_replay

__all__ = ["GOAL_MEMORY", "GOAL_WALL", "measure_sweeps"]

GOAL_WALL = 1.3
"""At most this many times the total work, divided by how many runs go on at once."""

GOAL_MEMORY = 1.1
"""A sweep of many clusters holds at most this many times the memory of one of few."""

_TRAVEL_S = 0.6
_CHECKS = ("security-group-unused", "ssh-open-to-world", "etcd-ports-open", "network-acl-open")
_LOOKS = 6
_LAST_WORDS = 2000
_ANY_RATE = "1000"
"""What is measured is the sweep, not the waiting for turns that the budget asks for."""


def measure_sweeps(
    *, many: int = 100, few: int = 10, alone: int = 4, travel_s: float = _TRAVEL_S
) -> Iterator[dict[str, Any]]:
    """Measure time and memory.

    Parameters
    ----------
    many, few
        Clusters of the two sweeps.
    alone
        Runs that are made alone, before and after each.
    travel_s
        Seconds after which each answer of AWS comes.
    """
    with _world(many, travel_s) as world:
        singles = [world.run_alone(name) for name in world.names[:alone]]
        small = world.sweep(world.names[:few])
        large = world.sweep(world.names)
        singles += [world.run_alone(name) for name in world.names[-alone:]]
    work_s = sum(singles) / len(singles) * many
    ideal_s = work_s / large.at_once
    yield {
        **judge(
            "sweep-over-ideal",
            f"a sweep of {many} clusters over the total work of its runs divided by the {large.at_once} at once",
            GOAL_WALL,
            [large.took_s],
            [ideal_s],
            unit="s",
        ),
        "parts": {
            "alone_s": [round(one, 2) for one in singles],
            "inside_s": [round(one, 2) for one in large.runs_s],
            "at_once": large.at_once,
        },
    }
    yield {
        **judge(
            "sweep-memory",
            f"peak memory of the sweep's process over {many} clusters, over that of one of {few}",
            GOAL_MEMORY,
            [large.own_mb],
            [small.own_mb],
            unit="MB",
        ),
        "parts": {"with_its_runs_mb": {str(many): large.all_mb, str(few): small.all_mb}},
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class _Swept:
    took_s: float
    at_once: int
    runs_s: tuple[float, ...]
    own_mb: float
    all_mb: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _World:
    folder: Path
    environ: Mapping[str, str]
    names: tuple[str, ...]

    def run_alone(self, name: str) -> float:
        """Run the notebook for one cluster by itself, and return how many seconds that took."""
        began = time.perf_counter()
        process = self._start("run", "look.ipynb", "--cluster", name, "--quiet")
        said, _ = process.communicate()
        if process.returncode not in (0, 3):
            raise RuntimeError(f"the run on {name} ended with {process.returncode}: {said[-_LAST_WORDS:]}")
        return time.perf_counter() - began

    def sweep(self, names: tuple[str, ...]) -> _Swept:
        """Sweep these clusters, and return what that took; each of them has to have had its answer."""
        began = time.perf_counter()
        files = [f"clusters/{name}.toml" for name in names]
        process = self._start("sweep", "look.ipynb", *files, "--rate", _ANY_RATE, "--quiet", "--json")
        with watch_memory(process.pid) as peaks:
            said, _ = process.communicate()
        took_s = time.perf_counter() - began
        if process.returncode not in (0, 3):
            raise RuntimeError(f"the sweep ended with {process.returncode}: {said[-_LAST_WORDS:]}")
        document = json.loads(said)
        return _Swept(
            took_s=took_s,
            at_once=document["at_once"],
            runs_s=tuple(one["took_s"] for one in document["clusters"]),
            own_mb=peaks["own"],
            all_mb=peaks["all"],
        )

    def _start(self, *words: str) -> subprocess.Popen[str]:
        program = str(Path(sys.executable).with_name("fleetkit"))
        return subprocess.Popen(
            [program, *words],
            cwd=self.folder,
            env=dict(self.environ),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )


@contextmanager
def _world(many: int, travel_s: float) -> Iterator[_World]:
    """Yield a folder with many clusters and a notebook, and an AWS that was recorded for the first of them."""
    names = tuple(f"c-{number:03}" for number in range(many))
    replay = Replay(names=frozenset(name.encode() for name in names))
    with tempfile.TemporaryDirectory(prefix="fleetkit-bench-") as made, serve_replay(replay):
        folder = Path(made)
        _write_clusters(folder, names)
        _write_notebook(folder / "look.ipynb")
        environ = {name: text for name, text in os.environ.items() if not name.startswith(("AWS_", "FLEETKIT_"))}
        environ |= {
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_SECRET_ACCESS_KEY": "testing",
            "AWS_ENDPOINT_URL": replay.url,
            "FLEETKIT_HOME": str(folder / "home"),
            "IPYTHONDIR": str(folder / "ipython"),
        }
        world = _World(folder=folder, environ=environ, names=names)
        with _emulated_account() as replay.source:
            # A sweep asks for more than a run: whose account it is, of which all take their share.
            world.run_alone(names[0])
            world.sweep(names[:1])
        replay.source, replay.travel_s = "", travel_s
        yield world


def _write_clusters(folder: Path, names: tuple[str, ...]) -> None:
    from fleetkit.config import propose_cluster, render_cluster_file
    from fleetkit.core import utc_now

    zones = ("us-west-2a", "us-west-2b", "us-west-2c")
    (folder / "clusters").mkdir()
    for name in names:
        data: dict[str, Any] = propose_cluster(
            name, region="us-west-2", zones=zones, today=utc_now().date(), who="bench"
        )
        data |= {"operator_cidr": "198.51.100.7/32", "key_name": "fleetkit"}
        data["images"] = {"flatcar": "ami-0f1a7ca40f1a7ca40", "ubuntu": "ami-0b0b0b0b0b0b0b0b0"}
        data["pins"] = {
            "etcd_image": f"quay.io/coreos/etcd@sha256:{'5f' * 32}",
            "fleet_archive": "https://mirror.example/v1.0.0/fleet-v1.0.0-linux-amd64.tar.gz",
            "fleet_sha256": "5f" * 32,
        }
        (folder / "clusters" / f"{name}.toml").write_text(render_cluster_file(data), encoding="utf-8")


def _write_notebook(path: Path) -> None:
    """Write a notebook that audits a cluster's network several times, and changes nothing."""
    from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, writes

    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    notebook = new_notebook(metadata={"kernelspec": kernel})
    notebook.cells = [
        new_markdown_cell("# Look\n\nAudit the network.\n\n- *Changes*: nothing"),
        new_code_cell('cluster = ""', metadata={"tags": ["parameters"]}),
        new_code_cell(
            "from fleetkit import workflows\n"
            'run = workflows.begin_run(notebook="look", cluster=cluster, parameters={"cluster": cluster})\n'
            "workspace = workflows.open_workspace(cluster, folder=run.home)"
        ),
    ]
    # What could not be read must not pass for a fast run.
    audit = (
        f"audit = workflows.audit_cluster(workspace, checks={_CHECKS!r})\n"
        'if audit.outcome == "failed":\n'
        "    raise RuntimeError(audit.summary)"
    )
    notebook.cells += [new_code_cell(audit) for _ in range(_LOOKS)] + [new_code_cell("run.finish()")]
    path.write_text(writes(notebook), encoding="utf-8")


@contextmanager
def _emulated_account() -> Iterator[str]:
    """Yield the address of an emulated account with a VPC in it."""
    import boto3
    from moto.server import ThreadedMotoServer

    # It would tell each request on standard error.
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        url = f"http://{host}:{port}"
        client = boto3.client(
            "ec2",
            region_name="us-west-2",
            endpoint_url=url,
            aws_access_key_id="x",
            aws_secret_access_key="x",  # noqa: S106
        )
        tags = [{"Key": "fleetkit:cluster", "Value": "c-000"}]
        vpc = client.create_vpc(CidrBlock="10.10.0.0/16", TagSpecifications=[{"ResourceType": "vpc", "Tags": tags}])[
            "Vpc"
        ]["VpcId"]
        for role in ("master", "internal", "public", "bastion", "deploy"):
            client.create_security_group(
                GroupName=f"c-000-{role}",
                Description="of a cluster",
                VpcId=vpc,
                TagSpecifications=[
                    {"ResourceType": "security-group", "Tags": [*tags, {"Key": "fleetkit:role", "Value": role}]}
                ],
            )
        yield url
    finally:
        server.stop()
