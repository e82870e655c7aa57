"""Units on their way to what is wanted of them: sent, waited for until their gate lets them through, and put back."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from fleetkit.core import FleetError, NotYet, WaitTimeoutError, call_each, wait_until
from fleetkit.fleet import DesiredState, FleetClient, PlacementOptions
from fleetkit.workflows._reporting import Reporter
from fleetkit.workflows._unit_changes import UnitAction, UnitChange
from fleetkit.workflows._unit_gate import GatedWave, UnitGate
from fleetkit.workflows._unit_probes import UnitProbes
from fleetkit.workflows._unit_reading import UnitReading

__all__ = ["UnitWalk"]

_AT_ONCE = 8
"""fleet's own API takes one request after the other of each machine's etcd; more at once only wait."""


@dataclass(slots=True, kw_only=True)
class UnitWalk:
    """Walks through the waves of a plan.

    Attributes
    ----------
    client
        fleet, to which units are sent.
    read
        Reads units and machines.
    gate
        When a unit counts as being there.
    told
        Who is told what goes on.
    probes
        Asks units that run whether they serve; None where that they run is enough.
    sent
        What was sent so far, wave by wave: that is what would have to be put back.
    """

    client: FleetClient
    read: Callable[[], UnitReading]
    gate: UnitGate
    told: Reporter
    probes: UnitProbes | None = None
    sent: list[tuple[UnitChange, ...]] = field(default_factory=list)

    def send(self, wave: Sequence[UnitChange]) -> dict[str, str]:
        """Send a wave, several at a time; return name of each that fleet did not take to why."""
        # Before it is sent: what breaks off may have arrived, and what is restarted is stopped first.
        self.sent.append(tuple(wave))
        again = [one for one in wave if one.action is UnitAction.RESTART]
        troubles = self._stop(again) if again else {}
        going = [one for one in wave if one.name not in troubles]
        results = call_each([one.name for one in going], self._sender(going), catch=FleetError, at_once=_AT_ONCE)
        return troubles | {name: str(error) for name, error in results.failed.items()}

    def wait(self, wave: Sequence[UnitChange]) -> dict[str, str]:
        """Wait until each unit of a wave is what was asked for, and stays it; return who is not, and how it stands."""
        if not wave:
            return {}
        gated = GatedWave(wave=wave, gate=self.gate, probes=self.probes)

        def look() -> bool | NotYet[bool]:
            reading = self._read_or_bear()
            why = gated.doubt(reading) if isinstance(reading, FleetError) else gated.look(reading)
            return NotYet(why) if why else True

        try:
            wait_until(look, what="units to be there", patience=self.gate.patience, on_wait=self.told.note)
        except WaitTimeoutError:
            # Each is told below, for one that is late says nothing of the others.
            self.told.note(f"not all units are there within {self.gate.patience.deadline_s:g} s")
        return gated.amiss

    def put_back(self) -> dict[str, str]:
        """Send what was there before, the last wave first, each once that before is there; return who is not back."""
        troubles: dict[str, str] = {}
        for wave in reversed(self.sent):
            undone = [one.undone for one in wave]
            results = call_each([one.name for one in undone], self._sender(undone), catch=FleetError, at_once=_AT_ONCE)
            troubles |= {name: str(error) for name, error in results.failed.items()}
            troubles |= self.wait([one for one in undone if one.name not in troubles])
        self.sent.clear()
        return troubles

    def _read_or_bear(self) -> UnitReading | FleetError:
        """Read units and machines; return what passes by itself, such as fleet's etcd choosing a leader."""
        try:
            return self.read()
        except FleetError as error:
            if not error.transient:
                raise
            return error

    def _sender(self, changes: Sequence[UnitChange]) -> Callable[[str], None]:
        by_name: Mapping[str, UnitChange] = {one.name: one for one in changes}

        def send(name: str) -> None:
            change = by_name[name]
            if change.desired is None:
                self.client.destroy_unit(name)
            elif change.action in (UnitAction.CREATE, UnitAction.REPLACE):
                self.client.put_unit(name, change.text, change.desired)
            else:
                self.client.set_desired_state(name, change.desired)

        return send

    def _stop(self, changes: Sequence[UnitChange]) -> dict[str, str]:
        """Stop units that are over, and wait until fleet has seen it: else it would not notice that they start anew."""
        stopped = [_stopped(one) for one in changes]
        results = call_each([one.name for one in stopped], self._sender(stopped), catch=FleetError, at_once=_AT_ONCE)
        troubles = {name: str(error) for name, error in results.failed.items()}
        left = [one for one in stopped if one.name not in troubles]
        late = [one.name for one in left]

        def look() -> bool | NotYet[bool]:
            reading = self._read_or_bear()
            if isinstance(reading, FleetError):
                return NotYet(reading.without_hint)
            late[:] = [one.name for one in left if not _is_stopped(one, reading)]
            return NotYet(f"{', '.join(late)}: not stopped yet") if late else True

        try:
            wait_until(look, what="units to stop", patience=self.gate.patience, on_wait=self.told.note)
        except WaitTimeoutError as error:
            return troubles | dict.fromkeys(late, str(error))
        return troubles


def _stopped(change: UnitChange) -> UnitChange:
    """Return what stops a unit so that it can be seen: it keeps its machine, unless it is global and has many."""
    is_global = PlacementOptions.of(change.text, name=change.name).is_global
    return replace(
        change,
        action=UnitAction.UNLOAD if is_global else UnitAction.STOP,
        desired=DesiredState.INACTIVE if is_global else DesiredState.LOADED,
    )


def _is_stopped(change: UnitChange, reading: UnitReading) -> bool:
    unit = reading.find_unit(change.name)
    if change.desired is DesiredState.LOADED:
        # systemd goes on calling failed what has failed; that it was stopped only fleet's own word tells.
        return unit is not None and unit.current_state == DesiredState.LOADED
    living = {one.id for one in reading.machines}
    return not any(one.name == change.name and one.machine_id in living for one in reading.states)
