"""Change units as it was planned and approved, and look at what came of it.

Launched is not running: what was started counts once systemd on its machine runs it, and it stays so for some seconds.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from fleetkit.core import StalePlanError
from fleetkit.fleet import FleetEndpoint, FleetLimits
from fleetkit.runs import EventKind
from fleetkit.workflows._holding_fleet import hold_fleet
from fleetkit.workflows._reporting import Reporter
from fleetkit.workflows._unit_gate import UnitGate, judge_change
from fleetkit.workflows._unit_probes import UnitProbes
from fleetkit.workflows._unit_reading import UnitReading
from fleetkit.workflows._unit_walk import UnitWalk
from fleetkit.workflows._units_note import NotedChange, note_change
from fleetkit.workflows._units_plan import UnitsPlan
from fleetkit.workflows._units_results import AppliedUnits, VerifiedUnits
from fleetkit.workflows._workspace import Workspace
from fleetkit.workflows.approval import Approved
from fleetkit.workflows.reading_units import open_fleet
from fleetkit.workflows.unit_journal import read_journals

__all__ = [
    "AppliedUnits",
    "UnitGate",
    "VerifiedUnits",
    "apply_units",
    "verify_units",
]

_JOURNAL_LINES = 10


def apply_units(
    source: Workspace | FleetEndpoint,
    approved: Approved[UnitsPlan],
    *,
    gate: UnitGate | None = None,
    roll_back: bool = False,
    limits: FleetLimits | None = None,
    report: Reporter | None = None,
) -> AppliedUnits:
    """Send what was approved, wave by wave; the next one only once all of the one before are as wanted.

    What needed no sending and is not there yet is waited for: before the wave that waits for it, or at the end.

    Parameters
    ----------
    gate
        When a unit counts as being there.
    roll_back
        Whether all that was sent is put back as it was when a unit fails; else it stays for whoever looks at it.

    Raises
    ------
    StalePlanError
        When a unit is another, or in another state, than when the plan was made.
    BusyError
        When another operation is at work on the cluster, here or wherever else its state is used.
    FleetError, SshError
        When fleet cannot be asked any more; what was sent stays, and the same again goes on from there.
    """
    told, plan = report or Reporter(), approved.plan
    plan.check()
    if plan.is_empty and not plan.undoes and not plan.lagging:
        return AppliedUnits(cluster=plan.cluster, done=())
    names = [*(one.name for one in plan.changes), *(one.name for one in plan.lagging)]
    with (
        hold_fleet(source, operation="change of units", told=told),
        open_fleet(source, names=names, limits=limits) as fleet,
    ):
        _require_unmoved(plan, fleet.reading)
        noted: NotedChange | None = None
        if isinstance(source, Workspace) and plan.changes:
            told.record(EventKind.APPROVAL, approved.facts(source))
        if isinstance(source, Workspace) and (plan.changes or plan.undoes):
            noted = note_change(source.paths.folder, plan.changes, undoes=plan.undoes)
        walk = UnitWalk(
            client=fleet.client,
            read=partial(fleet.read, names=names),
            gate=gate or UnitGate(),
            told=told,
            probes=UnitProbes(rule=plan.rule, way=fleet.way),
        )
        applied = _walk_recorded(plan, walk, told, roll_back=roll_back)
        if noted is not None and not applied.failed and not applied.unsent:
            noted.end()
        elif noted is not None and (applied.is_put_back or (not applied.failed and not applied.done)):
            noted.take_back()
    return applied


def verify_units(
    source: Workspace | FleetEndpoint,
    plan: UnitsPlan,
    *,
    limits: FleetLimits | None = None,
    report: Reporter | None = None,
) -> VerifiedUnits:
    """Look whether the units of a plan are what it wanted of them; of what failed, read what it said last.

    Those that were in fleet as wanted, and not there, when it was made are looked at too.

    Raises
    ------
    FleetError, SshError
        When fleet cannot be read.
    """
    told = report or Reporter()
    looked_at = (*plan.changes, *(one.change for one in plan.lagging))
    with open_fleet(source, names=[one.name for one in looked_at], limits=limits) as fleet:
        stands = {one.name: judge_change(one, fleet.reading) for one in looked_at}
        there = [one for one in looked_at if stands[one.name][0]]
        silent = UnitProbes(rule=plan.rule, way=fleet.way).find_silent(there, fleet.reading)
        stands |= {name: (None, f"{stands[name][1]}, and {how}") for name, how in silent.items()}
        amiss = {name: how for name, (verdict, how) in stands.items() if verdict is not True}
        journals = read_journals(source, fleet, amiss, lines=_JOURNAL_LINES) if isinstance(source, Workspace) else {}
    findings = tuple(f"{name} is {how}" for name, how in amiss.items())
    told.record(EventKind.VERIFIED, {"what": "units", "ok": not findings, "findings": list(findings)})
    return VerifiedUnits(cluster=plan.cluster, units=len(looked_at), findings=findings, journals=journals)


def _walk_recorded(plan: UnitsPlan, walk: UnitWalk, told: Reporter, *, roll_back: bool) -> AppliedUnits:
    """Walk, and leave in the record what was sent, however it ends."""
    applied: AppliedUnits | None = None
    try:
        applied = _walk(plan, walk, told, roll_back=roll_back)
        return applied
    finally:
        if plan.changes:
            told.record(EventKind.CHANGE, _tell_change(walk, applied))


def _walk(plan: UnitsPlan, walk: UnitWalk, told: Reporter, *, roll_back: bool) -> AppliedUnits:
    done: list[str] = []
    failed: dict[str, str] = {}
    late: dict[str, str] = {}
    left = {one.name: one for one in plan.lagging}
    for number, wave in enumerate(plan.waves, start=1):
        names = {one.name for one in wave}
        late = walk.wait([left.pop(name).change for name in list(left) if names & set(left[name].before)])
        if late:
            break
        told.note(f"wave {number} of {len(plan.waves)}: {len(wave)} units")
        failed = walk.send(wave)
        failed |= walk.wait([one for one in wave if one.name not in failed])
        done += [one.name for one in wave if one.name not in failed]
        if failed:
            break
    is_halted = bool(failed or late)
    reached = {*done, *failed}
    unsent = tuple(one.name for one in plan.changes if one.name not in reached)
    back: dict[str, str] = {}
    puts_back = is_halted and roll_back and bool(walk.sent)
    if puts_back:
        told.note(f"putting {sum(map(len, walk.sent))} units back")
        back = walk.put_back()
    # What nothing waits for keeps nothing from being sent; what was begun before is seen through all the same.
    coming = [] if is_halted else [one for one in left.values() if not one.is_hopeless]
    late |= {name: one.how for name, one in left.items() if one not in coming}
    late |= walk.wait([one.change for one in coming])
    return AppliedUnits(
        cluster=plan.cluster,
        done=tuple(done),
        failed=failed,
        unsent=unsent,
        put_back=puts_back,
        not_put_back=back,
        late=late,
    )


def _tell_change(walk: UnitWalk, applied: AppliedUnits | None) -> dict[str, Any]:
    """Return what was changed; of a walk that broke off, what was sent, or at least was about to be."""
    if applied is None:
        return {"what": "units", "broken_off": True, "sent": [one.name for wave in walk.sent for one in wave]}
    return {
        "what": "units",
        "done": list(applied.done),
        "failed": applied.failed,
        "unsent": list(applied.unsent),
        "put_back": applied.put_back,
        "not_put_back": applied.not_put_back,
    }


def _require_unmoved(plan: UnitsPlan, reading: UnitReading) -> None:
    moved = []
    for one in plan.changes:
        now = reading.find_unit(one.name)
        before = (one.before.text.unit_hash, one.before.desired_state) if one.before else None
        if (None if now is None else (now.text.unit_hash, now.desired_state)) != before:
            moved.append(one.name)
    if moved:
        raise StalePlanError(
            f"units of {plan.cluster} are others than the plan was made for",
            seen=", ".join(moved),
            hint="plan again, look at the new plan, and approve that",
        )
