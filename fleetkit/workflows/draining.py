"""Empty a machine of fleet's units, and take it back: its fleet is stopped and started, over SSH.

fleet knows no draining. A fleet that is told to end stops and unloads its units and leaves, and the others take them
over at once, without the half minute that a machine's death takes to be noticed.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from fleetkit.core import FleetError, NotFoundError, NotYet, StalePlanError, wait_until
from fleetkit.fleet import FleetLimits
from fleetkit.runs import EventKind
from fleetkit.ssh import run_command
from fleetkit.workflows._drain_plan import DrainPlan, find_stranded, identify_units, list_moving
from fleetkit.workflows._drain_results import AppliedDrain, VerifiedDrain
from fleetkit.workflows._recording import record_plan
from fleetkit.workflows._reporting import Reporter
from fleetkit.workflows._rotation_machines import FleetMachine, list_machines
from fleetkit.workflows._unit_changes import UnitAction, UnitChange, read_desired
from fleetkit.workflows._unit_gate import UnitGate, judge_change
from fleetkit.workflows._unit_reading import UnitReading
from fleetkit.workflows._unit_walk import UnitWalk
from fleetkit.workflows._workspace import Workspace
from fleetkit.workflows.approval import Approved
from fleetkit.workflows.reading_units import OpenFleet, open_fleet
from fleetkit.workflows.unlocking import hold_everywhere
from fleetkit.workflows.way_in import WayIn

__all__ = [
    "AppliedDrain",
    "DrainPlan",
    "VerifiedDrain",
    "apply_drain",
    "carry_out_drain",
    "draft_drain",
    "list_changes",
    "plan_drain",
    "verify_drain",
]

_UNITS = ("fleet.socket", "fleet.service")
"""The socket first: it would start the service again for whoever asks."""

_STOP_S = 180.0


def plan_drain(
    workspace: Workspace,
    machine: str,
    *,
    back: bool = False,
    strand: bool = False,
    limits: FleetLimits | None = None,
    report: Reporter | None = None,
) -> DrainPlan:
    """Plan how a machine is emptied, or taken back; changes nothing.

    Parameters
    ----------
    machine
        A master's name, an instance id, a private address, or the beginning of an id of fleet's.
    back
        Whether it is taken back.
    strand
        Whether units that no other machine takes may be left without one.

    Returns
    -------
    DrainPlan
        Where it is the only machine or the only master, or would strand units, its ``check`` refuses.

    Raises
    ------
    NotFoundError
        When no machine of the cluster is meant, or several are.
    AwsError, FleetError, SshError
        When machines or units cannot be read.
    """
    told = report or Reporter()
    told.note("reading units and machines")
    known = list_machines(workspace)
    with open_fleet(workspace, limits=limits) as fleet:
        reading = fleet.reading
    meant = _find_meant(machine, known, reading)
    return record_plan(told, draft_drain(workspace, meant, reading, back=back, strand=strand))


def draft_drain(
    workspace: Workspace, meant: FleetMachine, reading: UnitReading, *, back: bool = False, strand: bool = False
) -> DrainPlan:
    """Plan, out of what was read of fleet, how one machine is emptied or taken back."""
    machine_id = next((one.id for one in reading.machines if one.primary_ip == meant.address), "")
    moving = () if back or not machine_id else list_moving(reading, machine_id)
    return DrainPlan(
        cluster=workspace.cluster.name,
        rules=workspace.cluster.approval,
        machine=meant,
        machine_id=machine_id,
        back=back,
        moving=moving,
        stranded=find_stranded(moving, reading, machine_id=machine_id),
        strand=strand,
        others=len([one for one in reading.machines if one.id != machine_id]),
        is_lone_master=[meant.address] == [one.address for one in workspace.cluster.masters.values()],
    )


def apply_drain(
    workspace: Workspace,
    approved: Approved[DrainPlan],
    *,
    gate: UnitGate | None = None,
    limits: FleetLimits | None = None,
    report: Reporter | None = None,
) -> AppliedDrain:
    """Stop the machine's fleet and wait until its units are on others; or start it and wait until it has joined.

    Raises
    ------
    StalePlanError
        When other units are on it than when the plan was made, or others would be on no machine.
    BusyError
        When another operation is at work on the cluster, here or wherever else its state is used.
    FleetError, SshError
        When the machine or fleet cannot be reached; the same again goes on from there.
    WaitTimeoutError
        When a machine that is taken back does not join, or one whose fleet was stopped does not leave.
    """
    told, plan = report or Reporter(), approved.plan
    plan.check()
    place = plan.machine.place
    if plan.is_empty:
        return AppliedDrain(place=place, back=plan.back, nothing=plan.aim)
    with (
        hold_everywhere(workspace, operation="drain of a machine", told=told),
        open_fleet(workspace, avoiding=[plan.machine.address], limits=limits) as fleet,
    ):
        _require_unmoved(plan, fleet.reading)
        told.record(EventKind.APPROVAL, approved.facts(workspace))
        return carry_out_drain(plan, fleet, gate=gate or UnitGate(), told=told)


def carry_out_drain(plan: DrainPlan, fleet: OpenFleet, *, gate: UnitGate, told: Reporter) -> AppliedDrain:
    """Do what a plan says, of a fleet that is open and held; see `apply_drain`."""
    place = plan.machine.place
    walk = UnitWalk(client=fleet.client, read=fleet.read, gate=gate, told=told)
    assert fleet.way is not None  # noqa: S101 -- a cluster's fleet was reached by its way in
    _switch(fleet.way, plan, told)
    facts = {"what": "drain", "machine": plan.machine.address, "back": plan.back}
    told.record(EventKind.CHANGE, facts)
    what = "the machine to join fleet" if plan.back else "the machine to leave fleet"
    wait_until(partial(_look_for, plan, fleet.read), what=what, patience=gate.patience, on_wait=told.note)
    if plan.back:
        return AppliedDrain(place=place, back=True)
    # Only now does what fleet tells of a unit tell of another machine.
    moving = [one for one in list_changes(plan) if one.name not in plan.stranded]
    amiss = walk.wait(moving)
    moved = tuple(one.name for one in moving if one.name not in amiss)
    return AppliedDrain(place=place, back=False, moved=moved, amiss=amiss)


def verify_drain(
    workspace: Workspace, plan: DrainPlan, *, limits: FleetLimits | None = None, report: Reporter | None = None
) -> VerifiedDrain:
    """Look whether the machine is in fleet or not, as it was wanted, and its units are where they can be.

    Raises
    ------
    FleetError, SshError
        When fleet cannot be read.
    """
    told, place = report or Reporter(), plan.machine.place
    with open_fleet(workspace, avoiding=[plan.machine.address], limits=limits) as fleet:
        reading = fleet.reading
    is_in_fleet = any(one.primary_ip == plan.machine.address for one in reading.machines)
    findings = [] if is_in_fleet is plan.back else [f"{place} is {'in' if is_in_fleet else 'not in'} fleet"]
    for one in list_changes(plan):
        verdict, how = judge_change(one, reading)
        if verdict is not True:
            findings.append(f"{one.name} is {how}")
    told.record(EventKind.VERIFIED, {"what": "drain", "ok": not findings, "findings": findings})
    return VerifiedDrain(place=place, is_in_fleet=is_in_fleet, units=len(plan.moving), findings=tuple(findings))


def _find_meant(text: str, known: tuple[FleetMachine, ...], reading: UnitReading) -> FleetMachine:
    ids = {one.primary_ip: one.id for one in reading.machines}
    found = [
        one
        for one in known
        if text in (one.name, one.address) or (len(text) >= 4 and ids.get(one.address, "").startswith(text))
    ]
    if len(found) != 1:
        raise NotFoundError(
            f"{'several machines are' if found else 'no machine is'} meant by {text!r}",
            known=[one.place for one in found or known],
        )
    return found[0]


def _require_unmoved(plan: DrainPlan, reading: UnitReading) -> None:
    if plan.back:
        return
    now = list_moving(reading, plan.machine_id)
    moved = {name for name, *_ in identify_units(now) ^ identify_units(plan.moving)}
    seen = [f"{name} is another, or comes or goes" for name in sorted(moved)]
    stranded = find_stranded(now, reading, machine_id=plan.machine_id)
    seen += [f"{name} would be on no machine: {why}" for name, why in stranded.items() if name not in plan.stranded]
    if all(one.id == plan.machine_id for one in reading.machines):
        seen.append("no other machine is in fleet")
    if seen:
        raise StalePlanError(
            f"{plan.machine.place} and its units are not as they were when the plan was made",
            seen="; ".join(seen),
            hint="plan again, look at the new plan, and approve that",
        )


def _switch(way: WayIn, plan: DrainPlan, told: Reporter) -> None:
    verb = "start" if plan.back else "stop"
    told.note(f"having {plan.machine.place} {verb} its fleet")
    with way.connect(plan.machine.address, role=plan.machine.role) as connection:
        run_command(connection, ["sudo", "systemctl", verb, *_UNITS], limit_s=_STOP_S)


def _look_for(plan: DrainPlan, read: Callable[[], UnitReading]) -> bool | NotYet[bool]:
    try:
        is_listed = any(one.primary_ip == plan.machine.address for one in read().machines)
    except FleetError as error:
        if not error.transient:
            raise
        return NotYet(error.without_hint)
    return True if is_listed is plan.back else NotYet(f"it is {'not' if plan.back else 'still'} listed")


def list_changes(plan: DrainPlan) -> list[UnitChange]:
    """Return what each unit that goes is to be elsewhere, as a change of it."""
    return [
        UnitChange(name=one.name, action=UnitAction.START, text=one.text, desired=read_desired(one), before=one)
        for one in plan.moving
    ]
