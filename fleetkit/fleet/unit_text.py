"""A unit file, as its text and as what fleet makes of it: nothing of the text is lost, and each option knows its line.

fleet reads files as go-systemd does, and hands on what it read; so do we, with its rules (read from its source, and
compared with recorded answers): a value goes on where its line ends with a backslash, which stays in it with the
newline; comments go on likewise; options repeat, and their order counts.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from fleetkit.core import FleetError

__all__ = ["LINE_BYTES", "TextFlaw", "UnitOption", "UnitText"]

LINE_BYTES = 2048
"""A line has to be shorter: fleet refuses what systemd once cut off there."""

_COMMENTS = ("#", ";")


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitOption:
    """One option of a unit file.

    Attributes
    ----------
    section, name, value
        As fleet has them.
    line
        Where it begins in the text, counted from 1; 0 where it came from fleet.
    """

    section: str
    name: str
    value: str
    line: int = field(default=0, compare=False)

    def to_json(self) -> dict[str, str]:
        """Return it as fleet takes it."""
        return {"section": self.section, "name": self.name, "value": self.value}

    @classmethod
    def from_json(cls, found: Any, *, path: str) -> UnitOption:
        """Read one option of a unit that fleet tells, at ``path`` of its answer; an empty value is left out there.

        Raises
        ------
        FleetError
            When it is none.
        """
        if not isinstance(found, Mapping) or not all(isinstance(found.get(key), str) for key in ("section", "name")):
            raise FleetError("fleet's answer has an unexpected form", seen=f"{path}: {found!r:.80} is no option")
        return cls(section=found["section"], name=found["name"], value=str(found.get("value", "")))


@dataclass(frozen=True, slots=True, kw_only=True)
class TextFlaw:
    """What fleet would refuse in a text, or read otherwise than it looks.

    Attributes
    ----------
    line
        Where, counted from 1.
    seen, legal
        What stands there, and what may.
    is_fatal
        Whether fleet refuses it.
    """

    line: int
    seen: str
    legal: str
    is_fatal: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitText:
    """The text of a unit file with its options.

    Attributes
    ----------
    text
        The whole, as it was read; what is written is this.
    options
        In their order.
    flaws
        What is wrong with the text itself.
    """

    text: str
    options: tuple[UnitOption, ...]
    flaws: tuple[TextFlaw, ...] = ()

    @classmethod
    def parse(cls, text: str) -> UnitText:
        """Read a text; whatever is wrong with it is among its flaws."""
        reader = _Reader(text)
        reader.read()
        return cls(text=text, options=tuple(reader.options), flaws=tuple(reader.flaws))

    @classmethod
    def from_options(cls, options: Iterable[UnitOption]) -> UnitText:
        """Write options as fleet writes them down: each section once, in the order in which they come up."""
        sections: dict[str, list[UnitOption]] = {}
        for one in options:
            sections.setdefault(one.section, []).append(one)
        blocks = [
            "".join([f"[{section}]\n", *(f"{one.name}={one.value}\n" for one in found)])
            for section, found in sections.items()
        ]
        return cls(text="\n".join(blocks), options=tuple(one for found in sections.values() for one in found))

    @property
    def unit_hash(self) -> str:
        """The hash by which fleet tells one unit of a name from another: 40 hex digits, of what it writes down."""
        written = UnitText.from_options(self.options).text
        return hashlib.sha1(written.encode("utf-8", "surrogateescape"), usedforsecurity=False).hexdigest()

    @property
    def is_oneshot(self) -> bool:
        """Whether it does its work once and may end then, by its type; of one that is given twice the last counts."""
        return self.values("Service", "Type")[-1:] == ("oneshot",)

    def values(self, section: str, name: str) -> tuple[str, ...]:
        """Return all values of an option, in their order."""
        return tuple(one.value for one in self.options if (one.section, one.name) == (section, name))


class _Reader:
    """Reads a text line by line."""

    def __init__(self, text: str) -> None:
        self.options: list[UnitOption] = []
        self.flaws: list[TextFlaw] = []
        self._lines = iter(enumerate(text.split("\n"), start=1))
        self._section: str | None = None

    def read(self) -> None:
        """Read all lines."""
        for number, line in self._take():
            found = line.strip()
            if not found:
                continue
            if found.startswith(_COMMENTS):
                self._skip(line)
            elif found.startswith("["):
                self._begin(number, found)
            elif self._section is None:
                self._flaw(number, f"{found[:40]!r} stands before any section", "[Unit] first", fatal=False)
            else:
                self._option(number, line)

    def _take(self) -> Iterator[tuple[int, str]]:
        for number, line in self._lines:
            if len(line.encode("utf-8", "surrogateescape")) >= LINE_BYTES:
                self._flaw(number, "a line of 2048 bytes or more", "lines go on after a backslash at their end")
            if line.rstrip().endswith("\\") and not line.endswith("\\"):
                self._flaw(
                    number, "blanks, or a carriage return, after the backslash", "a backslash as the line's very end"
                )
            yield number, line

    def _skip(self, comment: str) -> None:
        while comment.removesuffix(" ").endswith("\\"):
            _, comment = next(self._take(), (0, ""))

    def _begin(self, number: int, found: str) -> None:
        name, closed, rest = found[1:].partition("]")
        if not closed:
            self._flaw(number, f"{found[:40]!r} is not closed", "[Unit], alone on its line")
        elif rest.strip():
            self._flaw(number, f"{rest.strip()[:40]!r} stands after the section's name", f"[{name}], alone on its line")
        self._section = name

    def _option(self, number: int, line: str) -> None:
        name, given, value = line.partition("=")
        if not given:
            self._flaw(number, f"{line.strip()[:40]!r} has no equal sign", "Name=value, or # before a comment")
            return
        parts = [value]
        last = number
        while parts[-1].endswith("\\"):
            last, more = next(self._take(), (last, ""))
            if not more.strip():
                self._flaw(last, "a value that goes on with nothing", "no backslash after the last line of a value")
                break
            parts.append(more)
        self.options.append(
            UnitOption(section=self._section or "", name=name.strip(), value="\n".join(parts).strip(), line=number)
        )

    def _flaw(self, number: int, seen: str, legal: str, *, fatal: bool = True) -> None:
        self.flaws.append(TextFlaw(line=number, seen=seen, legal=legal, is_fatal=fatal))
