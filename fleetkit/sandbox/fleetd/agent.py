"""The agent: makes the machine's systemd run what the cluster has put on it, and says what has become of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Set

from fleetkit.sandbox.fleetd.placing import list_globals
from fleetkit.sandbox.fleetd.registry import Job, KnownMachine, PublishedState, Registry
from fleetkit.sandbox.fleetd.systemd import Systemd, SystemdState
from fleetkit.sandbox.fleetd.units import Wanted

__all__ = ["Agent"]

_AT_REST = ("inactive", "failed")
_RENEWED_AT = 0.8
"""The share of its time to live after which a word is said again, as fleet does it."""


class Agent:
    """Runs a machine's units.

    Parameters
    ----------
    ttl_s
        How long what is said of a unit stands.
    tell
        Takes what is to be logged.
    """

    def __init__(
        self, registry: Registry, systemd: Systemd, *, machine_id: str, ttl_s: float, tell: Callable[[str], None]
    ) -> None:
        self._registry = registry
        self._systemd = systemd
        self._id = machine_id
        self._ttl_s = ttl_s
        self._tell = tell
        self._started: set[str] = set()
        self._stopping: set[str] = set()
        self._said: dict[str, tuple[PublishedState, float]] = {}
        self._beaten: dict[str, float] = {}

    def act(self) -> bool:
        """Bring the machine nearer to what is wanted of it; return whether something is still under way."""
        wanted = self._read_wanted()
        held = self._systemd.list_units()
        states = self._systemd.read_states(list(held))
        leaving = [name for name, its in held.items() if name not in wanted or wanted[name].unit.unit_hash != its]
        resting = [name for name in leaving if states[name][1] in _AT_REST]
        self._stop([name for name in leaving if name not in resting])
        if resting:
            self._unload(resting)
        fresh = {name: job.unit for name, job in wanted.items() if name not in held or name in resting}
        if fresh:
            self._systemd.load(fresh)
            for name in fresh:
                self._tell(f"loaded {name}")
        staying = {name: job for name, job in wanted.items() if name not in leaving or name in resting}
        under_way = {name for name, state in states.items() if state[1] == "deactivating"}
        self._run(staying, under_way)
        return len(resting) < len(leaving) or bool(under_way)

    def report(self) -> None:
        """Say what systemd makes of the units here, where that changed or was said long ago."""
        held = self._systemd.list_units()
        now = time.monotonic()
        for name, state in self._systemd.read_states(list(held)).items():
            self._publish(name, held[name], state, now)
        for name in sorted(self._started & held.keys()):
            if now - self._beaten.get(name, -self._ttl_s) >= self._ttl_s * _RENEWED_AT:
                self._registry.beat(name, self._id)
                self._beaten[name] = now

    def leave(self) -> None:
        """Stop and unload all units here, as fleetd does when it is told to end."""
        held = list(self._systemd.list_units())
        self._systemd.stop(held)
        for name in held:
            self._forget(name)
        while any(state[1] not in _AT_REST for state in self._systemd.read_states(held).values()):
            time.sleep(0.1)
        if held:
            self._systemd.unload(held)

    def _read_wanted(self) -> dict[str, Job]:
        jobs = self._registry.read_jobs()
        wanted = {
            job.name: job
            for job in jobs
            if job.machine_id == self._id and not job.wish.is_global and job.desired in (Wanted.LOADED, Wanted.LAUNCHED)
        }
        machine = self._find_machine()
        here = {name: job.wish for name, job in wanted.items()}
        return wanted | {job.name: job for job in list_globals(jobs, machine, here)} if machine else wanted

    def _find_machine(self) -> KnownMachine | None:
        return next((one for one in self._registry.read_machines() if one.id == self._id), None)

    def _run(self, jobs: Mapping[str, Job], under_way: Set[str]) -> None:
        wanted = {name for name, job in jobs.items() if job.desired is Wanted.LAUNCHED}
        # What still ends is started once it has: two jobs of one unit would get into each other's way.
        starting = sorted(wanted - self._started - under_way)
        if starting:
            self._systemd.start(starting)
            self._started |= set(starting)
            self._stopping -= set(starting)
            for name in starting:
                self._tell(f"started {name}")
        self._stop(sorted((self._started & jobs.keys()) - wanted))

    def _stop(self, names: list[str]) -> None:
        names = [name for name in names if name not in self._stopping]
        if not names:
            return
        self._systemd.stop(names)
        for name in names:
            self._stopping.add(name)
            self._started.discard(name)
            self._beaten.pop(name, None)
            self._registry.end_beat(name, self._id)
            self._tell(f"stopped {name}")

    def _unload(self, names: list[str]) -> None:
        self._systemd.unload(names)
        for name in names:
            self._forget(name)
            self._tell(f"unloaded {name}")

    def _forget(self, name: str) -> None:
        self._started.discard(name)
        self._stopping.discard(name)
        self._beaten.pop(name, None)
        self._said.pop(name, None)
        self._registry.end_beat(name, self._id)
        self._registry.withdraw(name, self._id)

    def _publish(self, name: str, unit_hash: str, state: SystemdState, now: float) -> None:
        load, active, sub = state
        said = PublishedState(name=name, machine_id=self._id, unit_hash=unit_hash, load=load, active=active, sub=sub)
        before, moment = self._said.get(name, (None, 0.0))
        if said != before or now - moment >= self._ttl_s * _RENEWED_AT:
            self._registry.publish(said)
            self._said[name] = (said, now)
