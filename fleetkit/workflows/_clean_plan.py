"""The plan of taking away what fleet has left behind in etcd: each key, and what is left for a person to judge."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from html import escape
from typing import Any

from fleetkit.core import NotFoundError
from fleetkit.etcd import KeyStore, StoredKey
from fleetkit.fleet import FLEET_KEY, FleetKey, Remnants, find_remnants
from fleetkit.views import table_html
from fleetkit.workflows._basis import Operation
from fleetkit.workflows._change_plan import ChangePlan
from fleetkit.workflows._shown import list_under

__all__ = ["CleanPlan", "RemnantsReading", "read_remnants"]

_MOST_NAMED = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class RemnantsReading:
    """All of fleet's keys as they were at one moment, and what of them is garbage.

    Attributes
    ----------
    keys
        By name.
    remnants
        What was found among them.
    """

    keys: Mapping[str, StoredKey]
    remnants: Remnants

    @property
    def garbage(self) -> dict[str, StoredKey]:
        """What is of no use any more, by name."""
        return {name: self.keys[name] for name in sorted(self.remnants.garbage)}


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class CleanPlan(ChangePlan):
    """What would be taken away of fleet's keys.

    Attributes
    ----------
    found
        What was read, and what of it is garbage.
    looked_at
        When, by this computer's monotonic clock.
    age_s
        Seconds for which each has to have been as it is until it is taken away.
    """

    found: RemnantsReading
    looked_at: float = field(compare=False)
    age_s: float

    @property
    def operation(self) -> Operation:
        """What it is for."""
        return Operation.CLEAN_UNITS

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to take away."""
        return not self.found.garbage

    @property
    def facts(self) -> Mapping[str, Any]:
        """Which keys, each with the index at which it was seen."""
        return {"clean": [[name, one.revision] for name, one in self.found.garbage.items()]}

    @property
    def impossible(self) -> str:
        """What cannot be done; nothing of this is ever refused by itself."""
        return f"what fleet of {self.cluster} left behind cannot be taken away"

    @property
    def aim(self) -> str:
        """What it does, in one sentence."""
        many = len(self.found.garbage)
        if not many:
            return f"Nothing to do: fleet of {self.cluster} left nothing behind in etcd that nobody uses for certain."
        keys = "1 key" if many == 1 else f"{many} keys"
        return f"This takes {keys} from etcd of {self.cluster} that fleet left behind and nobody uses."

    @property
    def course(self) -> tuple[str, ...]:
        """What goes and why, on which condition, and what is left alone."""
        parts = []
        told = self.found.remnants
        if told.garbage:
            lines = [f"{_shorten(name)}: {told.garbage[name]}" for name in self.found.garbage]
            more = [f"… and {len(lines) - _MOST_NAMED} more"] if len(lines) > _MOST_NAMED else []
            parts.append(list_under("to be taken away:", [*lines[:_MOST_NAMED], *more]))
            parts.append(
                f"each goes only if it is of no use still {self.age_s:g} s after this was read, and has not changed; "
                "a unit file that a unit takes up in that moment is put back"
            )
        if told.doubtful:
            parts.append(
                list_under("in doubt, and left:", [f"{_shorten(name)}: {why}" for name, why in told.doubtful.items()])
            )
        if told.expiring:
            parts.append(f"left to expire, unless a machine says them again: {told.expiring} keys of what is gone")
        return tuple(parts)

    def draw(self) -> str:
        """Return a table of what goes."""
        rows = [(escape(_shorten(name)), escape(self.found.remnants.garbage[name])) for name in self.found.garbage]
        return table_html(("key", "why"), rows, label=f"what fleet of {self.cluster} left behind")


def read_remnants(keys: KeyStore) -> RemnantsReading:
    """Read all of fleet's keys at one moment, and look what of them is garbage.

    Raises
    ------
    NotFoundError
        When fleet keeps nothing there.
    EtcdError
        When they cannot be read.
    """
    held: dict[str, StoredKey] = {}
    try:
        # In the v2 store a walk is one reading: etcd answers with the whole tree as it is at one index.
        for listing in keys.walk(FLEET_KEY.encode(), values=True):
            held |= {one.key.decode(): one for one in listing.keys}
    except NotFoundError as error:
        raise NotFoundError(
            "fleet keeps nothing in this etcd",
            seen=f"the v2 store has no key {FLEET_KEY}",
            hint="name the etcd of the cluster: fleetkit kv ls --store v2 shows what it holds",
        ) from error
    read = [
        FleetKey(key=name, value=None if one.is_dir else (one.content or b"").decode(), expires=one.ttl_s is not None)
        for name, one in held.items()
    ]
    return RemnantsReading(keys=held, remnants=find_remnants(read))


def _shorten(name: str) -> str:
    return name.removeprefix(f"{FLEET_KEY}/")
