"""A unit's journal is followed to wherever the unit is, and what is missing of it is told."""

from __future__ import annotations

import contextlib
import queue
import threading
from collections.abc import Iterator

import pytest

from fleetkit.core import FleetError, SshError
from fleetkit.fleet import Machine, Unit, UnitState, UnitText, judge_units
from fleetkit.workflows import FollowNote, JournalLine, UnitReading
from fleetkit.workflows.following_journals import follow_journals

UNIT = "web.service"
FIRST, SECOND = "10.0.0.1", "10.0.0.2"
TEXT = UnitText.parse("[Service]\nExecStart=/bin/web\n[X-Fleet]\nGlobal=true\n")
LOOK_S = 0.01


def machine(address: str) -> Machine:
    return Machine(id=address[-1] * 32, primary_ip=address, metadata={})


def reading(*addresses: str, is_known: bool = True) -> UnitReading:
    """Return what fleet tells of a global unit that these machines have."""
    machines = tuple(machine(one) for one in (FIRST, SECOND))
    unit = Unit(name=UNIT, text=TEXT, desired_state="launched", current_state="launched", machine_id="")
    states = tuple(
        UnitState(
            name=UNIT, machine_id=machine(one).id, load="loaded", active="active", sub="running",
            unit_hash=TEXT.unit_hash,
        )
        for one in addresses
    )  # fmt: skip
    units = (unit,) if is_known else ()
    statuses = judge_units(list(units), states, machines, files={}, poisoned=set())
    return UnitReading(at="", asked="etcd1", machines=machines, units=units, states=states, statuses=statuses)


class World:
    """Machines that say what a test has them say, and a fleet that tells what it has it tell."""

    def __init__(self, *addresses: str) -> None:
        self.now: UnitReading | FleetError = reading(*addresses)
        self.begun: list[tuple[str, int]] = []
        self.at_work: set[str] = set()
        self._said: dict[str, queue.Queue[str | SshError]] = {one: queue.Queue() for one in (FIRST, SECOND)}

    def say(self, address: str, what: str | SshError) -> None:
        self._said[address].put(what)

    def follow(self, its: Machine, lines: int, stop: threading.Event) -> Iterator[str]:
        self.begun.append((its.primary_ip, lines))
        self.at_work.add(its.primary_ip)
        try:
            while not stop.is_set():
                with contextlib.suppress(queue.Empty):
                    what = self._said[its.primary_ip].get(timeout=0.01)
                    if isinstance(what, SshError):
                        raise what
                    yield what
        finally:
            self.at_work.discard(its.primary_ip)

    def read(self) -> UnitReading:
        if isinstance(self.now, FleetError):
            raise self.now
        return self.now

    @contextlib.contextmanager
    def followed(self) -> Iterator[Iterator[JournalLine | FollowNote]]:
        found = follow_journals(UNIT, self.follow, self.read, first=self.read(), lines=7, look_s=LOOK_S)
        with contextlib.closing(found):
            yield found
        assert self.at_work == set()


def line(address: str, text: str) -> JournalLine:
    return JournalLine(machine=address, text=text)


def test_all_machines_of_a_global_unit_are_followed_at_once_and_each_line_names_its_own() -> None:
    world = World(FIRST, SECOND)
    world.say(FIRST, "one")
    world.say(SECOND, "two")
    with world.followed() as found:
        assert {next(found), next(found)} == {line(FIRST, "one"), line(SECOND, "two")}
        assert world.at_work == {FIRST, SECOND}
    assert sorted(world.begun) == [(FIRST, 7), (SECOND, 7)]


def test_a_unit_that_moves_is_followed_and_that_is_told() -> None:
    world = World(FIRST)
    world.say(FIRST, "one")
    with world.followed() as found:
        assert next(found) == line(FIRST, "one")
        world.now = reading(SECOND)
        world.say(SECOND, "two")
        assert next(found) == FollowNote(text=f"{UNIT} is on {FIRST} no more")
        assert next(found) == FollowNote(text=f"{UNIT} is on {SECOND} now")
        assert next(found) == line(SECOND, "two")
        world.now = reading()
        assert next(found) == FollowNote(text=f"{UNIT} is on {SECOND} no more")
        note = next(found)
        assert isinstance(note, FollowNote)
        assert note.text.startswith(f"no machine has {UNIT} now: it is waiting")
        world.now = reading(FIRST)
        world.say(FIRST, "three")
        assert next(found) == FollowNote(text=f"{UNIT} is on {FIRST} now")
        assert next(found) == line(FIRST, "three")


def test_a_connection_that_is_lost_is_told_once_and_taken_up_again_with_nothing_shown_twice() -> None:
    world = World(FIRST)
    world.say(FIRST, "one")
    with world.followed() as found:
        assert next(found) == line(FIRST, "one")
        for _ in range(3):
            world.say(FIRST, SshError("the connection was lost"))
        world.say(FIRST, "two")
        lost = FollowNote(text=f"{FIRST}: the connection was lost; what it says until it answers is not shown")
        assert next(found) == lost
        assert next(found) == line(FIRST, "two")
        world.say(FIRST, SshError("the connection was lost"))
        assert next(found) == lost, "it had answered since"
    assert world.begun[:4] == [(FIRST, 7), (FIRST, 0), (FIRST, 0), (FIRST, 0)]


def test_one_that_could_not_be_reached_at_first_shows_its_past_once_it_can() -> None:
    world = World(FIRST)
    world.say(FIRST, SshError("it does not answer"))
    world.say(FIRST, "one")
    with world.followed() as found:
        assert "it does not answer" in str(next(found))
        assert next(found) == line(FIRST, "one")
    assert world.begun == [(FIRST, 7), (FIRST, 7)]


def test_fleet_may_be_silent_while_a_machine_speaks_and_with_both_silent_it_is_over() -> None:
    world = World(FIRST)
    with world.followed() as found:
        world.now = FleetError("no answer", transient=True)
        assert next(found) == FollowNote(text=f"where {UNIT} is cannot be asked now: no answer")
        world.say(FIRST, "one")
        assert next(found) == line(FIRST, "one")
        world.say(FIRST, SshError("the connection was lost"))
        assert f"{FIRST}: the connection was lost" in str(next(found))
        with pytest.raises(SshError, match=r"web.service cannot be followed any more: no answer"):
            next(found)


def test_a_unit_that_is_destroyed_is_the_end() -> None:
    world = World(FIRST)
    with world.followed() as found:
        world.now = reading(is_known=False)
        with pytest.raises(FleetError, match=r"nobody knows web.service any more"):
            next(found)
