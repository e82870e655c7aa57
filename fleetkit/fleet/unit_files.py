"""Unit files in folders: which there are, what each holds, and what is wrong with them by themselves and together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from fleetkit.core import NotFoundError
from fleetkit.fleet.placement_options import DEPRECATED, PlacementOptions
from fleetkit.fleet.unit_checks import UNIT_TYPES, UnitFinding, check_unit
from fleetkit.fleet.unit_text import UnitText

__all__ = ["UnitFiles", "parse_unit_file", "read_unit_files"]

_LARGEST_BYTES = 256 * 1024
"""etcd takes no value of more than 1.5 MiB, and no unit comes near this."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitFiles:
    """Unit files that belong together.

    Attributes
    ----------
    units
        Name of each that could be read to what it holds.
    paths
        Name of each to its file.
    findings
        What is wrong with them; those that keep a unit from being sent are fatal.
    origins
        Where they come from, each place at its commit; empty for files of this computer.
    """

    units: Mapping[str, UnitText]
    paths: Mapping[str, Path] = field(default_factory=dict)
    findings: tuple[UnitFinding, ...] = ()
    origins: tuple[str, ...] = ()

    @property
    def are_sound(self) -> bool:
        """Whether nothing keeps any of them from being sent."""
        return not any(one.is_fatal for one in self.findings)


def read_unit_files(places: Iterable[Path]) -> UnitFiles:
    """Read unit files: those that are named, and those in folders that are named, not below them.

    In a folder a file counts whose name ends with a type of unit, and is not hidden.

    Raises
    ------
    NotFoundError
        When a place is not there, or there is no unit file in a folder.
    OSError
        When one cannot be read.
    """
    units: dict[str, UnitText] = {}
    paths: dict[str, Path] = {}
    findings: list[UnitFinding] = []
    for path in _list_files(places):
        name = path.name
        if name in paths:
            seen = f"it is in {paths[name].parent} and in {path.parent}"
            findings.append(UnitFinding(unit=name, line=0, seen=seen, legal="one file of each name"))
            continue
        paths[name] = path
        text, trouble = _read(path)
        if trouble is not None:
            findings.append(trouble)
            continue
        units[name] = UnitText.parse(text)
        findings += check_unit(name, units[name])
    findings += _check_circles(units)
    return UnitFiles(units=units, paths=paths, findings=tuple(sorted(findings, key=lambda one: (one.unit, one.line))))


def parse_unit_file(name: str, content: str) -> UnitFiles:
    """Read a unit file that lies in no folder, as somebody wrote it into a form; its name is checked with it."""
    text, trouble = _check(name, content.encode("utf-8", "replace"))
    if trouble is not None:
        return UnitFiles(units={}, findings=(trouble,))
    unit = UnitText.parse(text)
    return UnitFiles(units={name: unit}, findings=(*check_unit(name, unit), *_check_circles({name: unit})))


def _list_files(places: Iterable[Path]) -> list[Path]:
    found = []
    for place in places:
        if place.is_dir():
            inside = sorted(one for one in place.iterdir() if _is_unit_file(one))
            if not inside:
                raise NotFoundError(f"there is no unit file in {place}", hint="such as web.service or sync.timer")
            found += inside
        elif place.exists():
            found.append(place)
        else:
            raise NotFoundError(f"there is no {place}", hint="name a unit file, or a folder of unit files")
    return found


def _is_unit_file(path: Path) -> bool:
    return path.suffix.removeprefix(".") in UNIT_TYPES and not path.name.startswith(".") and path.is_file()


def _read(path: Path) -> tuple[str, UnitFinding | None]:
    with path.open("rb") as stream:
        return _check(path.name, stream.read(_LARGEST_BYTES + 1))


def _check(name: str, content: bytes) -> tuple[str, UnitFinding | None]:
    """Return a file's text, or what is wrong with it as a file."""

    def wrong(seen: str, legal: str) -> tuple[str, UnitFinding]:
        return "", UnitFinding(unit=name, line=0, seen=seen, legal=legal)

    if len(content) > _LARGEST_BYTES:
        return wrong(f"it has more than {_LARGEST_BYTES} bytes", "a unit file of text")
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        return wrong(f"byte {error.start} is no UTF-8", "a unit file of text")
    if "\0" in text:
        return wrong(f"byte {content.index(0)} is zero", "a unit file of text")
    return text, None


def _check_circles(units: Mapping[str, UnitText]) -> list[UnitFinding]:
    """Find units that each have to run where another of them runs: fleet places none of them, and says nothing."""
    follows = {name: PlacementOptions.of(unit, name=name).machine_of for name, unit in units.items()}
    found = []
    for start in sorted(follows):
        trail = [start]
        while (following := next(iter(follows.get(trail[-1], ())), "")) and following not in trail:
            trail.append(following)
        # Each circle is told once, of the first of its units; one that follows itself is told by its own check.
        if following == start and len(trail) > 1 and start == min(trail):
            line = next(one.line for one in units[start].options if DEPRECATED.get(one.name, one.name) == "MachineOf")
            seen = f"MachineOf goes round in a circle: {' → '.join([*trail, start])}"
            found.append(UnitFinding(unit=start, line=line, seen=seen, legal="one of them that follows nobody"))
    return found
