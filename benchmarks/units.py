"""What fleetkit adds to fleet's own work: reading all of it, deploying many units, and checking their files.

Fleet is the stand-in, which is not as fast as fleet; both sides ask the same one.
"""

from __future__ import annotations

import contextlib
import http.client
import itertools
import json
import tempfile
import time
import urllib.parse
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from benchmarks.judging import judge, take_turns
from fleetkit.core import NotYet, Patience, wait_until
from fleetkit.fleet import FleetEndpoint, UnitFiles, parse_fleet_endpoint, parse_unit_file, read_unit_files
from fleetkit.workflows import FleetReader, UnitGate, apply_units, approve, plan_unit_deploy
from tests.support.etcd_cluster import EtcdCluster
from tests.support.fleet_cluster import FleetCluster

__all__ = ["GOAL_DEPLOY", "GOAL_FILES", "GOAL_STATUS", "measure_units"]

GOAL_STATUS = 1.3
"""Reading all units takes at most this many times the bare requests for the same pages.

A list of several pages is read until two readings agree, here as there: one reading alone can miss a unit.
"""

GOAL_DEPLOY = 1.5
"""A deploy takes at most this many times the bare requests, one after the other, until all units run."""

GOAL_FILES = 20.0
"""Files are read, parsed and checked in at most this many times what reading them takes."""

_LISTED, _DEPLOYED, _FILES = 1000, 500, 10_000
_LOOK = Patience(deadline_s=600, interval_s=0.2)
_TEXT = """[Unit]
Description=number {number}
After=docker.service

[Service]
ExecStartPre=-/usr/bin/docker rm -f %p
ExecStart=/bin/sleep 100000
Restart=always

[X-Fleet]
MachineMetadata=disk=ssd
Conflicts=other-{number}.service
"""


def measure_units(*, runs: int = 10, deploys: int = 3) -> Iterator[dict[str, Any]]:
    """Measure files, then reading, in milliseconds, and deploying, in seconds."""
    with tempfile.TemporaryDirectory(prefix="fleetkit-bench-") as folder:
        yield _judge_files(Path(folder), runs=runs)
    with tempfile.TemporaryDirectory(prefix="fleetkit-bench-") as name:
        folder_of_all = Path(name)
        with EtcdCluster(folder_of_all / "etcd") as etcd:
            yield _judge_status(etcd, folder_of_all, runs=runs)
            yield _judge_deploy(etcd, folder_of_all, runs=deploys)


def _judge_files(folder: Path, *, runs: int) -> dict[str, Any]:
    for number in range(_FILES):
        (folder / f"unit-{number}.service").write_text(_TEXT.format(number=number), encoding="utf-8")

    def check() -> None:
        files = read_unit_files([folder])
        _require(len(files.units) - len(files.findings), _FILES)

    def read() -> None:
        _require(sum(bool(one.read_bytes()) for one in sorted(folder.iterdir())), _FILES)

    ours, theirs = take_turns([check, read], runs=runs)
    return judge(
        "unit-files-over-reading-them",
        f"{_FILES:,} unit files read, parsed and checked over reading their bytes",
        GOAL_FILES,
        [one * 1000 for one in ours],
        [one * 1000 for one in theirs],
        unit="ms",
    )


def _judge_status(etcd: EtcdCluster, folder: Path, *, runs: int) -> dict[str, Any]:
    with _fleet(etcd, folder, "status") as (fleet, endpoint):
        _put_all(fleet, _LISTED, desired="loaded")
        _wait_for(fleet, _LISTED, active="")
        with FleetReader(endpoint) as reader:

            def status() -> None:
                _require(len(reader.read().units), _LISTED)

            def pages() -> None:
                # Machines fit on one page; of the two long lists the second reading says that the first was whole.
                _require(len(_get_all(fleet, "machines")), len(fleet.machines))
                for what in ("units", "units", "state", "state"):
                    _require(len(_get_all(fleet, what)), _LISTED)

            ours, theirs = take_turns([status, pages], runs=runs)
    return judge(
        "status-over-pages",
        f"the status of {_LISTED:,} units over the bare requests for the same pages, long lists read twice",
        GOAL_STATUS,
        [one * 1000 for one in ours],
        [one * 1000 for one in theirs],
        unit="ms",
    )


