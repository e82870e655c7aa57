"""Which units would have to move so that machines carry more alike: fleet moves none by itself.

fleet places a unit on the machine that has fewest of those that may have it, and then leaves it there. So a machine
that comes back is empty, and stays so until something is placed anew. What is reckoned here is what fleet's engine
would do with a unit that is unloaded and launched again, by the rules of `explain_no_machine`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from fleetkit.fleet.instances import template_of
from fleetkit.fleet.placement import explain_no_machine, list_placed
from fleetkit.fleet.placement_options import PlacementOptions, matches
from fleetkit.fleet.status import UnitStatus, UnitVerdict
from fleetkit.fleet.values import DesiredState, Machine, Unit

__all__ = ["Rebalance", "UnitMove", "plan_rebalance"]

_Where = dict[str, tuple[str, PlacementOptions]]


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitMove:
    """Units that move together, since one has to be where the other is.

    Attributes
    ----------
    names
        Which, in their order.
    source, target
        Ids of the machine that they leave, and of the one that fleet would choose.
    """

    names: tuple[str, ...]
    source: str
    target: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rebalance:
    """What would move, and what that would come to.

    Attributes
    ----------
    before, after
        Id of each machine to the number of units that fleet counts there, global ones among them.
    moves
        In their order: each makes the fullest machine emptier that can be.
    staying
        Name of each unit that stays on a machine that has two more than another, to why.
    """

    before: Mapping[str, int]
    after: Mapping[str, int]
    moves: tuple[UnitMove, ...] = ()
    staying: Mapping[str, str] = field(default_factory=dict)


def plan_rebalance(units: Sequence[Unit], statuses: Collection[UnitStatus], machines: Sequence[Machine]) -> Rebalance:
    """Reckon which units would move, one group of those that belong together after the other.

    Each move leaves the machine that it goes to with fewer units than the one that it comes from had, so that they come
    to an end; no unit moves twice. Global units are everywhere that they can be, and never move.
    """
    fleet = _Fleet(units=units, statuses={one.name: one for one in statuses}, machines=machines)
    before = fleet.count()
    moves = []
    while True:
        move = fleet.find_move()
        if move is None:
            break
        fleet.make(move)
        moves.append(move)
    return Rebalance(before=before, after=fleet.count(), moves=tuple(moves), staying=dict(fleet.explain()))


@dataclass(slots=True)
class _Fleet:
    """Machines and what is on them, while moves are reckoned."""

    units: Sequence[Unit]
    statuses: Mapping[str, UnitStatus]
    machines: Sequence[Machine]
    _where: _Where = field(init=False)
    _groups: list[tuple[str, ...]] = field(init=False)
    _fixed: dict[str, str] = field(init=False)
    _bound: set[str] = field(init=False)
    _moved: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._where = dict(list_placed(self.units, machines=self.machines))
        placed = {name: its for name, (where, its) in self._where.items() if where}
        self._groups = list(_group(placed))
        # Told apart once: each look for a move would try all of them again.
        self._bound = {name for name, (where, its) in self._where.items() if where and not self._may_leave(where, its)}
        by_name = {one.name: one for one in self.units}
        running = Counter(template_of(name) for name in placed if self._verdict(name) is UnitVerdict.RUNNING)
        wanted = Counter(template_of(one.name) for one in self.units if one.desired_state == DesiredState.LAUNCHED)
        replaced = [glob for _, its in self._where.values() for glob in its.replaces]
        self._fixed = {}
        for name, its in placed.items():
            template = template_of(name)
            if self._verdict(name) not in (UnitVerdict.RUNNING, UnitVerdict.LOADED):
                self._fixed[name] = f"it is {self._verdict(name) or 'unknown'}, and is left to whoever mends that"
            elif _is_oneshot(by_name[name]):
                self._fixed[name] = "it is a oneshot, and would do its work once more"
            elif its.replaces or any(matches(glob, name) for glob in replaced):
                self._fixed[name] = "it takes another unit's place, or another one takes its (Replaces)"
            elif running[template] == 1 < wanted[template] and self._verdict(name) is UnitVerdict.RUNNING:
                self._fixed[name] = f"it is the only one of {template} that runs"

    def count(self) -> dict[str, int]:
        """Return how many units fleet counts on each machine."""
        return self._count(self._where)

    def find_move(self) -> UnitMove | None:
        """Return the next move: off the fullest machine that one can leave; None where none makes it better."""
        loads = self.count()
        for machine in sorted(self.machines, key=lambda one: (-loads[one.id], one.id)):
            alike = Counter(template_of(name) for name, (where, _) in self._where.items() if where == machine.id)
            here = [one for one in self._groups if self._where[one[0]][0] == machine.id and self._may_move(one)]
            # Of a template that has many there one goes first, so that its instances spread.
            for names in sorted(here, key=lambda one: (len(one), -alike[template_of(one[0])], one)):
                target = self._place(names)
                if target and loads[target] < loads[machine.id] - len(names):
                    return UnitMove(names=names, source=machine.id, target=target)
        return None

    def make(self, move: UnitMove) -> None:
        """Have units on their new machine."""
        for name in move.names:
            self._where[name] = (move.target, self._where[name][1])
        self._moved |= set(move.names)

    def explain(self) -> Iterator[tuple[str, str]]:
        """Yield why units stay on machines that have two more than the emptiest."""
        loads = self.count()
        if not loads:
            return
        least = min(self.machines, key=lambda one: (loads[one.id], one.id))
        full = {one for one, load in loads.items() if load >= loads[least.id] + 2}
        for names in self._groups:
            if self._where[names[0]][0] not in full:
                continue
            for name in names:
                options = self._where[name][1]
                rest = {other: its for other, its in self._where.items() if other not in set(names) - {name}}
                why = self._fixed.get(name, "")
                bound = next((one for one in names if one in self._fixed), "")
                if not why and bound:
                    why = f"it has to be with {bound}, which stays"
                if not why and not set(options.machine_of) & set(names):
                    why = explain_no_machine(name, options, machines=[least], placed=rest)
                yield name, why or "no other machine would have less with it"

    def _may_move(self, names: tuple[str, ...]) -> bool:
        is_together = len({self._where[name][0] for name in names}) == 1
        return is_together and all(its.isdisjoint(names) for its in (self._fixed.keys(), self._bound, self._moved))

    def _may_leave(self, machine_id: str, options: PlacementOptions) -> bool:
        """Whether any other machine has what a unit asks for, whatever else is there."""
        return any(
            one.id.startswith(options.machine_id) and not options.find_lacking(one.metadata)
            for one in self.machines
            if one.id != machine_id
        )

    def _place(self, names: tuple[str, ...]) -> str:
        """Return where fleet's engine would put units that are launched together; empty where not on one machine."""
        where = {name: its for name, its in self._where.items() if name not in names}
        loads = self._count(where)
        waiting = sorted(names)
        while waiting:
            placed = []
            for name in waiting:
                options = self._where[name][1]
                for machine in sorted(self.machines, key=lambda one: (loads[one.id], one.id)):
                    if not explain_no_machine(name, options, machines=[machine], placed=where):
                        where[name] = (machine.id, options)
                        loads[machine.id] += 1
                        placed.append(name)
                        break
            if not placed:
                return ""
            waiting = [name for name in waiting if name not in placed]
        targets = {where[name][0] for name in names}
        return targets.pop() if len(targets) == 1 else ""

    def _count(self, where: _Where) -> dict[str, int]:
        loads = dict.fromkeys((one.id for one in self.machines), 0)
        for its_machine, options in where.values():
            if its_machine:
                loads[its_machine] += 1
                continue
            for machine in self.machines:
                # fleet counts a global unit wherever its metadata is found, whatever is asked of it.
                loads[machine.id] += not options.find_lacking(machine.metadata)
        return loads

    def _verdict(self, name: str) -> UnitVerdict | None:
        found = self.statuses.get(name)
        return None if found is None else found.verdict


def _group(placed: Mapping[str, PlacementOptions]) -> Iterator[tuple[str, ...]]:
    """Yield units that are bound to each other by MachineOf, each by itself where it is bound to none."""
    beside: dict[str, set[str]] = {name: set() for name in placed}
    for name, options in placed.items():
        for peer in options.machine_of:
            if peer in beside:
                beside[name].add(peer)
                beside[peer].add(name)
    left = sorted(placed)
    while left:
        found, edge = {left[0]}, [left[0]]
        while edge:
            fresh = beside[edge.pop()] - found
            found |= fresh
            edge += fresh
        yield tuple(sorted(found))
        left = [name for name in left if name not in found]


def _is_oneshot(unit: Unit) -> bool:
    types = [one.value for one in unit.text.options if (one.section, one.name) == ("Service", "Type")]
    return types[-1:] == ["oneshot"]
