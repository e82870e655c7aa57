"""What pulls in what, and what comes before what."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from fleetkit.sandbox.machine.systemd.store import UnitStore
from fleetkit.sandbox.machine.systemd.unit import Unit

__all__ = ["break_cycles", "comes_after", "find_predecessors", "implied", "required_by", "wanted_by"]

_BASE = "basic.target"
_EARLY = "sysinit.target"


def required_by(unit: Unit, store: UnitStore) -> list[str]:
    """Return the units without which this one cannot start."""
    return list(dict.fromkeys([*unit.names("Requires"), *unit.names("BindsTo"), *store.linked(unit.name, "requires")]))


def wanted_by(unit: Unit, store: UnitStore) -> list[str]:
    """Return the units that start with this one where they can."""
    return list(dict.fromkeys([*unit.names("Wants"), *store.linked(unit.name, "wants")]))


def implied(unit: Unit) -> tuple[str, ...]:
    """Return the units that ordinary ones of this kind pull in without saying so."""
    if not unit.default_dependencies or unit.kind == "target":
        return ()
    return (_EARLY,)


def comes_after(unit: Unit, other: Unit) -> bool:
    """Say whether ``unit`` has to wait for ``other`` when both start."""
    if other.name in unit.names("After") or unit.name in other.names("Before"):
        return True
    if unit.name in other.names("After") or other.name in unit.names("Before"):
        return False
    if unit.kind == "target":
        # A target is reached when what it pulls in is there.
        return other.default_dependencies and other.name in _pulled_by_name(unit, other)
    if not unit.default_dependencies:
        return False
    if other.name == _EARLY:
        return True
    if unit.kind == "service":
        return other.name == _BASE or (other.kind == "socket" and _serves(other) == unit.name)
    return False


def find_predecessors(unit: Unit, running: Iterable[str], load: Callable[[str], Unit]) -> list[str]:
    """Return those of the running jobs' units that have to be done before ``unit``."""
    return [name for name in running if name != unit.name and comes_after(unit, load(name))]


def break_cycles(names: Sequence[str], *, units: Mapping[str, Unit], anchor: str) -> tuple[set[str], list[str]]:
    """Return the jobs to leave out so that no unit waits for itself, and what is to be said about it.

    As systemd does, one job of each cycle is left out, never the one that was asked for.
    """
    dropped: set[str] = set()
    said: list[str] = []
    while cycle := _find_cycle([name for name in names if name not in dropped], units):
        victim = next((name for name in cycle if name != anchor and units[name].kind != "target"), cycle[0])
        dropped.add(victim)
        said.append(f"Found ordering cycle on {' -> '.join(cycle)}.")
        said.append(f"Job {victim}/start deleted to break ordering cycle.")
    return dropped, said


def _find_cycle(names: Sequence[str], units: Mapping[str, Unit]) -> list[str]:
    before = {
        name: [other for other in names if other != name and comes_after(units[name], units[other])] for name in names
    }
    done: set[str] = set()
    for start in names:
        path: list[str] = []
        stack = [(start, iter(before[start]))] if start not in done else []
        path = [start] if stack else []
        while stack:
            name, rest = stack[-1]
            following = next(rest, None)
            if following is None:
                done.add(name)
                stack.pop()
                path.pop()
            elif following in path:
                return path[path.index(following) :]
            elif following not in done:
                stack.append((following, iter(before[following])))
                path.append(following)
    return []


def _pulled_by_name(target: Unit, other: Unit) -> tuple[str, ...]:
    pulled = (*target.names("Requires"), *target.names("Wants"))
    installed = other.settings.words("Install", "WantedBy") + other.settings.words("Install", "RequiredBy")
    return (*pulled, other.name) if target.name in installed else pulled


def _serves(socket_unit: Unit) -> str:
    return socket_unit.settings.last("Socket", "Service", f"{socket_unit.name.rpartition('.')[0]}.service")
