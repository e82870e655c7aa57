"""Unit files as text: sections, assignments, continued lines; and what systemd says about the rest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

__all__ = ["Assignment", "Settings", "parse_unit_text"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """One ``Key=value`` of a section."""

    section: str
    key: str
    value: str


def parse_unit_text(text: str, *, source: str) -> tuple[list[Assignment], list[str]]:
    """Return the assignments of a unit file in order, and a warning for each line that is none.

    As systemd does, a line that cannot be read is passed over and named; it does not spoil the rest.
    """
    found: list[Assignment] = []
    warnings: list[str] = []
    section: str | None = None
    for number, line in _join_lines(text):
        if line.startswith("["):
            section = line[1:-1] if line.endswith("]") else None
            if section is None:
                warnings.append(f"{source}:{number}: Invalid section header {line!r}, ignoring.")
            continue
        key, equals, value = line.partition("=")
        if not equals:
            warnings.append(f"{source}:{number}: Missing '=', ignoring line.")
        elif section is None:
            warnings.append(f"{source}:{number}: Assignment outside of section. Ignoring.")
        else:
            found.append(Assignment(section=section, key=key.strip(), value=value.strip()))
    return found, warnings


def _join_lines(text: str) -> list[tuple[int, str]]:
    joined: list[tuple[int, str]] = []
    pending, start = "", 0
    for number, raw in enumerate(text.splitlines(), 1):
        line = raw.strip()
        if line.startswith(("#", ";")):
            # A remark inside a continued line is no part of it, and does not end it.
            continue
        start = start if pending else number
        if line.endswith("\\"):
            pending += line[:-1] + " "
            continue
        whole = (pending + line).strip()
        pending = ""
        if whole:
            joined.append((start, whole))
    if pending.strip():
        joined.append((start, pending.strip()))
    return joined


@dataclass(slots=True)
class Settings:
    """The assignments of one unit, its drop-ins after it, asked for by section and key."""

    assignments: Sequence[Assignment] = field(default_factory=list)

    def last(self, section: str, key: str, default: str = "") -> str:
        """Return the value that counts for a key with one value; an empty assignment gives the default back."""
        values = [one.value for one in self.assignments if (one.section, one.key) == (section, key)]
        return values[-1] or default if values else default

    def all(self, section: str, key: str) -> list[str]:
        """Return the values of a key that adds up; an empty assignment takes back those before it."""
        values: list[str] = []
        for one in self.assignments:
            if (one.section, one.key) == (section, key):
                values = [*values, one.value] if one.value else []
        return values

    def words(self, section: str, key: str) -> list[str]:
        """Return the words of a key that lists names."""
        return [word for value in self.all(section, key) for word in value.split()]
