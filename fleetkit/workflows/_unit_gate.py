"""The gate before the units that come next: what was asked for has come about, stays so, and serves."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from fleetkit.core import FleetError, Patience
from fleetkit.fleet import DesiredState, UnitVerdict
from fleetkit.workflows._unit_changes import UnitChange
from fleetkit.workflows._unit_probes import UnitProbes
from fleetkit.workflows._unit_reading import UnitReading

__all__ = ["GatedWave", "UnitGate", "judge_change"]

_AIMS = {
    DesiredState.INACTIVE: (UnitVerdict.INACTIVE,),
    # systemd goes on calling failed what has failed: it runs no more, and that is what was asked for.
    DesiredState.LOADED: (UnitVerdict.LOADED, UnitVerdict.FAILED),
    DesiredState.LAUNCHED: (UnitVerdict.RUNNING, UnitVerdict.ENDED),
}
_LOST = (UnitVerdict.FAILED, UnitVerdict.POISONED)


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitGate:
    """When a unit counts as being there.

    Attributes
    ----------
    patience
        How long units may take, and how often they are looked at.
    steady_s
        Seconds for which a unit has to be seen running, or failed, until that counts: one that falls over and is
        started again by systemd runs for a moment each time.
    """

    patience: Patience = field(default_factory=lambda: Patience(deadline_s=120.0, interval_s=1.0))
    steady_s: float = 5.0


def judge_change(change: UnitChange, reading: UnitReading) -> tuple[bool | None, str]:
    """Say whether what was asked for has come about.

    Returns
    -------
    tuple
        True when it has, False when it has come to nothing, None while it may still come; and how it stands.
    """
    status = reading.find_status(change.name)
    if change.desired is None:
        living = status is not None and status.verdict is not UnitVerdict.STALE
        return (None, f"{status.verdict}: {status.reason}") if status is not None and living else (True, "gone")
    if status is None:
        return None, "fleet does not tell of it yet"
    unit = reading.find_unit(change.name)
    if unit is not None and unit.text.unit_hash != change.text.unit_hash:
        # It was put back, or somebody else was there: that it runs is no answer to what was asked for.
        return None, f"another of that name in fleet, {status.verdict}"
    told = f"{status.verdict}: {status.reason}" if status.reason else str(status.verdict)
    if change.stays and status.verdict is UnitVerdict.ENDED:
        return False, f"{told}, and was to stay"
    if status.verdict in _AIMS[change.desired]:
        return True, told
    return (False if status.verdict in _LOST else None), told


@dataclass(slots=True, kw_only=True)
class GatedWave:
    """Units that were sent together, looked at again and again until the gate lets all of them through.

    Attributes
    ----------
    wave
        What was done to them.
    gate
        When one counts as being there.
    probes
        Asks those that run whether they serve; None where that they run is enough.
    """

    wave: Sequence[UnitChange]
    gate: UnitGate
    probes: UnitProbes | None = None
    _stands: dict[str, tuple[bool | None, str]] = field(default_factory=dict)
    _since: dict[str, tuple[bool, float]] = field(default_factory=dict)
    _served: set[str] = field(default_factory=set)
    _open: list[str] = field(default_factory=list)

    @property
    def amiss(self) -> dict[str, str]:
        """Name of each that is not what was asked for, to how it stands; of those that are late too."""
        late = {name: f"{self._stands[name][1]}, for less than {self.gate.steady_s:g} s" for name in self._open}
        return {
            name: how if verdict is not True else late[name]
            for name, (verdict, how) in self._stands.items()
            if verdict is not True or name in late
        }

    def doubt(self, error: FleetError) -> str:
        """Note that fleet could not be asked, and return why: who is there meanwhile has to prove it anew."""
        self._since.clear()
        self._served.clear()
        self._stands = {one.name: (None, f"fleet cannot be asked: {error.without_hint}") for one in self.wave}
        return error.without_hint

    def look(self, reading: UnitReading) -> str:
        """Look at all of them, and return whom the gate holds back, and why; empty where nobody is."""
        now = time.monotonic()
        for one in self.wave:
            self._stands[one.name] = judge_change(one, reading)
            verdict = self._stands[one.name][0]
            if verdict is None:
                self._since.pop(one.name, None)
            elif self._since.get(one.name, (None, 0.0))[0] is not verdict:
                self._since[one.name] = (verdict, now)
        due = {one.name: one for one in self.wave if self._is_settled(one, now)}
        silent = self._ask([one for one in due.values() if self._stands[one.name][0]], reading)
        self._open = [one.name for one in self.wave if one.name not in due or one.name in silent]
        if not self._open:
            return ""
        name = self._open[0]
        more = f", and {len(self._open) - 1} more" if len(self._open) > 1 else ""
        return f"{name}: {self._stands[name][1]}{more}"

    def _ask(self, running: Sequence[UnitChange], reading: UnitReading) -> dict[str, str]:
        """Ask those that have run for a while and not answered since: one that falls over may do so now and then."""
        asked = [one for one in running if one.name not in self._served]
        silent = {} if self.probes is None else self.probes.find_silent(asked, reading)
        for name, how in silent.items():
            self._stands[name] = (None, f"{self._stands[name][1]}, and {how}")
        self._served = {one.name for one in running} - silent.keys()
        return silent

    def _is_settled(self, change: UnitChange, now: float) -> bool:
        if change.name not in self._since:
            return False
        verdict, moment = self._since[change.name]
        at_once = verdict and change.desired is not DesiredState.LAUNCHED
        return at_once or now - moment >= self.gate.steady_s
