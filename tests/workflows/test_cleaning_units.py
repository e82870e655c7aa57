"""What fleet left behind is taken away while nobody uses it, and a unit that comes meanwhile is never hurt."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from support.kept_keys import KeptKeys, place_of

from fleetkit.core import ApprovalMissingError, EtcdError
from fleetkit.etcd import Store
from fleetkit.fleet import FLEET_KEY
from fleetkit.runs import EventKind
from fleetkit.workflows import CleanedKeys, KeyPlace, Reporter, apply_clean, approve, plan_clean, verify_clean

DEAD, USED = "0b" * 20, "0a" * 20
FILE = f"{FLEET_KEY}/unit/{DEAD}"
JOB = f"{FLEET_KEY}/job/new.service/object"
TARGET = f"{FLEET_KEY}/job/old.service/target"


def job(unit_hash: str) -> bytes:
    return json.dumps({"Name": "any.service", "UnitHash": list(bytes.fromhex(unit_hash))}).encode()


@dataclass
class Steps:
    """A clock that stands still but for sleeps, each of which something happens after."""

    now: float = 0.0
    slept: list[float] = field(default_factory=list)
    then: list[Callable[[], object]] = field(default_factory=list)

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        self.slept.append(seconds)
        if self.then:
            self.then.pop(0)()


@pytest.fixture
def keys() -> KeptKeys:
    values = {
        f"{FLEET_KEY}/unit/{USED}": b'{"Raw": "[Unit]\\n"}',
        FILE: b'{"Raw": "[Unit]\\nDescription=old\\n"}',
        f"{FLEET_KEY}/job/web.service/object": job(USED),
        TARGET: b"0a1b",
    }
    return KeptKeys.of(values, store=Store.V2)


@pytest.fixture
def place(keys: KeptKeys) -> KeyPlace:
    return place_of(keys)


def clean(place: KeyPlace, clock: Steps, *, report: Reporter | None = None) -> CleanedKeys:
    plan = plan_clean(place, clock=clock)
    return apply_clean(place, approve(plan, "demo"), clock=clock, report=report)


def test_a_plan_says_what_goes_and_why_and_nothing_goes_without_an_approval(place: KeyPlace, keys: KeptKeys) -> None:
    plan = plan_clean(place)
    assert str(plan) == (
        "This takes 2 keys from etcd of demo that fleet left behind and nobody uses.\n\n"
        "to be taken away:\n"
        "  - job/old.service/target: fleet has no unit old.service\n"
        f"  - unit/{DEAD}: no unit is made of it: old\n\n"
        "each goes only if it is of no use still 10 s after this was read, and has not changed; a unit file that a "
        "unit takes up in that moment is put back"
    )
    with pytest.raises(ApprovalMissingError):
        approve(plan, "")
    assert FILE.encode() in keys.kept


def test_garbage_is_looked_at_twice_taken_and_gone(place: KeyPlace, keys: KeptKeys) -> None:
    told: list[tuple[EventKind, dict[str, Any]]] = []
    report = Reporter(record=lambda kind, facts: told.append((kind, dict(facts))))
    clock = Steps()
    cleaned = clean(place, clock, report=report)
    assert clock.slept == [10.0, 5.0]
    assert sorted(one.name for one in cleaned.deleted) == [TARGET, FILE]
    assert not {FILE.encode(), TARGET.encode()} & keys.kept.keys()
    assert verify_clean(place, cleaned).outcome == "done"
    assert [kind for kind, _ in told] == [EventKind.APPROVAL, EventKind.CHANGE]
    assert [one["key"] for one in told[1][1]["deleted"]] == [FILE, TARGET]
    again = plan_clean(place)
    assert again.is_empty
    assert str(again).startswith("Nothing to do")


def test_a_plan_that_lay_for_long_enough_is_not_waited_for(place: KeyPlace) -> None:
    clock = Steps()
    plan = plan_clean(place, clock=clock)
    clock.now = 60.0
    apply_clean(place, approve(plan, "demo"), clock=clock)
    assert clock.slept == [5.0]


def test_a_file_that_a_unit_takes_up_between_the_two_looks_is_left(place: KeyPlace, keys: KeptKeys) -> None:
    cleaned = clean(place, Steps(then=[lambda: keys.put(JOB.encode(), job(DEAD), expected=0)]))
    assert cleaned.spared == {FILE: "it is used by now"}
    assert FILE.encode() in keys.kept


def test_a_key_that_was_written_between_the_two_looks_is_left(place: KeyPlace, keys: KeptKeys) -> None:
    seen = keys.kept[TARGET.encode()].revision
    cleaned = clean(place, Steps(then=[lambda: keys.put(TARGET.encode(), b"ffff", expected=seen)]))
    assert cleaned.spared == {TARGET: "it has changed since"}
    assert keys.kept[TARGET.encode()].content == b"ffff"


def test_a_key_that_is_written_after_the_second_look_is_left(place: KeyPlace, keys: KeptKeys) -> None:
    def write() -> None:
        keys.before_change = lambda: None
        keys.put(TARGET.encode(), b"ffff", expected=keys.kept[TARGET.encode()].revision)

    def arm() -> None:
        keys.before_change = write

    cleaned = clean(place, Steps(then=[arm]))
    assert list(cleaned.spared) == [TARGET]
    assert "by now" in cleaned.spared[TARGET] or "it is at" in cleaned.spared[TARGET]
    assert keys.kept[TARGET.encode()].content == b"ffff"


def test_a_file_that_a_unit_takes_up_in_the_moment_in_which_it_goes_is_put_back(
    place: KeyPlace, keys: KeptKeys
) -> None:
    held = keys.kept[FILE.encode()].content
    cleaned = clean(place, Steps(then=[lambda: None, lambda: keys.put(JOB.encode(), job(DEAD), expected=0)]))
    assert cleaned.put_back == (FILE,)
    assert keys.kept[FILE.encode()].content == held
    assert "put back, since a unit took it up" in str(cleaned)
    assert verify_clean(place, cleaned).outcome == "done"


def test_what_another_one_took_away_meanwhile_is_told_as_gone(place: KeyPlace) -> None:
    clock = Steps(then=[lambda: clean(place, Steps())])
    assert clean(place, clock).spared == {FILE: "it is gone already", TARGET: "it is gone already"}


def test_what_was_taken_before_etcd_fell_silent_is_looked_after_and_recorded(place: KeyPlace, keys: KeptKeys) -> None:
    told: list[tuple[EventKind, dict[str, Any]]] = []
    calls = iter(range(9))

    def break_off() -> None:
        if next(calls) == 1:
            keys.put(JOB.encode(), job(DEAD), expected=0)
            raise EtcdError("no member takes it")

    clock = Steps(then=[lambda: setattr(keys, "before_change", break_off)])
    report = Reporter(record=lambda kind, facts: told.append((kind, dict(facts))))
    with pytest.raises(EtcdError, match="no member takes it"):
        clean(place, clock, report=report)
    assert told[-1][1]["put_back"] == [FILE]
    assert FILE.encode() in keys.kept


def test_a_key_that_is_there_again_is_a_finding(place: KeyPlace, keys: KeptKeys) -> None:
    cleaned = clean(place, Steps())
    keys.put(TARGET.encode(), b"ffff", expected=0)
    verified = verify_clean(place, cleaned)
    assert verified.findings == (f"{TARGET} is there again: somebody uses it",)
    assert verified.outcome == "findings"
