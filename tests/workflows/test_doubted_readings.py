"""What is made of a reading when etcd tells how long ago each machine was heard of."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from fleetkit.core import EtcdError
from fleetkit.etcd import KeyNode
from fleetkit.fleet import MACHINES_KEY, Machine, UnitState, UnitStatus, UnitVerdict
from fleetkit.workflows import UnitReading
from fleetkit.workflows._heartbeats import doubt_reading

MACHINES = tuple(Machine(id=f"{n}" * 32, primary_ip=f"10.0.0.{n}", metadata={}) for n in (1, 2, 3))


def read() -> UnitReading:
    """Return a reading of three machines, with a unit that runs on the second by its word."""
    row = UnitState(
        name="a.service", unit_hash="0" * 40, machine_id=MACHINES[1].id, load="loaded", active="active", sub="running"
    )
    status = UnitStatus(
        name="a.service", verdict=UnitVerdict.RUNNING, reason="", desired_state="launched", states=(row,)
    )
    return UnitReading(at="", asked="", machines=MACHINES, units=(), states=(row,), statuses=(status,))


def doubt(monkeypatch: pytest.MonkeyPatch, answer: dict[int, int] | EtcdError) -> UnitReading:
    """Hold the reading against keys that live so many seconds yet, for machines by their number."""

    def get_key(*_: Any, **__: Any) -> KeyNode:
        if isinstance(answer, EtcdError):
            raise answer
        nodes = tuple(folder(f"{MACHINES_KEY}/{MACHINES[n - 1].id}", ttl_s) for n, ttl_s in answer.items())
        return KeyNode(key=MACHINES_KEY, value="", is_dir=True, nodes=nodes, modified_index=9, ttl_s=None)

    monkeypatch.setattr("fleetkit.workflows._heartbeats.get_key", get_key)
    way: Any = SimpleNamespace(endpoints=(), tls=None, cluster=SimpleNamespace(fleet=SimpleNamespace(agent_ttl_s=30)))
    return doubt_reading(read(), way)


def folder(path: str, ttl_s: int) -> KeyNode:
    key = KeyNode(key=f"{path}/object", value="{}", is_dir=False, nodes=(), modified_index=8, ttl_s=ttl_s)
    return KeyNode(key=path, value="", is_dir=True, nodes=(key,), modified_index=8, ttl_s=None)


@pytest.mark.parametrize(
    ("left_s", "verdict", "unheard"),
    [
        ({1: 25, 2: 16, 3: 29}, "running", ""),
        ({1: 25, 2: 5, 3: 29}, "stale", "10.0.0.2 was last heard of 25 s ago"),
        pytest.param(
            {1: 25, 3: 29}, "stale", "10.0.0.2 was last heard of 30 s ago", id="its key went since fleet named it"
        ),
        pytest.param(
            {1: 3, 2: 5, 3: 4}, "running", "no machine was heard of for 25 s: etcd is slow", id="nobody was heard of"
        ),
    ],
)
def test_a_unit_is_doubted_with_its_machine(
    monkeypatch: pytest.MonkeyPatch, left_s: dict[int, int], verdict: str, unheard: str
) -> None:
    found = doubt(monkeypatch, left_s)
    assert (str(found.statuses[0].verdict), found.unheard[: len(unheard) or None]) == (verdict, unheard)


def test_that_etcd_did_not_tell_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    found = doubt(monkeypatch, EtcdError("no member answered"))
    assert found.statuses == read().statuses
    assert found.unheard == "how long ago machines were heard of is not known: no member answered"
