"""What a unit asks of the machine that it is to run on: the options of [X-Fleet], as fleet v1.0.0 reads them."""

from __future__ import annotations

import fnmatch
import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass

from fleetkit.fleet.specifiers import FLEET_SPECIFIERS, expand_specifiers
from fleetkit.fleet.unit_text import UnitText

__all__ = ["DEPRECATED", "PLACEMENT_SECTION", "PlacementOptions", "matches", "split_pairs"]

PLACEMENT_SECTION = "X-Fleet"

DEPRECATED = {
    "X-ConditionMachineID": "MachineID",
    "X-ConditionMachineBootID": "MachineID",
    "X-ConditionMachineOf": "MachineOf",
    "X-ConditionMachineMetadata": "MachineMetadata",
    "X-Conflicts": "Conflicts",
}
"""Names that fleet still reads, to those that it has for them now."""

_TRUE = frozenset({"true", "yes", "1", "on", "t"})
_PAIR = re.compile(r"[^=]+=.*")


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacementOptions:
    """What of a unit decides where it may run.

    Attributes
    ----------
    machine_id
        The one machine, by its id; empty where any will do.
    machine_of
        Units on whose machine it has to run.
    metadata
        Pairs that a machine has to have: of one key any of its values, of several keys each.
    conflicts
        Globs of names of units that may not be on its machine.
    replaces
        Units whose place it takes.
    is_global
        Whether it runs on every machine that fits.
    """

    machine_id: str = ""
    machine_of: tuple[str, ...] = ()
    metadata: tuple[tuple[str, str], ...] = ()
    conflicts: tuple[str, ...] = ()
    replaces: tuple[str, ...] = ()
    is_global: bool = False

    @classmethod
    def of(cls, unit: UnitText, *, name: str) -> PlacementOptions:
        """Read them out of a unit; what is none of them, or cannot be read, is left out here and told by a check.

        Parameters
        ----------
        name
            The unit's name, parts of which its values may ask for: ``Conflicts=%p@*.service``.
        """
        found: dict[str, list[str]] = {}
        for one in unit.options:
            if one.section == PLACEMENT_SECTION:
                value = expand_specifiers(one.value, name, known=FLEET_SPECIFIERS)
                found.setdefault(DEPRECATED.get(one.name, one.name), []).append(value)
        globs = [word for value in found.get("Conflicts", ()) for word in value.split()]
        pairs = [pair for value in found.get("MachineMetadata", ()) for pair in split_pairs(value)]
        return cls(
            machine_id=(found.get("MachineID") or [""])[0],
            machine_of=tuple(found.get("MachineOf", ())),
            metadata=tuple((key, value) for key, _, value in (pair.partition("=") for pair in pairs)),
            conflicts=tuple(globs),
            replaces=tuple(found.get("Replaces", ())),
            is_global=(found.get("Global") or [""])[-1].lower() in _TRUE,
        )

    def find_lacking(self, metadata: Mapping[str, str]) -> str:
        """Return what a machine with this metadata lacks, in words; empty where it is one that is asked for."""
        wanted: dict[str, list[str]] = {}
        for key, value in self.metadata:
            wanted.setdefault(key, []).append(value)
        lacking = [(key, values) for key, values in wanted.items() if metadata.get(key) not in values]
        return ", ".join(f"{key}={' or '.join(values)}" for key, values in lacking)


def matches(glob: str, name: str) -> bool:
    """Whether a glob of fleet's matches a name: Go's, in which ``[^a]`` is any but ``a``."""
    return fnmatch.fnmatchcase(name, glob.replace("[^", "[!"))


def split_pairs(value: str) -> list[str]:
    """Return the pairs of a value of MachineMetadata: one, or several in quotes; empty where it has none."""
    if '"' not in value:
        words = [value.strip()]
    else:
        try:
            words = shlex.split(value)
        except ValueError:
            words = []
    return words if all(map(_PAIR.fullmatch, words)) else []
