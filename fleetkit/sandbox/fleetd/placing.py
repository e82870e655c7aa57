"""Which unit runs where: fleet's rules, without etcd and without a machine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from fleetkit.sandbox.fleetd.registry import Job, KnownMachine
from fleetkit.sandbox.fleetd.units import Wanted, Wish, matches

__all__ = ["Move", "is_able", "list_globals", "plan_moves"]

_Here = Mapping[str, Wish]


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """One step of the engine: a unit is put on a machine, or taken off it."""

    unit: str
    machine_id: str
    is_placed: bool
    reason: str


def plan_moves(jobs: Sequence[Job], machines: Sequence[KnownMachine]) -> list[Move]:
    """Return what the engine does next: first who has to go, then who comes, each to the least loaded machine."""
    cluster = _Cluster(jobs, machines)
    moves = [move for job in cluster.ordinary if job.machine_id for move in cluster.displace(job)]
    for job in cluster.ordinary:
        if job.name not in cluster.where and job.desired not in (None, Wanted.INACTIVE):
            moves += cluster.place(job)
    return moves


def list_globals(jobs: Sequence[Job], machine: KnownMachine, here: _Here) -> list[Job]:
    """Return the global units that a machine with these units on it is to run."""
    return [
        job
        for job in jobs
        if job.wish.is_global
        and job.desired not in (None, Wanted.INACTIVE)
        and is_able(job.name, job.wish, machine, here)
    ]


def is_able(name: str, wish: Wish, machine: KnownMachine, here: _Here) -> bool:
    """Say whether a machine may run a unit, given the others that are on it."""
    others = {other: its for other, its in here.items() if other != name}
    return (
        (not wish.machine_id or machine.id.startswith(wish.machine_id))
        and wish.is_met(machine.metadata)
        and all(peer in others for peer in wish.peers)
        and not any(matches(glob, other) for glob in wish.conflicts for other in others)
        and not any(matches(glob, name) for its in others.values() for glob in (*its.conflicts, *its.replaces))
    )


class _Cluster:
    """Machines with what is on them, while moves are planned."""

    def __init__(self, jobs: Sequence[Job], machines: Sequence[KnownMachine]) -> None:
        wishes = {job.name: job.wish for job in jobs}
        self.ordinary = [job for job in jobs if not wishes[job.name].is_global]
        self.where = {job.name: job.machine_id for job in self.ordinary if job.machine_id}
        self._wishes = wishes
        self._machines = {one.id: one for one in machines}
        self._here: dict[str, dict[str, Wish]] = {one.id: {} for one in machines}
        for job in jobs:
            wish = wishes[job.name]
            for machine in machines:
                # Global units count wherever they could be, whether or not they are wanted.
                at_home = wish.is_met(machine.metadata) if wish.is_global else job.machine_id == machine.id
                if at_home:
                    self._here[machine.id][job.name] = wish

    def displace(self, job: Job) -> list[Move]:
        machine = self._machines.get(job.machine_id)
        if job.desired in (None, Wanted.INACTIVE):
            # A unit whose wanted state was taken out of etcd stays where it is.
            reason = "" if job.desired is None else "target state inactive"
        elif machine is None:
            reason = "target machine went away"
        else:
            fits = is_able(job.name, self._wishes[job.name], machine, self._here[machine.id])
            reason = "" if fits else "the machine is not able to run it"
        if not reason:
            return []
        return [self._take_off(job.name, job.machine_id, reason)]

    def place(self, job: Job) -> list[Move]:
        wish = self._wishes[job.name]
        able = [one for one in self._machines.values() if is_able(job.name, wish, one, self._here[one.id])]
        # Where a unit stands that this one replaces, it takes that place.
        taken = [one for one in able if any(self._replaced(wish, one.id))] or able
        if not taken:
            return []
        machine = min(taken, key=lambda one: (len(self._here[one.id]), one.id))
        moves = [
            self._take_off(other, machine.id, f"replaced by {job.name}") for other in self._replaced(wish, machine.id)
        ]
        self._here[machine.id][job.name] = wish
        self.where[job.name] = machine.id
        return [*moves, Move(unit=job.name, machine_id=machine.id, is_placed=True, reason="least loaded")]

    def _replaced(self, wish: Wish, machine_id: str) -> list[str]:
        return [
            other
            for other in self._here[machine_id]
            if other in self.where and any(matches(glob, other) for glob in wish.replaces)
        ]

    def _take_off(self, name: str, machine_id: str, reason: str) -> Move:
        self.where.pop(name, None)
        self._here.get(machine_id, {}).pop(name, None)
        return Move(unit=name, machine_id=machine_id, is_placed=False, reason=reason)
