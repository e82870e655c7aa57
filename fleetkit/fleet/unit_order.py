"""In which order units that belong together are started: what a unit waits for comes before it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from fleetkit.fleet.placement_options import PlacementOptions
from fleetkit.fleet.specifiers import SYSTEMD_SPECIFIERS, expand_specifiers
from fleetkit.fleet.unit_text import UnitText

__all__ = ["UnitOrder", "order_units"]

_NEEDING = ("Requires", "Requisite", "BindsTo", "PartOf", "Wants", "Upholds")
_TRIGGERS = {"timer": ("Timer", "Unit"), "path": ("Path", "Unit")}
"""Types of units that start another one, each with the option that names it where it has not the same name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitOrder:
    """Units in waves.

    Attributes
    ----------
    waves
        Names, sorted: each wave waits only for those before it.
    waits
        Name of each to those it waits for.
    circle
        Those that wait for each other; they are the last wave, together.
    """

    waves: tuple[tuple[str, ...], ...]
    waits: Mapping[str, frozenset[str]]
    circle: tuple[str, ...] = ()


def order_units(units: Mapping[str, UnitText]) -> UnitOrder:
    """Put units into waves by their ``[Unit]`` section and by ``MachineOf``; what is not among them counts for nothing.

    systemd orders what is on one machine; a unit that needs another on some other machine has only this.
    Both kinds of systemd's dependencies count, those that order and those that require: a unit that requires another
    is of no use before it. What is said of the order weighs more than what only follows from a need: a service that
    wants its sidekick comes first where the sidekick is to come after it, as systemd has it too.
    A timer or a path comes after what it starts: systemd refuses to start it while it knows no such unit, and by itself
    orders the two the other way round, so that no file can say it.
    """
    waits: dict[str, set[str]] = {name: set() for name in units}
    said = {pair for name, unit in units.items() for pair in _list_said(name, unit)}
    needed = {pair for name, unit in units.items() for pair in _list_needed(name, unit)}
    for before, after in said | {pair for pair in needed if pair[::-1] not in said}:
        if before != after and before in waits and after in waits:
            waits[after].add(before)
    known = {name: frozenset(others) for name, others in waits.items()}
    waves: list[tuple[str, ...]] = []
    while waits:
        ready = tuple(sorted(name for name, others in waits.items() if not others & waits.keys()))
        if not ready:
            rest = tuple(sorted(waits))
            return UnitOrder(waves=(*waves, rest), waits=known, circle=_find_circle(waits))
        waves.append(ready)
        for name in ready:
            del waits[name]
    return UnitOrder(waves=tuple(waves), waits=known)


def _list_said(name: str, unit: UnitText) -> Iterator[tuple[str, str]]:
    """Tell which of two units comes before the other, as a unit says or its type has it."""
    yield from ((other, name) for other in _list_named(name, unit, ("After",)))
    yield from ((name, other) for other in _list_named(name, unit, ("Before",)))
    yield from ((other, name) for other in PlacementOptions.of(unit, name=name).machine_of)
    yield from ((other, name) for other in _list_triggered(name, unit))


def _list_needed(name: str, unit: UnitText) -> Iterator[tuple[str, str]]:
    """Tell which of two units comes before the other where nothing is said, since the other needs it."""
    yield from ((other, name) for other in _list_named(name, unit, _NEEDING))


def _list_named(name: str, unit: UnitText, options: Collection[str]) -> Iterator[str]:
    for one in unit.options:
        if one.section == "Unit" and one.name in options:
            yield from expand_specifiers(one.value, name, known=SYSTEMD_SPECIFIERS).split()


def _list_triggered(name: str, unit: UnitText) -> tuple[str, ...]:
    stem, _, kind = name.rpartition(".")
    if kind not in _TRIGGERS:
        return ()
    section, option = _TRIGGERS[kind]
    named = [one.value for one in unit.options if (one.section, one.name) == (section, option)]
    return tuple(expand_specifiers(one, name, known=SYSTEMD_SPECIFIERS) for one in named) or (f"{stem}.service",)


def _find_circle(waits: Mapping[str, set[str]]) -> tuple[str, ...]:
    """Return the units that wait for each other, without those that only wait for them."""
    left = {name: others & waits.keys() for name, others in waits.items()}
    while idle := [name for name in left if not any(name in others for others in left.values())]:
        for name in idle:
            del left[name]
    return tuple(sorted(left))
