"""Which machines a rotation goes on to when one of them does not do its part."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from fleetkit.core import SshError, WorkflowError
from fleetkit.workflows import Reporter
from fleetkit.workflows._rotation_machines import FleetMachine
from fleetkit.workflows._rotation_steps import visit_each

MASTERS = [FleetMachine(name=f"etcd{n}", role="", address=f"10.0.0.{n}", is_running=True) for n in (1, 2, 3)]
WORKERS = [FleetMachine(name=f"i-{n}", role="public", address=f"10.0.1.{n}", is_running=True) for n in (1, 2)]


def visit(hung: str) -> tuple[list[WorkflowError], list[str], list[str]]:
    """Visit all of them, of whom one cannot be reached; return what failed, who did it, and what was recorded."""
    done: list[str] = []
    records: list[Mapping[str, Any]] = []

    def act(machine: FleetMachine) -> None:
        if machine.name == hung:
            raise SshError(f"{machine.name} cannot be reached", seen="connection refused")

    report = Reporter(record=lambda _kind, facts: records.append(facts))
    try:
        failed = visit_each("demo", [*MASTERS, *WORKERS], act, doing="fetches", what="fetched", done=done, told=report)
    except WorkflowError as error:
        raise AssertionError(done) from error
    return failed, done, [str(one["machine"]) for one in records]


def test_a_worker_that_hangs_keeps_nobody_else_from_it() -> None:
    failed, done, recorded = visit("i-1")
    assert done == recorded == ["etcd1", "etcd2", "etcd3", "i-2"]
    assert [one.seen for one in failed] == ["at i-1: i-1 cannot be reached: connection refused"]


def test_a_master_that_hangs_ends_it() -> None:
    with pytest.raises(AssertionError, match=r"\['etcd1'\]"):
        visit("etcd2")
