"""Move units to machines that carry less, after one has come back: fleet moves none by itself.

fleet knows no moving. A unit that is unloaded leaves its machine, and one that is asked for again is placed anew, on
the machine that has least of those that may have it; so that is what is done, some at a time, and never to two
instances of a template at once. To empty a machine is another matter: `apply_drain` has its whole fleet leave.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial

from fleetkit.config import Approval
from fleetkit.core import FleetkitError, StalePlanError
from fleetkit.fleet import FleetEndpoint, FleetLimits, plan_rebalance
from fleetkit.runs import EventKind
from fleetkit.workflows._holding_fleet import hold_fleet
from fleetkit.workflows._rebalance_plan import RebalancePlan
from fleetkit.workflows._recording import record_plan
from fleetkit.workflows._reporting import Reporter
from fleetkit.workflows._shown import Shown, Verified
from fleetkit.workflows._unit_gate import UnitGate, judge_change
from fleetkit.workflows._unit_mover import UnitMover, find_others
from fleetkit.workflows._unit_reading import UnitReading
from fleetkit.workflows._unit_walk import UnitWalk
from fleetkit.workflows._units_note import note_change
from fleetkit.workflows._workspace import Workspace
from fleetkit.workflows.approval import Approved
from fleetkit.workflows.reading_units import open_fleet

__all__ = [
    "AppliedRebalance",
    "RebalancePlan",
    "VerifiedRebalance",
    "apply_rebalance",
    "plan_machine_rebalance",
    "verify_rebalance",
]


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class AppliedRebalance(Shown):
    """What came of a rebalance.

    Attributes
    ----------
    cluster
        Name of the cluster.
    moved
        Name of each unit that is on another machine and as it was, to that machine.
    stayed
        Name of each that fleet placed on the machine that it came from.
    failed
        Name of each that is not as it was, to how it stands.
    unsent
        Names of those that were not moved, since one before them failed.
    owed
        Names of those that were unloaded, and that fleet did not take again.
    """

    cluster: str
    moved: dict[str, str] = field(default_factory=dict)
    stayed: dict[str, str] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)
    unsent: tuple[str, ...] = ()
    owed: tuple[str, ...] = ()

    def __str__(self) -> str:
        lines = [f"{len(self.moved)} units of {self.cluster} moved." if self.moved else "No unit moved."]
        lines += [f"{name}: fleet placed it on {place} again" for name, place in self.stayed.items()]
        lines += [f"! {name} is {how}" for name, how in self.failed.items()]
        if self.owed:
            lines.append(f"! unloaded, and not taken again: fleetkit units start {' '.join(self.owed)}")
        if self.unsent:
            lines.append(f"! not moved, since one before them failed: {', '.join(self.unsent)}")
        return "\n".join(lines)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class VerifiedRebalance(Verified):
    """How units and machines stand after a rebalance.

    Attributes
    ----------
    cluster
        Name of the cluster.
    loads
        Address of each machine to the number of units that fleet counts there.
    findings
        What is not as it should be, a sentence each.
    """

    cluster: str
    loads: dict[str, int]
    findings: tuple[str, ...] = ()

    @property
    def summary(self) -> str:
        """One sentence."""
        told = ", ".join(f"{place}: {load}" for place, load in self.loads.items())
        return f"units on machines of {self.cluster}: {told}"


def plan_machine_rebalance(
    source: Workspace | FleetEndpoint,
    *,
    at_once: int = 1,
    limits: FleetLimits | None = None,
    report: Reporter | None = None,
) -> RebalancePlan:
    """Plan which units move so that machines carry more alike; changes nothing.

    Parameters
    ----------
    source
        A cluster, or any fleet by its endpoint.
    at_once
        The most units, or groups of those that belong together, that move at one time.

    Raises
    ------
    FleetError, SshError
        When units and machines cannot be read.
    """
    told = report or Reporter()
    told.note("reading units and machines")
    with open_fleet(source, limits=limits) as fleet:
        reading = fleet.doubt(fleet.reading)
    reckoned = plan_rebalance(reading.units, reading.statuses, reading.machines)
    by_name = {one.name: one for one in reading.units}
    plan = RebalancePlan(
        cluster=source.cluster.name if isinstance(source, Workspace) else source.name,
        rules=source.cluster.approval if isinstance(source, Workspace) else Approval(),
        machines=reading.machines,
        units={name: by_name[name] for move in reckoned.moves for name in move.names},
        reckoned=reckoned,
        at_once=at_once,
        unheard=reading.unheard,
    )
    return record_plan(told, plan)


def apply_rebalance(
    source: Workspace | FleetEndpoint,
    approved: Approved[RebalancePlan],
    *,
    gate: UnitGate | None = None,
    limits: FleetLimits | None = None,
    report: Reporter | None = None,
) -> AppliedRebalance:
    """Move what was approved, some at a time, the next once those before run; halt where one does not.

    What was unloaded is asked for again however it ends. Where fleet does not take that either, or the command is
    killed, `plan_units_undo` leads back, as it does from a change of units.

    Parameters
    ----------
    gate
        When a unit counts as being there.

    Raises
    ------
    StalePlanError
        When other machines are in fleet than when the plan was made, or a unit is another, or elsewhere.
    BusyError
        When another operation is at work on the cluster, here or wherever else its state is used.
    FleetError, SshError
        When fleet cannot be asked any more; the message names what is unloaded and was not taken again.
    """
    told, plan = report or Reporter(), approved.plan
    plan.check()
    if plan.is_empty:
        return AppliedRebalance(cluster=plan.cluster)
    with (
        hold_fleet(source, operation="rebalance of machines", told=told),
        open_fleet(source, names=plan.units, limits=limits) as fleet,
    ):
        _require_unmoved(plan, fleet.doubt(fleet.reading))
        noted = None
        if isinstance(source, Workspace):
            told.record(EventKind.APPROVAL, approved.facts(source))
            changes = [one for batch in plan.batches for wave in batch.launches for one in wave]
            noted = note_change(source.paths.folder, changes)
        read = partial(fleet.read, names=plan.units)
        mover = UnitMover(plan=plan, walk=UnitWalk(client=fleet.client, read=read, gate=gate or UnitGate(), told=told))
        try:
            mover.move_all()
        except FleetkitError as error:
            mover.ask_again()
            if mover.owed:
                error.seen = "; ".join(filter(None, (error.seen, f"unloaded: {', '.join(sorted(mover.owed))}")))
                error.hint = "have them back once fleet answers: fleetkit units start"
            raise
        finally:
            mover.ask_again()
            told.record(EventKind.CHANGE, _tell_change(mover))
            if noted is not None and not mover.owed:
                noted.take_back()
    return _sum_up(mover)


def verify_rebalance(
    source: Workspace | FleetEndpoint,
    plan: RebalancePlan,
    *,
    limits: FleetLimits | None = None,
    report: Reporter | None = None,
) -> VerifiedRebalance:
    """Look whether the units of a plan are as they were, and what each machine carries now.

    Raises
    ------
    FleetError, SshError
        When fleet cannot be read.
    """
    told = report or Reporter()
    with open_fleet(source, names=plan.units, limits=limits) as fleet:
        reading = fleet.reading
    findings = []
    for change in (one for batch in plan.batches for wave in batch.launches for one in wave):
        verdict, how = judge_change(change, reading)
        unit = reading.find_unit(change.name)
        if verdict is not True:
            findings.append(f"{change.name} is {how}")
        elif unit is not None and unit.machine_id == plan.units[change.name].machine_id:
            findings.append(f"{change.name} is where it was, on {plan.place(unit.machine_id)}")
    loads = plan_rebalance(reading.units, reading.statuses, reading.machines).before
    places = {one.id: one.primary_ip or one.id[:8] for one in reading.machines}
    told.record(EventKind.VERIFIED, {"what": "rebalance", "ok": not findings, "findings": findings})
    return VerifiedRebalance(
        cluster=plan.cluster,
        loads={places[machine]: load for machine, load in loads.items()},
        findings=tuple(findings),
    )


def _require_unmoved(plan: RebalancePlan, reading: UnitReading) -> None:
    seen = [f"{name} is another, or elsewhere" for name in find_others(plan, reading, tuple(plan.units))]
    ids, now = {one.id for one in plan.machines}, {one.id for one in reading.machines}
    seen += [f"the machine {plan.place(one)} has left fleet" for one in sorted(ids - now)]
    seen += [f"the machine {one[:8]} has joined fleet" for one in sorted(now - ids)]
    if seen:
        raise StalePlanError(
            f"units and machines of {plan.cluster} are not as they were when the plan was made",
            seen="; ".join(seen),
            hint="plan again, look at the new plan, and approve that",
        )


def _tell_change(mover: UnitMover) -> dict[str, object]:
    return {
        "what": "rebalance",
        "moved": mover.done,
        "failed": mover.failed,
        "unsent": list(mover.unsent),
        "owed": sorted(mover.owed),
    }


def _sum_up(mover: UnitMover) -> AppliedRebalance:
    plan = mover.plan
    home = {name: plan.units[name].machine_id for name in mover.done}
    return AppliedRebalance(
        cluster=plan.cluster,
        moved={name: plan.place(where) for name, where in mover.done.items() if where != home[name]},
        stayed={name: plan.place(where) for name, where in mover.done.items() if where == home[name]},
        failed=dict(mover.failed),
        unsent=mover.unsent,
        owed=tuple(sorted(mover.owed)),
    )
