"""Empty a machine of fleet's units, and take it back: its fleet is stopped and started, over SSH.

fleet knows no draining. A fleet that is told to end stops and unloads its units and leaves, and the others take them
over at once, without the half minute that a machine's death takes to be noticed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from fleetkit.core import NotFoundError, NotYet, Patience, StalePlanError, wait_until
from fleetkit.fleet import FleetLimits
from fleetkit.runs import EventKind
from fleetkit.ssh import run_command
from fleetkit.workflows._drain_plan import DrainPlan, find_stranded, list_moving
from fleetkit.workflows._recording import record_plan
from fleetkit.workflows._reporting import Reporter
from fleetkit.workflows._rotation_machines import FleetMachine, list_machines
from fleetkit.workflows._shown import Shown, Verified
from fleetkit.workflows._unit_changes import UnitAction, UnitChange, read_desired
from fleetkit.workflows._unit_reading import UnitReading
from fleetkit.workflows._unit_walk import UnitGate, UnitWalk, judge_change
from fleetkit.workflows._workspace import Workspace
from fleetkit.workflows.approval import Approved
from fleetkit.workflows.reading_units import open_fleet
from fleetkit.workflows.unlocking import hold_everywhere
from fleetkit.workflows.way_in import WayIn, open_way_in

__all__ = ["AppliedDrain", "DrainPlan", "VerifiedDrain", "apply_drain", "plan_drain", "verify_drain"]

_UNITS = ("fleet.socket", "fleet.service")
"""The socket first: it would start the service again for whoever asks."""

_STOP_S = 180.0
_JOIN = Patience(deadline_s=120.0, interval_s=1.0)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class AppliedDrain(Shown):
    """What came of emptying a machine, or taking it back.

    Attributes
    ----------
    place
        The machine, for people.
    back
        Whether it was taken back.
    moved
        Names of units that are on another machine as they were on this one.
    amiss
        Name of each that is not, to how it stands.
    nothing
        Why there was nothing to do; empty where there was.
    """

    place: str
    back: bool
    moved: tuple[str, ...] = ()
    amiss: dict[str, str] = field(default_factory=dict)
    nothing: str = ""

    @property
    def text(self) -> str:
        """What came of it, a line for each unit that is amiss."""
        if self.nothing:
            return self.nothing
        if self.back:
            return f"{self.place} is in fleet again."
        lines = [f"{self.place} is empty and has left fleet; {len(self.moved)} units are on other machines."]
        return "\n".join([*lines, *(f"! {name} is {how}" for name, how in self.amiss.items())])

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class VerifiedDrain(Verified):
    """How a machine and its units stand.

    Attributes
    ----------
    place
        The machine, for people.
    is_in_fleet
        Whether fleet lists it.
    findings
        What is not as it should be, one sentence each.
    """

    place: str
    is_in_fleet: bool
    findings: tuple[str, ...]

    @property
    def summary(self) -> str:
        """One sentence."""
        if self.findings:
            return f"{len(self.findings)} findings on {self.place} and its units"
        return f"{self.place} is {'in fleet' if self.is_in_fleet else 'out of fleet, and its units are elsewhere'}"


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
        Where it is the only machine, or would strand units, its ``check`` refuses.

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
    machine_id = next((one.id for one in reading.machines if one.primary_ip == meant.address), "")
    moving = () if back or not machine_id else list_moving(reading, machine_id)
    plan = DrainPlan(
        cluster=workspace.cluster.name,
        rules=workspace.cluster.approval,
        machine=meant,
        machine_id=machine_id,
        back=back,
        moving=moving,
        stranded=find_stranded(moving, reading, machine_id=machine_id),
        strand=strand,
        others=len([one for one in reading.machines if one.id != machine_id]),
    )
    return record_plan(told, plan)


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
        When other units are on it than when the plan was made.
    BusyError
        When another operation is at work on the cluster, here or wherever else its state is used.
    FleetError, SshError
        When the machine or fleet cannot be reached; the same again goes on from there.
    WaitTimeoutError
        When a machine that is taken back does not join.
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
        walk = UnitWalk(client=fleet.client, read=fleet.read, gate=gate or UnitGate(), told=told)
        with open_way_in(workspace) as way:
            _switch(way, plan, told)
        facts = {"what": "drain", "machine": plan.machine.address, "back": plan.back}
        told.record(EventKind.CHANGE, facts)
        if plan.back:
            wait_until(partial(_look_for, plan, fleet.read), what="the machine to join fleet", patience=_JOIN)
            return AppliedDrain(place=place, back=True)
        moving = [one for one in _list_changes(plan) if one.name not in plan.stranded]
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
    for one in _list_changes(plan):
        verdict, how = judge_change(one, reading)
        if verdict is not True:
            findings.append(f"{one.name} is {how}")
    told.record(EventKind.VERIFIED, {"what": "drain", "ok": not findings, "findings": findings})
    return VerifiedDrain(place=place, is_in_fleet=is_in_fleet, findings=tuple(findings))


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
    now = () if plan.back else list_moving(reading, plan.machine_id)
    if {one.name for one in now} != {one.name for one in plan.moving}:
        moved = {one.name for one in now} ^ {one.name for one in plan.moving}
        raise StalePlanError(
            f"other units are on {plan.machine.place} than the plan was made for",
            seen=", ".join(sorted(moved)),
            hint="plan again, look at the new plan, and approve that",
        )


def _switch(way: WayIn, plan: DrainPlan, told: Reporter) -> None:
    verb = "start" if plan.back else "stop"
    told.note(f"having {plan.machine.place} {verb} its fleet")
    with way.connect(plan.machine.address, role=plan.machine.role) as connection:
        run_command(connection, ["sudo", "systemctl", verb, *_UNITS], limit_s=_STOP_S)


def _look_for(plan: DrainPlan, read: Callable[[], UnitReading]) -> bool | NotYet[bool]:
    joined = any(one.primary_ip == plan.machine.address for one in read().machines)
    return True if joined else NotYet("it is not listed yet")


def _list_changes(plan: DrainPlan) -> list[UnitChange]:
    """Return what each unit that goes is to be elsewhere, as a change of it."""
    return [
        UnitChange(name=one.name, action=UnitAction.START, text=one.text, desired=read_desired(one), before=one)
        for one in plan.moving
    ]
