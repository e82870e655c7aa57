"""From one machine of a pool to the next: emptied, ended, and followed by another before the next one's turn."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial

from fleetkit import aws
from fleetkit.core import FleetkitError, NotYet, Patience, PreconditionError, ServiceError, WorkflowError, wait_until
from fleetkit.fleet import FleetLimits
from fleetkit.runs import EventKind
from fleetkit.workflows._drain_plan import DrainPlan
from fleetkit.workflows._refresh_look import find_lacking
from fleetkit.workflows._refresh_plan import RefreshPlan
from fleetkit.workflows._reporting import Reporter
from fleetkit.workflows._rotation_machines import list_machines
from fleetkit.workflows._shown import Shown
from fleetkit.workflows._unit_changes import UnitChange
from fleetkit.workflows._unit_gate import UnitGate
from fleetkit.workflows._unit_walk import UnitWalk
from fleetkit.workflows._workspace import Workspace
from fleetkit.workflows.draining import carry_out_drain, draft_drain, list_changes
from fleetkit.workflows.reading_units import open_fleet

__all__ = ["AppliedRefresh", "RefreshWalk"]


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class AppliedRefresh(Shown):
    """What came of it.

    Attributes
    ----------
    pool
        Its name.
    replaced
        The machines that ended, for people.
    halted_at
        The machine that was emptied and not ended, because units of it are not well; empty where there is none.
    amiss
        Name of each unit that is not well, to how it stands.
    left
        The machines that were left as they were.
    """

    pool: str
    replaced: tuple[str, ...] = ()
    halted_at: str = ""
    amiss: dict[str, str] = field(default_factory=dict)
    left: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """What came of it, a line for each unit that is amiss."""
        many = "1 machine" if len(self.replaced) == 1 else f"{len(self.replaced)} machines"
        lines = [f"{many} of the pool {self.pool} replaced."]
        if self.halted_at:
            lines.append(
                f"{self.halted_at} is out of fleet and was not ended, since units of it are not well elsewhere; "
                "fleetkit machines drain --back takes it back."
            )
        lines += [f"! {name} is {how}" for name, how in self.amiss.items()]
        return "\n".join([*lines, *(f"left as it was: {one}" for one in self.left)])

    def __str__(self) -> str:
        return self.text


@dataclass(slots=True, kw_only=True)
class RefreshWalk:
    """Does what a plan says.

    Attributes
    ----------
    gate
        When a unit counts as being well.
    arrival
        How long each new machine may take until it is in service and in fleet.
    """

    workspace: Workspace
    plan: RefreshPlan
    gate: UnitGate
    arrival: Patience
    limits: FleetLimits | None
    told: Reporter
    replaced: list[str] = field(default_factory=list)

    def walk(self) -> AppliedRefresh:
        """Go from machine to machine; halt where a unit is not well.

        Raises
        ------
        WorkflowError
            When it cannot go on; says which machines were replaced before.
        """
        for number, drain in enumerate(self.plan.drains):
            place, later = drain.machine.place, self.plan.drains[number + 1 :]
            self.told.note(f"{place}: {number + 1} of {len(self.plan.drains)}")
            try:
                waiting, amiss = self._empty(drain, leaving=[one.machine.name for one in (drain, *later)])
                if amiss:
                    return self._halt(amiss, later, halted_at=place)
                self._end(drain, leaving=[one.machine.name for one in later])
                amiss = self._wait_for(waiting)
            except FleetkitError as error:
                raise WorkflowError(
                    f"the refresh of the pool {self.plan.pool} of {self.plan.cluster} stopped before its end",
                    step=place,
                    completed=self.replaced,
                    seen=f"at {place}: {error.without_hint}",
                    hint=f"mend that, then go on with fleetkit machines refresh {self.plan.cluster} {self.plan.pool}",
                ) from error
            if amiss:
                return self._halt(amiss, later)
        return AppliedRefresh(pool=self.plan.pool, replaced=tuple(self.replaced))

    def _halt(self, amiss: dict[str, str], later: tuple[DrainPlan, ...], *, halted_at: str = "") -> AppliedRefresh:
        return AppliedRefresh(
            pool=self.plan.pool,
            replaced=tuple(self.replaced),
            halted_at=halted_at,
            amiss=amiss,
            left=tuple(one.machine.place for one in later),
        )

    def _empty(self, planned: DrainPlan, *, leaving: list[str]) -> tuple[list[UnitChange], dict[str, str]]:
        """Empty one machine, as it is by now; return the units that wait for its successor, and those that are ill."""
        self._require_whole(leaving=leaving)
        with open_fleet(self.workspace, limits=self.limits) as fleet:
            # What moved before may have come to it.
            drain = draft_drain(self.workspace, planned.machine, fleet.reading, strand=planned.strand)
            if drain.is_empty and planned.machine_id:
                raise PreconditionError(
                    f"{planned.machine.place} has left fleet by itself", seen="its units may be on no machine"
                )
            drain.check()
            agreed = {name for one in self.plan.drains for name in one.stranded}
            new = {name: why for name, why in drain.stranded.items() if name not in agreed}
            if new:
                raise PreconditionError(
                    f"{planned.machine.place} cannot be emptied as it was planned",
                    seen="; ".join(f"{name} would be on no machine: {why}" for name, why in new.items()),
                )
            if drain.is_empty:
                return [], {}
            amiss = carry_out_drain(drain, fleet, gate=self.gate, told=self.told).amiss
        return [one for one in list_changes(drain) if one.name in drain.stranded], amiss

    def _require_whole(self, *, leaving: list[str]) -> None:
        lacking = self._find_lacking(leaving)
        if lacking:
            raise PreconditionError(f"the pool {self.plan.pool} is not whole", seen="; ".join(lacking))

    def _find_lacking(self, leaving: list[str]) -> list[str]:
        group = aws.find_scaling_group(self.workspace.session, self.plan.cluster, role=self.plan.pool)
        machines = {one.name: one for one in list_machines(self.workspace)}
        with open_fleet(self.workspace, limits=self.limits) as fleet:
            return list(find_lacking(group, machines, fleet.reading, leaving=leaving))

    def _end(self, drain: DrainPlan, *, leaving: list[str]) -> None:
        """End a machine, and wait for the one that comes in its place."""
        name, place = drain.machine.name, drain.machine.place
        aws.replace_scaling_member(self.workspace.session, name)
        facts = {"what": "machine ended", "machine": name, "pool": self.plan.pool}
        self.told.record(EventKind.CHANGE, facts)
        self.replaced.append(place)
        look = partial(self._look_whole, gone=name, leaving=leaving)
        wait_until(look, what=f"a machine in place of {place}", patience=self.arrival, on_wait=self.told.note)

    def _look_whole(self, *, gone: str, leaving: list[str]) -> bool | NotYet[bool]:
        try:
            group = aws.find_scaling_group(self.workspace.session, self.plan.cluster, role=self.plan.pool)
            if any(one.instance_id == gone for one in group.members):
                return NotYet(f"{gone} is still ending")
            lacking = self._find_lacking(leaving)
        except ServiceError as error:
            # The machine has been ended: whatever passes is waited out.
            return NotYet(error.without_hint)
        return NotYet("; ".join(lacking)) if lacking else True

    def _wait_for(self, waiting: list[UnitChange]) -> dict[str, str]:
        """Wait until units that no other machine took run on the one that came."""
        if not waiting:
            return {}
        with open_fleet(self.workspace, limits=self.limits) as fleet:
            return UnitWalk(client=fleet.client, read=fleet.read, gate=self.gate, told=self.told).wait(waiting)
