"""The plan of moving units to machines that carry less: who moves where, in which order, and what that comes to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from fleetkit.fleet import DesiredState, Machine, Rebalance, Unit, UnitMove, template_of
from fleetkit.views import table_html
from fleetkit.workflows._basis import Operation
from fleetkit.workflows._change_plan import ChangePlan, Refusal, refuse_if
from fleetkit.workflows._drain_plan import identify_units
from fleetkit.workflows._shown import list_under
from fleetkit.workflows._unit_changes import UnitAction, UnitChange, read_desired
from fleetkit.workflows._units_plan import order_changes

__all__ = ["MoveBatch", "RebalancePlan", "divide_moves"]

_MOST_NAMED = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveBatch:
    """Units that move at one time.

    Attributes
    ----------
    names
        Which.
    unloads, launches
        What is sent, wave by wave: all of them are off their machines before the first is asked for again.
    """

    names: tuple[str, ...]
    unloads: tuple[tuple[UnitChange, ...], ...]
    launches: tuple[tuple[UnitChange, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class RebalancePlan(ChangePlan):
    """What a rebalance would do.

    Attributes
    ----------
    machines
        Those in fleet.
    units
        The units that move, by name, as they are.
    reckoned
        Who moves where, and what each machine carries before and after.
    at_once
        The most units, or groups of those that belong together, that move at one time.
    unheard
        Why what machines say is in doubt; empty where it is not.
    """

    machines: tuple[Machine, ...]
    units: Mapping[str, Unit]
    reckoned: Rebalance
    at_once: int
    unheard: str = ""

    @property
    def operation(self) -> Operation:
        """What it is for."""
        return Operation.REBALANCE

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to move."""
        return not self.reckoned.moves

    @property
    def facts(self) -> Mapping[str, Any]:
        """Who moves where, and as what."""
        return {
            "moves": [[list(one.names), one.source, one.target] for one in self.reckoned.moves],
            "units": sorted(list(one) for one in identify_units(list(self.units.values()))),
            "at_once": self.at_once,
        }

    @property
    def refusal(self) -> Refusal | None:
        """Why it may not be done now; None where it may."""
        if self.is_empty or not self.unheard:
            return None
        return refuse_if([self.unheard], hint="look again in half a minute: fleetkit machines list")

    @property
    def impossible(self) -> str:
        """What cannot be done where it is refused."""
        return f"units of {self.cluster} cannot be moved now"

    @property
    def batches(self) -> tuple[MoveBatch, ...]:
        """What is sent, batch by batch, each once the one before runs."""
        return tuple(_make_batch(one, self.units) for one in divide_moves(self.reckoned.moves, at_once=self.at_once))

    @property
    def aim(self) -> str:
        """What the plan does, in one sentence."""
        if self.is_empty:
            return f"Nothing to do: no unit of {self.cluster} would move so that machines carry more alike."
        most = [max(its.values(), default=0) for its in (self.reckoned.before, self.reckoned.after)]
        units = "1 unit" if len(self.units) == 1 else f"{len(self.units)} units"
        return (
            f"This moves {units} of {self.cluster} to machines that carry less, {self.at_once} at a time: the most "
            f"that one carries goes from {most[0]} to {most[1]}."
        )

    @property
    def course(self) -> tuple[str, ...]:
        """What each machine carries, who moves in which order, and who stays and why."""
        parts = [list_under("units on each machine:", self._tell_loads())]
        if self.reckoned.moves:
            moves = [
                f"{' with '.join(one.names)}: {self.place(one.source)} → {self.place(one.target)}"
                for one in self.reckoned.moves
            ]
            parts.append(list_under("these move, in this order:", moves))
            parts.append(
                "each is stopped and unloaded, and asked for again once it is off its machine: fleet places it anew, "
                "where least is of what may have it; it is gone for some seconds, and the next ones go once it runs"
            )
        if self.reckoned.staying:
            told = [f"{name}: {why}" for name, why in self.reckoned.staying.items()]
            more = [f"… and {len(told) - _MOST_NAMED} more"] if len(told) > _MOST_NAMED else []
            parts.append(list_under("these stay where more is:", [*told[:_MOST_NAMED], *more]))
        return tuple(parts)

    def place(self, machine_id: str) -> str:
        """Return a machine for people."""
        return next((one.primary_ip for one in self.machines if one.id == machine_id), "") or machine_id[:8]

    def draw(self) -> str:
        """Return a table of what each machine carries."""
        before, after = self.reckoned.before, self.reckoned.after
        rows = [(escape(self.place(one)), str(before[one]), str(after[one])) for one in before]
        return table_html(("machine", "units", "units after"), rows, label=f"machines of {self.cluster}")

    def _tell_loads(self) -> Iterator[str]:
        for machine_id, load in self.reckoned.before.items():
            after = self.reckoned.after[machine_id]
            yield f"{self.place(machine_id)}: {load}{'' if after == load else f' → {after}'}"


def divide_moves(moves: Sequence[UnitMove], *, at_once: int) -> tuple[tuple[UnitMove, ...], ...]:
    """Divide moves into those that are made at one time, in their order, never two instances of one template."""
    batches: list[list[UnitMove]] = []
    busy: set[str] = set()
    for move in moves:
        templates = {template_of(name) for name in move.names}
        if not batches or len(batches[-1]) == at_once or busy & templates:
            batches.append([])
            busy = set()
        batches[-1].append(move)
        busy |= templates
    return tuple(map(tuple, batches))


def _make_batch(moves: Sequence[UnitMove], units: Mapping[str, Unit]) -> MoveBatch:
    names = tuple(name for move in moves for name in move.names)
    moving = [units[name] for name in names]
    unloads = [
        UnitChange(name=one.name, action=UnitAction.UNLOAD, text=one.text, desired=DesiredState.INACTIVE, before=one)
        for one in moving
    ]
    launches = [
        UnitChange(
            name=one.name,
            action=UnitAction.START,
            text=one.text,
            desired=read_desired(one),
            before=one,
            stays=one.desired_state == DesiredState.LAUNCHED,
        )
        for one in moving
    ]
    return MoveBatch(names=names, unloads=order_changes(unloads)[0], launches=order_changes(launches)[0])
