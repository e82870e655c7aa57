"""What is wrong with a unit file, found before anything is sent: by fleet's own rules, and by what systemd would do.

fleet refuses some of it, stores some of it and then stumbles over it, and takes the rest without a word.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from fleetkit.fleet.placement_options import DEPRECATED, PLACEMENT_SECTION, PlacementOptions, matches, split_pairs
from fleetkit.fleet.service_options import LISTENING_TYPES, SERVICE_SECTION, find_service_flaws
from fleetkit.fleet.unit_text import UnitOption, UnitText

__all__ = ["UNIT_TYPES", "UnitFinding", "check_unit", "check_unit_name", "is_template"]

UNIT_TYPES = (
    *("automount", "busname", "device", "mount", "path", "scope", "service"),
    *("slice", "snapshot", "socket", "swap", "target", "timer"),
)
_TEMPLATE_TYPES = ("path", "service", "socket", "target", "timer")
_NAME_CHARACTERS = frozenset("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ:-_.\\@")
_LONGEST_NAME = 256

_OPTIONS = ("Conflicts", "Global", "MachineID", "MachineMetadata", "MachineOf", "Replaces")
_GENERAL_SECTIONS = frozenset({"Unit", "Install"})
_FORBIDDEN = (
    ("MachineID", "MachineOf"),
    ("MachineID", "Conflicts"),
    ("MachineID", "Global"),
    ("MachineID", "Replaces"),
    ("Global", "MachineOf"),
    ("Global", "Replaces"),
    ("Conflicts", "Replaces"),
)
"""Pairs that fleet v1.0.0 refuses in one unit."""

_QUOTED = ("Exec", "Environment")
"""What systemd splits by quotes, by the beginning of its name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitFinding:
    """One thing that is wrong with a unit file.

    Attributes
    ----------
    unit
        The unit's name.
    line
        Where, counted from 1; 0 where it is the name or the whole.
    seen, legal
        What is there, and what may be.
    is_fatal
        Whether it keeps the unit from being sent.
    """

    unit: str
    line: int
    seen: str
    legal: str
    is_fatal: bool = True

    def __str__(self) -> str:
        where = f"{self.unit}:{self.line}" if self.line else self.unit
        return f"{where}: {self.seen}; legal: {self.legal}"


def is_template(name: str) -> bool:
    """Whether a unit is a template: it is run only as its instances."""
    return "@." in name


def check_unit_name(name: str) -> tuple[UnitFinding, ...]:
    """Return what fleet would refuse of a unit's name; as it does, the first thing alone."""
    stem, dot, kind = name.rpartition(".")
    bad = [one for one in stem if one not in _NAME_CHARACTERS]
    rules: tuple[tuple[bool, str, str], ...] = (
        (not name, "it has no name", "web.service"),
        (len(name) > _LONGEST_NAME, f"its name has {len(name)} characters", f"{_LONGEST_NAME} at most"),
        (not dot, "its name has no type", "a type at its end, such as web.service"),
        (bool(dot) and not kind, "its name ends with a dot", "a type at its end, such as web.service"),
        (bool(kind) and kind not in UNIT_TYPES, f"{kind!r} is no type of unit", ", ".join(UNIT_TYPES)),
        (bool(bad), f"{''.join(bad[:1])!r} is in its name", "letters, digits and : - _ . \\ @"),
        (name.startswith("@"), "its name begins with @", "web@.service for a template"),
        (
            "@" in stem and kind not in _TEMPLATE_TYPES,
            f"a {kind} can be no template and no instance",
            ", ".join(_TEMPLATE_TYPES),
        ),
    )
    found = ((seen, legal) for holds, seen, legal in rules if holds)
    return tuple(UnitFinding(unit=name, line=0, seen=seen, legal=legal) for seen, legal in found)[:1]


def check_unit(name: str, unit: UnitText) -> tuple[UnitFinding, ...]:
    """Return what is wrong with a unit file by itself, in the order of its lines."""
    found = [*check_unit_name(name)]
    found += [
        UnitFinding(unit=name, line=one.line, seen=one.seen, legal=one.legal, is_fatal=one.is_fatal)
        for one in unit.flaws
    ]
    if not unit.options and not unit.flaws:
        found.append(UnitFinding(unit=name, line=0, seen="it has no options", legal="[Service] with ExecStart=, say"))
    checks: tuple[Callable[[str, UnitText], Iterator[UnitFinding]], ...] = (
        _check_sections,
        _check_placement,
        _check_pairs,
        _check_peers,
        _check_quotes,
        _check_service,
    )
    for check in checks:
        found += check(name, unit)
    return tuple(sorted(found, key=lambda one: one.line))


