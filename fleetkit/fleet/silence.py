"""Machines of which fleet has not heard when it should have, and what that makes of what they said last.

fleet believes a machine for as long as its key lives, half a minute by default, and tells its units as running until
then. The key says more: how long it still lives says when it was written, which a machine does twice in its lifetime.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from fleetkit.fleet.status import RUNNING_STATES, UnitStatus, UnitVerdict
from fleetkit.fleet.values import Machine

__all__ = ["doubt_silent", "find_silent"]

_GRACE_SHARE = 0.1
"""Of a key's lifetime, how much later than half of it a machine may write it anew."""
_GRACE_S = 1.0
"""etcd tells lifetimes in whole seconds."""


def find_silent(left_s: Mapping[str, float], *, ttl_s: float) -> dict[str, float]:
    """Return the machines that are overdue, and for how many seconds nothing was heard of each.

    Parameters
    ----------
    left_s
        A machine's id to the seconds that its key still lives.
    ttl_s
        Seconds that a key lives when it is written.
    """
    heard = {machine: ttl_s - left for machine, left in left_s.items()}
    return {machine: age for machine, age in heard.items() if age > ttl_s * (0.5 + _GRACE_SHARE) + _GRACE_S}


def doubt_silent(
    statuses: Iterable[UnitStatus], silent: Mapping[str, float], machines: Sequence[Machine]
) -> tuple[UnitStatus, ...]:
    """Call stale what runs by the word of a machine that is silent, and leave all others as they were judged.

    Parameters
    ----------
    silent
        As `find_silent` returns it.
    """
    names = {one.id: one.primary_ip or one.id[:8] for one in machines}

    def doubt(status: UnitStatus) -> UnitStatus:
        said = [one.machine_id for one in status.states if one.active in RUNNING_STATES and one.machine_id in silent]
        if not said or not status.verdict.is_milder_than(UnitVerdict.STALE):
            return status
        told = ", ".join(f"{names.get(one, one[:8])}, last heard of {silent[one]:.0f} s ago" for one in said)
        return replace(status, verdict=UnitVerdict.STALE, reason=f"it runs by the word of {told}")

    return tuple(map(doubt, statuses))
