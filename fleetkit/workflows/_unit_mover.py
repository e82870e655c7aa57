"""Units on their way from one machine to another: unloaded, and asked for again, whatever comes between."""

from __future__ import annotations

from dataclasses import dataclass, field

from fleetkit.core import FleetError, SshError
from fleetkit.workflows._rebalance_plan import MoveBatch, RebalancePlan
from fleetkit.workflows._unit_changes import read_desired
from fleetkit.workflows._unit_reading import UnitReading
from fleetkit.workflows._unit_walk import UnitWalk

__all__ = ["UnitMover", "find_others"]


@dataclass(slots=True, kw_only=True)
class UnitMover:
    """Moves the units of a plan, batch by batch, and halts at the first that does not come to run.

    Attributes
    ----------
    plan
        Who moves.
    walk
        Sends units, and waits for them.
    done
        Name of each that was moved and is as it was, to the id of its machine.
    failed
        Name of each that is not, to how it stands.
    owed
        Names of units that were asked to be unloaded, and were not asked for again yet.
    """

    plan: RebalancePlan
    walk: UnitWalk
    done: dict[str, str] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)
    owed: set[str] = field(default_factory=set)

    @property
    def unsent(self) -> tuple[str, ...]:
        """Names of those that were not moved, since one before them failed."""
        return tuple(name for name in self.plan.units if name not in self.done and name not in self.failed)

    def move_all(self) -> None:
        """Move all of them.

        Raises
        ------
        FleetError, SshError
            When fleet cannot be asked any more; what is owed is still to be asked for.
        """
        for number, batch in enumerate(self.plan.batches, start=1):
            self.walk.told.note(f"move {number} of {len(self.plan.batches)}: {', '.join(batch.names)}")
            self._move(batch)
            if self.failed:
                return

    def ask_again(self) -> None:
        """Ask once more for what was unloaded and is owed; what fleet does not take stays owed, and is told."""
        for name in sorted(self.owed):
            try:
                self.walk.client.set_desired_state(name, read_desired(self.plan.units[name]))
                self.owed.discard(name)
            except (FleetError, SshError) as error:
                self.walk.told.note(f"{name} is unloaded, and fleet does not take it again: {error.without_hint}")

    def _move(self, batch: MoveBatch) -> None:
        others = find_others(self.plan, self.walk.read(), batch.names)
        if others:
            self.failed |= dict.fromkeys(others, "not what it was when the plan was made, and was not moved")
            return
        for wave in batch.unloads:
            # Before it is sent: what breaks off may have arrived.
            self.owed |= {one.name for one in wave}
            failed = self.walk.send(wave)
            failed |= self.walk.wait([one for one in wave if one.name not in failed])
            self.failed |= failed
            if failed:
                break
        # Whatever came of it, each was wanted before, and is wanted again.
        for wave in batch.launches:
            due = [one for one in wave if one.name in self.owed]
            failed = self.walk.send(due)
            self.owed -= {one.name for one in due if one.name not in failed}
            self.failed |= failed | self.walk.wait([one for one in due if one.name not in failed])
        reading = self.walk.read()
        for name in batch.names:
            unit = reading.find_unit(name)
            if name not in self.failed and unit is not None:
                self.done[name] = unit.machine_id


def find_others(plan: RebalancePlan, reading: UnitReading, names: tuple[str, ...]) -> list[str]:
    """Return those units that have another text, state or machine than when the plan was made."""
    found = []
    for name in names:
        was, now = plan.units[name], reading.find_unit(name)
        same = now is not None and (now.text.unit_hash, now.desired_state, now.machine_id) == (
            was.text.unit_hash,
            was.desired_state,
            was.machine_id,
        )
        found += [] if same else [name]
    return found