def _judge_deploy(etcd: EtcdCluster, folder: Path, *, runs: int) -> dict[str, Any]:
    count = itertools.count()
    names = [f"unit-{number}.service" for number in range(_DEPLOYED)]
    gate = UnitGate(patience=_LOOK, steady_s=0)
    # Each has a fleet of its own without units; to bring that up and down is nobody's time, nor is the first turn.
    sides: dict[str, Callable[[FleetCluster, FleetEndpoint], None]] = {
        "ours": lambda _fleet, endpoint: _deploy(endpoint, names, gate),
        "theirs": lambda fleet, _endpoint: _put_and_wait(fleet),
    }
    taken: dict[str, list[float]] = {name: [] for name in sides}
    for turn in range(1 + runs):
        for name in sides if turn % 2 == 0 else reversed(sides):
            with _fleet(etcd, folder, f"deploy{next(count)}") as (fleet, endpoint):
                started = time.perf_counter()
                sides[name](fleet, endpoint)
                taken[name].append(time.perf_counter() - started)
    return judge(
        "deploy-of-units-over-bare-requests",
        f"{_DEPLOYED} units deployed and running over the bare requests on one connection, until all run",
        GOAL_DEPLOY,
        taken["ours"][1:],
        taken["theirs"][1:],
        unit="s",
    )


def _deploy(endpoint: FleetEndpoint, names: Sequence[str], gate: UnitGate) -> None:
    parsed = [parse_unit_file(name, _plain(name)) for name in names]
    files = UnitFiles(units={name: text for one in parsed for name, text in one.units.items()}, paths={}, findings=())
    plan = plan_unit_deploy(endpoint, files)
    applied = apply_units(endpoint, approve(plan, plan.sha256), gate=gate)
    _require(len(applied.done), len(names))


def _put_and_wait(fleet: FleetCluster) -> None:
    _put_all(fleet, _DEPLOYED, desired="launched")
    _wait_for(fleet, _DEPLOYED, active="active")


def _require(found: int, expected: int) -> None:
    """Refuse a time of something that was not done: it must not pass for a fast one."""
    if found != expected:
        raise RuntimeError(f"{found} of {expected}")


def _plain(name: str) -> str:
    return f"[Unit]\nDescription={name}\n\n[Service]\nExecStart=/bin/sleep 100000\n"


@contextlib.contextmanager
def _fleet(etcd: EtcdCluster, folder: Path, name: str) -> Iterator[tuple[FleetCluster, FleetEndpoint]]:
    with FleetCluster(etcd, folder / name, FLEET_ETCD_KEY_PREFIX=f"/bench/{name}") as fleet:
        fleet.start()
        yield fleet, parse_fleet_endpoint(f"http://127.0.0.1:{fleet.any.port}")


def _put_all(fleet: FleetCluster, count: int, *, desired: str) -> None:
    """Send units one after the other over one connection."""
    connection = http.client.HTTPConnection("127.0.0.1", fleet.any.port, timeout=30)
    for number in range(count):
        name = f"unit-{number}.service"
        options = [
            {"section": "Unit", "name": "Description", "value": name},
            {"section": "Service", "name": "ExecStart", "value": "/bin/sleep 100000"},
        ]
        body = json.dumps({"name": name, "desiredState": desired, "options": options})
        connection.request("PUT", f"/fleet/v1/units/{name}", body, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        content = answer.read()
        if answer.status != 201:
            raise RuntimeError(f"{name}: {answer.status} {content!r}")
    connection.close()


def _wait_for(fleet: FleetCluster, count: int, *, active: str) -> None:
    """Wait until so many units have a state, and the one that is asked for."""

    def look() -> bool | NotYet[bool]:
        states = [one for one in _get_all(fleet, "state") if active in ("", one["systemdActiveState"])]
        return True if len(states) == count else NotYet(f"{len(states)} of {count}")

    wait_until(look, what="all units", patience=_LOOK)


def _get_all(fleet: FleetCluster, what: str) -> list[dict[str, Any]]:
    """Read all pages of a list over one connection."""
    field = {"machines": "machines", "units": "units", "state": "states"}[what]
    connection = http.client.HTTPConnection("127.0.0.1", fleet.any.port, timeout=30)
    found: list[dict[str, Any]] = []
    token = ""
    while True:
        query = f"?{urllib.parse.urlencode({'nextPageToken': token})}" if token else ""
        connection.request("GET", f"/fleet/v1/{what}{query}")
        page = json.loads(connection.getresponse().read())
        found += page.get(field, [])
        token = page.get("nextPageToken", "")
        if not token:
            connection.close()
            return found
