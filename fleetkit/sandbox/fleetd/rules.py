"""What fleet refuses of a unit, in its own words, which were recorded; those of options are tried in its order."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from fleetkit.sandbox.fleetd.units import LINE_BYTES, Option, Wish, matches, serialize

__all__ = ["refuse_name", "refuse_options"]

_LONGEST_NAME = 256
_CHARACTERS = frozenset("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ:-_.\\@")
_OF_TEMPLATES = frozenset({"path", "service", "socket", "target", "timer"})
_TYPES = _OF_TEMPLATES | {"automount", "busname", "device", "mount", "scope", "slice", "snapshot", "swap"}


def refuse_name(name: str) -> str:
    """Return why a unit cannot be called so; empty where it can."""
    stem, dot, kind = name.rpartition(".")
    bad = next((one for one in stem if one not in _CHARACTERS), "")
    rules = (
        (not name, "unit name cannot be empty"),
        (len(name.encode()) > _LONGEST_NAME, f"unit name exceeds maximum length ({_LONGEST_NAME})"),
        (not dot, 'unit name must contain "."'),
        (not kind, 'unit name cannot end in "."'),
        (kind not in _TYPES, f'invalid unit type: "{kind}"'),
        (bool(bad), f"invalid character '{bad}' in unit name"),
        (name.startswith("@"), 'unit name cannot start in "@"'),
        ("@" in stem and kind not in _OF_TEMPLATES, f'invalid unit type for template: "{kind}"'),
    )
    return next((why for holds, why in rules if holds), "")


def refuse_options(options: Sequence[Option]) -> str:
    """Return why a unit cannot be made of these options; empty where it can."""
    lines = serialize(options).split("\n")
    if any(len(line.encode("utf-8", "surrogateescape")) >= LINE_BYTES for line in lines):
        return "line too long (max 2048 bytes)"
    if any(_is_cut_off(one.value) for one in options):
        return "unexpected newline encountered while parsing option name"
    wish = Wish.of(options)
    for what, globs in (("conflict", wish.conflicts), ("replace", wish.replaces)):
        for peer in wish.peers:
            met = next((glob for glob in globs if matches(glob, peer)), None)
            if met is not None:
                return f'unresolvable requirements: peer "{peer}" matches {what} "{met}"'
    given = {
        "MachineID": bool(wish.machine_id),
        "Global": wish.is_global,
        "Conflicts": bool(wish.conflicts),
        "Peers": bool(wish.peers),
        "Replaces": bool(wish.replaces),
    }
    pairs = (
        *(("MachineID", other) for other in ("Peers", "Conflicts", "Global", "Replaces")),
        *(("Global", other) for other in ("Peers", "Replaces")),
        ("Conflicts", "Replaces"),
    )
    return next((f"{one} cannot be used with {other}" for one, other in pairs if given[one] and given[other]), "")


def _is_cut_off(value: str) -> bool:
    """Say whether a value goes on in a line that nothing announces, and that is no option by itself."""
    lines = value.split("\n")
    return any(not before.endswith("\\") and "=" not in after for before, after in itertools.pairwise(lines))
