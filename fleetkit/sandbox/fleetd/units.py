"""Units as this fleetd has them, apart from the client's: their text and hash, and what they ask of a machine."""

from __future__ import annotations

import enum
import fnmatch
import functools
import hashlib
import re
import shlex
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

__all__ = ["LINE_BYTES", "Option", "Unit", "Wanted", "Wish", "matches", "read_wish", "serialize"]

LINE_BYTES = 2048
"""A line has to be shorter."""

_SECTION = "X-Fleet"
_TRUE = ("true", "yes", "1", "on", "t")
_OLD_NAMES = {
    "X-ConditionMachineBootID": "MachineID",
    "X-ConditionMachineID": "MachineID",
    "X-ConditionMachineMetadata": "MachineMetadata",
    "X-ConditionMachineOf": "MachineOf",
    "X-Conflicts": "Conflicts",
}


class Wanted(enum.StrEnum):
    """What can be wanted of a unit, and what fleet has made of it."""

    INACTIVE = "inactive"
    LOADED = "loaded"
    LAUNCHED = "launched"


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One option of a unit."""

    section: str
    name: str
    value: str


@dataclass(frozen=True, kw_only=True)
class Unit:
    """What a unit is made of, as it was written down."""

    raw: str

    @functools.cached_property
    def options(self) -> tuple[Option, ...]:
        """Its options, read again from what was written down."""
        return tuple(_read(self.raw))

    @functools.cached_property
    def unit_hash(self) -> str:
        """By which fleet tells one unit of a name from another."""
        return hashlib.sha1(serialize(self.options).encode(), usedforsecurity=False).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What a unit asks of the machine that is to run it.

    Attributes
    ----------
    machine_id
        That one machine, by its id; empty for any.
    peers
        Units that have to be there too.
    metadata
        Of each key the values of which the machine has to have one.
    conflicts, replaces
        Globs of units that may not be there, and of those whose place it takes.
    is_global
        Whether every machine that fits is to run it.
    """

    machine_id: str
    peers: tuple[str, ...]
    metadata: Mapping[str, tuple[str, ...]]
    conflicts: tuple[str, ...]
    replaces: tuple[str, ...]
    is_global: bool

    @classmethod
    def of(cls, options: Iterable[Option], *, name: str = "") -> Wish:
        """Read it, with parts of the unit's name put in where it asks for them; without one it is read as it stands."""
        given: dict[str, list[str]] = {}
        for one in options:
            if one.section == _SECTION:
                value = _expand(one.value, name) if name else one.value
                given.setdefault(_OLD_NAMES.get(one.name, one.name), []).append(value)
        metadata: dict[str, tuple[str, ...]] = {}
        for value in given.get("MachineMetadata", ()):
            for pair in _split_pairs(value):
                key, _, wanted = pair.partition("=")
                metadata[key] = (*metadata.get(key, ()), wanted)
        return cls(
            machine_id=given.get("MachineID", [""])[0],
            peers=tuple(given.get("MachineOf", ())),
            metadata=metadata,
            conflicts=tuple(glob for value in given.get("Conflicts", ()) for glob in value.split()),
            replaces=tuple(given.get("Replaces", ())),
            is_global=given.get("Global", [""])[-1].lower() in _TRUE,
        )

    def is_met(self, metadata: Mapping[str, str]) -> bool:
        """Say whether a machine's metadata are what is asked for."""
        return all(metadata.get(key) in values for key, values in self.metadata.items())


@functools.lru_cache(maxsize=4096)
def read_wish(unit: Unit, name: str) -> Wish:
    """Return what a unit of this name asks of its machine."""
    return Wish.of(unit.options, name=name)


def _expand(value: str, name: str) -> str:
    stem = name.rpartition(".")[0]
    prefix, _, instance = stem.partition("@")
    meant = {"%n": name, "%N": stem, "%p": prefix, "%i": instance}
    return re.sub("%[nNpi]", lambda found: meant[found[0]], value)


def _split_pairs(value: str) -> list[str]:
    try:
        return shlex.split(value) if '"' in value else [value]
    except ValueError:
        return []


def matches(glob: str, name: str) -> bool:
    """Match a name as Go's path.Match does."""
    return fnmatch.fnmatchcase(name, glob.replace("[^", "[!"))


def serialize(options: Iterable[Option]) -> str:
    """Write options down: each section once, where it comes up first."""
    sections: dict[str, str] = {}
    for one in options:
        sections[one.section] = sections.get(one.section, "") + f"{one.name}={one.value}\n"
    return "\n".join(f"[{section}]\n{lines}" for section, lines in sections.items())


def _read(raw: str) -> Iterator[Option]:
    section = ""
    lines = iter(raw.split("\n"))
    for line in lines:
        if line.startswith("["):
            section = line[1:].partition("]")[0]
        elif line.strip() and not line.startswith(("#", ";")):
            name, _, value = line.partition("=")
            while value.endswith("\\"):
                value += "\n" + next(lines, "")
            yield Option(section=section, name=name.strip(), value=value.strip())
