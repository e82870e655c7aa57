"""``journalctl`` as init answers it: the file of a unit, or of all units that said something."""

from __future__ import annotations

import asyncio

from fleetkit.sandbox.machine.control import Answer, Question
from fleetkit.sandbox.machine.systemd.journal import Journal

__all__ = ["Journalctl"]

_IGNORED = frozenset(
    ("--no-pager", "-b", "--boot", "-q", "--quiet", "-a", "--all", "--no-hostname", "-e", "-x", "--system")
)
_VALUED = {"-u": "unit", "--unit": "unit", "-n": "lines", "--lines": "lines", "-o": "output", "--output": "output"}
_LOOK_S = 0.25


class Journalctl:
    """Answers ``journalctl``; it knows the output format ``cat`` and treats ``short`` as that."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    async def __call__(self, question: Question, answer: Answer) -> int:
        """Answer one call."""
        units: list[str] = []
        lines: int | None = None
        follow = False
        left = iter(question.words)
        for word in left:
            name, equals, value = word.partition("=")
            if word in ("-f", "--follow"):
                follow, lines = True, 10 if lines is None else lines
            elif word in _IGNORED:
                continue
            elif name in _VALUED or word[:2] in _VALUED:
                given = value if equals else (word[2:] if name not in _VALUED else next(left, ""))
                kind = _VALUED.get(name) or _VALUED[word[:2]]
                if kind == "unit":
                    units.append(given if "." in given else f"{given}.service")
                elif kind == "lines":
                    lines = None if given == "all" else int(given)
                elif given not in ("cat", "short", "short-iso"):
                    await answer.err(f"journalctl: output format {given} is not known to the stand-in\n")
                    return 1
            else:
                await answer.err(f"journalctl: {word} is not known to the stand-in\n")
                return 1
        shown = units or sorted(path.name.removesuffix(".log") for path in self._journal.folder.glob("*.log"))
        for unit in shown:
            await answer.out(self._journal.tail(unit, lines=lines))
        if follow:
            await self._follow(shown, question, answer)
        return 0

    async def _follow(self, units: list[str], question: Question, answer: Answer) -> None:
        seen = {unit: self._size(unit) for unit in units}
        while question.signals.empty():
            for unit, start in seen.items():
                if self._size(unit) > start:
                    with self._journal.path(unit).open("rb") as file:
                        file.seek(start)
                        text = file.read()
                    seen[unit] = start + len(text)
                    await answer.out(text)
            await asyncio.sleep(_LOOK_S)

    def _size(self, unit: str) -> int:
        path = self._journal.path(unit)
        return path.stat().st_size if path.exists() else 0
