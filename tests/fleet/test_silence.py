"""When a machine is overdue, and what becomes of what it said."""

from __future__ import annotations

import pytest

from fleetkit.fleet import Machine, UnitState, UnitStatus, UnitVerdict, doubt_silent, find_silent

HERE = [Machine(id=f"{n}" * 32, primary_ip=f"10.0.0.{n}", metadata={}) for n in (1, 2)]


@pytest.mark.parametrize(("left", "age"), [(30, None), (15, None), (12, None), (10, 20), (1, 29)])
def test_a_machine_writes_its_key_twice_in_its_lifetime_and_has_some_grace(left: int, age: int | None) -> None:
    assert find_silent({"m": left}, ttl_s=30).get("m") == age


def status(verdict: UnitVerdict, *active: str) -> UnitStatus:
    rows = tuple(
        UnitState(name="a.service", unit_hash="0" * 40, machine_id=one.id, load="loaded", active=word, sub="x")
        for one, word in zip(HERE, active, strict=False)
    )
    return UnitStatus(name="a.service", verdict=verdict, reason="r", desired_state="launched", states=rows)


def test_what_runs_by_the_word_of_a_silent_machine_is_stale_and_nothing_else_changes() -> None:
    silent = {HERE[1].id: 21.4}
    given = [
        status(UnitVerdict.RUNNING, "active"),
        status(UnitVerdict.RUNNING, "active", "active"),
        status(UnitVerdict.FAILED, "failed", "active"),
        status(UnitVerdict.ENDED, "inactive", "inactive"),
    ]
    found = doubt_silent(given, silent, HERE)
    assert [one.verdict for one in found] == ["running", "stale", "failed", "ended"]
    assert found[1].reason == "it runs by the word of 10.0.0.2, last heard of 21 s ago"
    assert doubt_silent(given, {}, HERE) == tuple(given)
