"""The manager: which units belong to a start, in which order, and what follows when one ends.

A start makes a job for every unit that is needed or wanted and not there yet.
Each job waits for the jobs of the units that come before its own; jobs without such a tie run side by side.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from contextlib import suppress

from fleetkit.sandbox.machine.spawn import Children
from fleetkit.sandbox.machine.systemd.journal import Journal
from fleetkit.sandbox.machine.systemd.live import JobFailedError, Live, Target, failed_condition
from fleetkit.sandbox.machine.systemd.order import break_cycles, find_predecessors, implied, required_by, wanted_by
from fleetkit.sandbox.machine.systemd.service import Service
from fleetkit.sandbox.machine.systemd.socket_unit import SocketUnit
from fleetkit.sandbox.machine.systemd.store import UnitMaskedError, UnitNotFoundError, UnitStore
from fleetkit.sandbox.machine.systemd.unit import Unit

__all__ = ["Manager"]


class Manager:
    """Runs the units of a machine.

    Parameters
    ----------
    store
        Where units are read from.
    children
        Starts programs.
    journal
        Takes what units and manager say.
    """

    def __init__(self, *, store: UnitStore, children: Children, journal: Journal) -> None:
        self.store = store
        self.children = children
        self.journal = journal
        self.live: dict[str, Live] = {}
        self._jobs: dict[str, asyncio.Future[bool]] = {}
        self._later: dict[str, asyncio.TimerHandle] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._connections: dict[str, socket.socket] = {}
        self._succeeded: set[str] = set()

    def find(self, name: str) -> Live:
        """Return a unit with its state, reading it when it is not known yet.

        Raises
        ------
        UnitNotFoundError, UnitMaskedError
            As `UnitStore.load`.
        JobFailedError
            When units of its kind are not known to the stand-in.
        """
        unit = self.store.load(name)
        # A name may be another's alias: the unit knows its own.
        name = unit.name
        live = self.live.get(name)
        if live is None:
            kinds: dict[str, Callable[[Unit, Manager], Live]]
            kinds = {"service": Service, "socket": SocketUnit, "target": Target}
            make = kinds.get(unit.kind)
            if make is None:
                raise JobFailedError(f"units of kind {unit.kind} are not run by the stand-in: {name}")
            live = self.live[name] = make(unit, self)
            for warning in unit.warnings:
                live.say(warning)
        live.unit = unit
        return live

    def is_loaded(self, name: str) -> bool:
        """Say whether a unit can be read; see `Surroundings`."""
        try:
            self.store.load(name)
        except (UnitNotFoundError, UnitMaskedError):
            return False
        return True

    async def start(self, name: str) -> None:
        """Start a unit with all that it needs and wants, and wait for its own job alone.

        Raises
        ------
        UnitNotFoundError, UnitMaskedError, JobFailedError
            When it cannot be started.
        """
        live = self.find(name)
        name = live.name
        if live.active == "active":
            return
        members = self._collect(name)
        fresh = [one for one in members if one not in self._jobs]
        dropped, said = break_cycles(fresh, units={one: self.find(one).unit for one in fresh}, anchor=name)
        for text in said:
            self.journal.say(name, text)
        loop = asyncio.get_running_loop()
        kept = [one for one in fresh if one not in dropped]
        self._jobs |= {one: loop.create_future() for one in kept}
        for one in kept:
            self._hold(asyncio.create_task(self._run_job(one)))
        job = self._jobs.get(name)
        if job is not None and not await asyncio.shield(job):
            raise JobFailedError(f"Job for {name} failed because of '{live.result}'.")

    async def stop(self, name: str) -> list[str]:
        """Stop a unit and those that need it, and return the names of those that were stopped, last first."""
        live = self.find(name)
        name = live.name
        stopped: list[str] = []
        for other in list(self.live.values()):
            bound = {*other.unit.names("Requires"), *other.unit.names("BindsTo"), *other.unit.names("PartOf")}
            if name in bound and other.active in ("active", "activating") and other is not live:
                stopped += await self.stop(other.name)
        self._forget_later(name)
        if live.active in ("active", "activating", "deactivating"):
            stopped.append(name)
        self._succeeded.discard(name)
        await live.stop()
        return stopped

    async def restart(self, name: str) -> None:
        """Stop and start a unit; those that had to stop with it start again too."""
        name = self.find(name).name
        stopped = await self.stop(name)
        await self.start(name)
        for other in reversed(stopped):
            if other != name:
                await self.start(other)

    def start_later(self, name: str, *, delay_s: float) -> None:
        """Start a unit after a while; see `Surroundings`."""
        self._forget_later(name)
        loop = asyncio.get_running_loop()
        self._later[name] = loop.call_later(delay_s, lambda: self._hold(asyncio.create_task(self._start_quietly(name))))

    def stop_later(self, name: str) -> None:
        """Stop a unit by a job of its own."""
        self._hold(asyncio.create_task(self._stop_quietly(name)))

    def serve_connection(self, name: str, connection: socket.socket) -> None:
        """Start a service for one connection; see `Surroundings`."""
        self._connections[name] = connection
        self._hold(asyncio.create_task(self._start_quietly(name)))

    def triggered_by(self, name: str) -> list[int]:
        """Return the descriptors that sockets hold for a service; see `Surroundings`."""
        found: list[int] = []
        for live in self.live.values():
            if isinstance(live, SocketUnit) and live.service == name and live.active == "active":
                found += live.descriptors
        return found

    def connection_of(self, name: str) -> socket.socket | None:
        """Return the connection that a service was made for, once; the caller closes it."""
        return self._connections.pop(name, None)

    def state_changed(self, name: str) -> None:
        """Follow a unit's new state; see `Surroundings`."""
        live = self.live.get(name)
        if live is None or live.active not in ("inactive", "failed"):
            return
        for other in list(self.live.values()):
            if isinstance(other, SocketUnit) and other.service == name and not other.accepts:
                if live.result == "start-limit-hit":
                    other.give_up("service-start-limit-hit")
                else:
                    other.watch()
            elif name in other.unit.names("BindsTo") and other.active == "active":
                self._hold(asyncio.create_task(self._stop_quietly(other.name)))

    async def _run_job(self, name: str) -> None:
        job = self._jobs[name]
        live = self.find(name)
        done = False
        try:
            earlier = find_predecessors(live.unit, self._jobs, lambda one: self.find(one).unit)
            for other in [self._jobs[one] for one in earlier]:
                await asyncio.shield(other)
            done = await self._start_one(live)
        except JobFailedError as error:
            live.say(f"Failed to start {live.unit.description}: {error}")
        finally:
            del self._jobs[name]
            (self._succeeded.add if done else self._succeeded.discard)(name)
            job.set_result(done)

    async def _start_one(self, live: Live) -> bool:
        for needed in required_by(live.unit, self.store):
            # A oneshot that stays not, and a unit that was skipped, have done what they were needed for.
            if self.find(needed).active not in ("active", "activating") and needed not in self._succeeded:
                live.say(f"Dependency failed for {live.unit.description}: {needed} is {self.find(needed).active}.")
                live.result = "dependency"
                return False
        missing = failed_condition(live.unit, "Condition")
        if missing is not None:
            live.say(f"{live.unit.description} was skipped because of an unmet condition check ({missing}).")
            return True
        asserted = failed_condition(live.unit, "Assert")
        if asserted is not None:
            raise JobFailedError(f"Assertion failed ({asserted})")
        for other in live.unit.names("Conflicts"):
            if other in self.live:
                await self._stop_quietly(other)
        self._forget_later(live.name)
        await live.start()
        return True

    def _collect(self, anchor: str) -> list[str]:
        """Return the anchor and all that it pulls in and that is not there yet, in a fixed order."""
        found: dict[str, None] = {anchor: None}
        queue = [anchor]
        while queue:
            unit = self.find(queue.pop(0)).unit
            needed = required_by(unit, self.store)
            for other in (*needed, *wanted_by(unit, self.store), *implied(unit)):
                if other in found:
                    continue
                try:
                    live = self.find(other)
                except (UnitNotFoundError, UnitMaskedError, JobFailedError) as error:
                    if other in needed:
                        if unit.name == anchor:
                            raise
                        self.journal.say(unit.name, f"Cannot add dependency job, ignoring: {error}")
                        found.pop(unit.name, None)
                    elif not isinstance(error, UnitMaskedError):
                        self.journal.say(unit.name, f"wants what is not there: {error}")
                    continue
                if live.active not in ("active", "activating"):
                    found[live.name] = None
                    queue.append(live.name)
        return list(found)

    async def _start_quietly(self, name: str) -> None:
        try:
            await self.start(name)
        except (JobFailedError, UnitNotFoundError, UnitMaskedError) as error:
            # What failed was said by the unit itself; a name that is not there has no unit to say so.
            if name not in self.live:
                self.journal.say(name, str(error))

    async def _stop_quietly(self, name: str) -> None:
        with suppress(UnitNotFoundError, UnitMaskedError):
            await self.stop(name)

    def _forget_later(self, name: str) -> None:
        handle = self._later.pop(name, None)
        if handle is not None:
            handle.cancel()

    def _hold(self, task: asyncio.Task[None]) -> None:
        # The loop itself holds tasks weakly.
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