def _check_sections(name: str, unit: UnitText) -> Iterator[UnitFinding]:
    kind = name.rpartition(".")[2]
    if kind not in UNIT_TYPES:
        return
    own = kind.capitalize()
    known = {*_GENERAL_SECTIONS, own}
    told = set()
    for one in unit.options:
        if one.section in known or one.section.startswith("X-") or one.section in told:
            continue
        told.add(one.section)
        legal = f"[Unit], [{own}], [Install], and sections of others that begin with X-"
        yield _finding(name, one, f"[{one.section}] means nothing in it", legal, fatal=False)
    install = next((one for one in unit.options if one.section == "Install"), None)
    if install is not None:
        legal = "none: fleet says where it runs, and cannot follow the state of one that is enabled"
        yield _finding(name, install, "it has an [Install]", legal, fatal=False)


def _check_placement(name: str, unit: UnitText) -> Iterator[UnitFinding]:
    for one in unit.options:
        if one.section != PLACEMENT_SECTION:
            continue
        if one.name in DEPRECATED:
            yield _finding(name, one, f"{one.name} is an old name", DEPRECATED[one.name], fatal=False)
        elif one.name not in _OPTIONS:
            yield _finding(
                name, one, f"fleet takes {one.name!r} and does not know it", ", ".join(_OPTIONS), fatal=False
            )
        kind = DEPRECATED.get(one.name, one.name)
        if kind in _OPTIONS and not one.value:
            yield _finding(name, one, f"{one.name} has no value", f"a value, or no {one.name}")
        elif kind == "MachineMetadata" and not split_pairs(one.value):
            yield _finding(name, one, f"{one.value!r} is no pair", 'role=public, or "role=public" "zone=a"')
        elif kind in ("MachineOf", "Replaces") and " " in one.value:
            yield _finding(name, one, f"{one.name} names more than one unit", f"one each; {one.name} may be repeated")


def _check_pairs(name: str, unit: UnitText) -> Iterator[UnitFinding]:
    options = PlacementOptions.of(unit, name=name)
    given = {
        "MachineID": bool(options.machine_id),
        "MachineOf": bool(options.machine_of),
        "Conflicts": bool(options.conflicts),
        "Replaces": bool(options.replaces),
        "Global": options.is_global,
    }
    for first, second in _FORBIDDEN:
        if given[first] and given[second]:
            yield _finding(name, _last(unit, second), f"{second} cannot go with {first}", "one of the two")


def _check_peers(name: str, unit: UnitText) -> Iterator[UnitFinding]:
    options = PlacementOptions.of(unit, name=name)
    for what, globs in (("Conflicts", options.conflicts), ("Replaces", options.replaces)):
        for glob in globs:
            peer = next((one for one in options.machine_of if matches(glob, one)), None)
            if peer is not None:
                seen = f"{what}={glob} bars {peer}, on whose machine it has to run (MachineOf)"
                yield _finding(name, _last(unit, what), seen, "names that the other does not match")
    if name in options.machine_of:
        yield _finding(name, _last(unit, "MachineOf"), "it has to run where it runs itself", "another unit's name")


def _check_quotes(name: str, unit: UnitText) -> Iterator[UnitFinding]:
    for one in unit.options:
        split = one.name.startswith(_QUOTED) and one.name != "EnvironmentFile"
        # A value that goes on is one line to systemd.
        if split and _has_open_quote(one.value.replace("\\\n", " ")):
            yield _finding(name, one, f"a quote of {one.name} is not closed", "each quote with its other")


def _check_service(name: str, unit: UnitText) -> Iterator[UnitFinding]:
    for flaw in find_service_flaws(unit):
        yield _finding(name, flaw.option, flaw.seen, flaw.legal, fatal=flaw.is_fatal)
    first = next((one for one in unit.options if one.section == SERVICE_SECTION), None)
    kind = name.rpartition(".")[2]
    if first is not None and kind in UNIT_TYPES and kind not in LISTENING_TYPES:
        legal = f"[{SERVICE_SECTION}] in a {' or a '.join(LISTENING_TYPES)}"
        yield _finding(name, first, f"a {kind} listens nowhere", legal, fatal=False)


def _has_open_quote(value: str) -> bool:
    """Whether a quote is open at the end: it opens at a word's beginning alone (systemd.service(5))."""
    quote, at_beginning, escaped = "", True, False
    for one in value:
        if escaped:
            escaped = False
        elif one == "\\":
            escaped = True
        elif quote:
            quote = "" if one == quote else quote
        elif at_beginning and one in "\"'":
            quote = one
        at_beginning = not quote and one.isspace()
    return bool(quote)


def _last(unit: UnitText, name: str) -> UnitOption:
    """Return the last option of [X-Fleet] that has a name, be it the old one."""
    return [
        one for one in unit.options if one.section == PLACEMENT_SECTION and DEPRECATED.get(one.name, one.name) == name
    ][-1]


def _finding(name: str, option: UnitOption, seen: str, legal: str, *, fatal: bool = True) -> UnitFinding:
    return UnitFinding(unit=name, line=option.line, seen=seen, legal=legal, is_fatal=fatal)
