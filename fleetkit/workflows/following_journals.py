"""What a unit says on its machines, as it says it: followed by SSH to wherever fleet has it."""

from __future__ import annotations

import contextlib
import queue
import threading
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field

from fleetkit.core import FleetError, FleetkitError, SshError
from fleetkit.fleet import Machine
from fleetkit.workflows._unit_reading import UnitReading
from fleetkit.workflows._workspace import Workspace
from fleetkit.workflows.reading_units import open_fleet
from fleetkit.workflows.unit_journal import UnitJournal, find_machines

__all__ = ["FollowNote", "JournalLine", "follow_journals", "follow_unit_journal"]

_LOOK_S = 5.0
"""fleet takes one to five seconds to place a unit anew."""

_END_S = 5.0
_MOST_WAITING = 10_000
"""Lines that wait to be shown; a machine that says more is read no faster than it is shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalLine:
    """A line of a machine's journal.

    Attributes
    ----------
    machine
        The machine's address.
    text
        The line.
    """

    machine: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowNote:
    """What is to be known of the lines: that they come from elsewhere now, or that some are missing.

    Attributes
    ----------
    text
        One sentence.
    """

    text: str


@dataclass(frozen=True, slots=True)
class _Ended:
    machine: str
    reason: str


_Follow = Callable[[Machine, int, threading.Event], Iterator[str]]
_Event = JournalLine | _Ended | UnitReading | FleetkitError


def follow_unit_journal(workspace: Workspace, unit: str, *, lines: int = 10) -> Generator[JournalLine | FollowNote]:
    """Yield what a unit says on each machine that has it, from now on and until the iterator is closed.

    Where the unit moves it is followed. Close the iterator to end what was started on machines.

    Parameters
    ----------
    lines
        The most lines of what each machine has of it already.

    Raises
    ------
    FleetError
        When nobody knows the unit any more.
    FleetkitError
        When neither fleet nor any machine can be reached.
    """
    with open_fleet(workspace, names=[unit]) as fleet:
        if fleet.way is None:
            # A cluster's has one.
            return
        journal = UnitJournal(workspace, fleet.way)

        def follow(machine: Machine, most: int, stop: threading.Event) -> Iterator[str]:
            return journal.follow(unit, machine, lines=most, stop=stop)

        found = follow_journals(unit, follow, lambda: fleet.read(names=[unit]), first=fleet.reading, lines=lines)
        with contextlib.closing(found):
            yield from found


def follow_journals(
    unit: str,
    follow: _Follow,
    read: Callable[[], UnitReading],
    *,
    first: UnitReading,
    lines: int,
    look_s: float = _LOOK_S,
) -> Generator[JournalLine | FollowNote]:
    """Follow a unit's journals over a connection to each machine that has it; see `follow_unit_journal`.

    Parameters
    ----------
    follow
        Yields the lines of one machine, with so many of the past first, until an event is set.
    read, first
        Reads where the unit is, and what was read so before.
    look_s
        Seconds between two looks at where it is.
    """
    following = _Following(unit=unit, follow=follow, lines=lines)
    looker = threading.Thread(target=following.keep_looking, args=(read, look_s), daemon=True)
    try:
        yield from following.take(first)
        looker.start()
        while True:
            yield from following.take(following.events.get())
    finally:
        following.end()
        if looker.ident is not None:
            looker.join(_END_S)


@dataclass(slots=True, kw_only=True)
class _Following:
    """Who is followed, and what is known of it."""

    unit: str
    follow: _Follow
    lines: int
    events: queue.Queue[_Event] = field(default_factory=lambda: queue.Queue(_MOST_WAITING))
    _ended: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list)
    _followed: dict[str, threading.Event] = field(default_factory=dict)
    _heard: set[str] = field(default_factory=set)
    _losses: dict[str, str] = field(default_factory=dict)
    _began: bool = False
    _nowhere: str = ""
    _blind: str = ""

    def take(self, event: _Event) -> Iterator[JournalLine | FollowNote]:
        """Do what an event asks for, and yield what is to be shown of it."""
        if isinstance(event, JournalLine):
            self._heard.add(event.machine)
            self._losses.pop(event.machine, None)
            yield event
        elif isinstance(event, UnitReading):
            self._blind = ""
            yield from self._go_after(event)
        elif isinstance(event, _Ended):
            self._followed.pop(event.machine, None)
            # It is tried again for as long as fleet has the unit there; the same reason need not be told each time.
            if self._losses.get(event.machine) != event.reason:
                yield FollowNote(text=f"{event.machine}: {event.reason}; what it says until it answers is not shown")
            self._losses[event.machine] = event.reason
        else:
            if not self._blind:
                yield FollowNote(text=f"where {self.unit} is cannot be asked now: {event.without_hint}")
            self._blind = event.without_hint
        if self._blind and not self._followed:
            raise SshError(f"{self.unit} cannot be followed any more", transient=True, seen=self._blind)

    def keep_looking(self, read: Callable[[], UnitReading], look_s: float) -> None:
        """Read now and then where the unit is, until all is ended."""
        while not self._ended.wait(look_s):
            try:
                self._put(read(), self._ended)
            except FleetkitError as error:
                self._put(error, self._ended)

    def end(self) -> None:
        """End all that was started, and wait for it."""
        self._ended.set()
        for stop in self._followed.values():
            stop.set()
        for thread in self._threads:
            thread.join(_END_S)

    def _go_after(self, reading: UnitReading) -> Iterator[FollowNote]:
        status = reading.find_status(self.unit)
        if status is None:
            raise FleetError(
                f"nobody knows {self.unit} any more", hint="fleetkit units list tells of all that there are"
            )
        there = {one.primary_ip: one for one in find_machines(reading, status)}
        for address in self._followed.keys() - there.keys():
            self._followed.pop(address).set()
            self._heard.discard(address)
            yield FollowNote(text=f"{self.unit} is on {address} no more")
        nowhere = "" if there else f"no machine has {self.unit} now: it is {status.verdict}"
        if nowhere and nowhere != self._nowhere:
            yield FollowNote(text=nowhere)
        self._nowhere = nowhere
        for address in there.keys() - self._followed.keys():
            if self._began and address not in self._losses:
                yield FollowNote(text=f"{self.unit} is on {address} now")
            self._start(there[address])
        self._began = True

    def _start(self, machine: Machine) -> None:
        address, stop = machine.primary_ip, threading.Event()
        # What was shown before its connection was lost is not shown twice.
        lines = 0 if address in self._heard else self.lines
        self._followed[address] = stop
        self._threads = [one for one in self._threads if one.is_alive()]
        self._threads.append(threading.Thread(target=self._run, args=(machine, lines, stop), daemon=True))
        self._threads[-1].start()

    def _run(self, machine: Machine, lines: int, stop: threading.Event) -> None:
        reason = "it ended"
        try:
            for line in self.follow(machine, lines, stop):
                self._put(JournalLine(machine=machine.primary_ip, text=line), stop)
        except FleetkitError as error:
            reason = error.without_hint
        finally:
            # One that was told to stop is no loss, and may be followed anew by now.
            self._put(_Ended(machine.primary_ip, reason), stop)

    def _put(self, event: _Event, stop: threading.Event) -> None:
        while not stop.is_set():
            with contextlib.suppress(queue.Full):
                self.events.put(event, timeout=0.5)
                return
