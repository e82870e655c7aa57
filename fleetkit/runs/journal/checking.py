"""Checking a journal: whether each line follows from the one before it, and how far signatures vouch for them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fleetkit.core import FleetkitError, NotFoundError, VerifySignature
from fleetkit.runs.journal.events import BEGINNING, JOURNAL_FILE, EventKind, JournalEvent, hash_line
from fleetkit.runs.journal.signing import signature_holds

__all__ = ["CheckedJournal", "Flaw", "check_journal"]

_HEAD = re.compile(rb'\{"seq":(\d{1,15}),"prev":"([0-9a-f]{64})","at":"[^"]{20,32}","kind":"([a-z ]{4,20})","data":\{')
"""How each line begins. The hashes say that the rest is as it was written, so it is not read."""

_DATA = b'"data":{'
_TORN = b'"about":"torn line"'


@dataclass(frozen=True, slots=True, kw_only=True)
class Flaw:
    """What is not as it was written.

    Attributes
    ----------
    where
        The line or the file.
    what
        What was seen there.
    """

    where: str
    what: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what}"


@dataclass(slots=True, kw_only=True)
class CheckedJournal:
    """What the check of a journal found.

    Attributes
    ----------
    lines
        Number of whole lines.
    sha256
        Hash of the last of them.
    signed
        Number of lines that a signature vouches for, from the first on.
    keys
        Public keys of the signatures, in the order of their first.
    started, finished
        What the first line says, and the line that says how the run ended; None where there is none.
    torn
        What lines say of pieces that killed writers left.
    rest
        Number of bytes after the last whole line.
    unsigned
        What the journal says of why nobody could sign; None where somebody did later.
    pending
        Number of each line, by its hash, that no signature vouches for yet.
    flaws
        What is wrong; after the first break of the chain nothing more is looked for.
    """

    lines: int = 0
    sha256: str = BEGINNING
    signed: int = 0
    keys: list[str] = field(default_factory=list)
    started: Mapping[str, Any] | None = None
    finished: Mapping[str, Any] | None = None
    torn: list[Mapping[str, Any]] = field(default_factory=list)
    rest: int = 0
    unsigned: Mapping[str, Any] | None = None
    pending: dict[str, int] = field(default_factory=dict, repr=False)
    flaws: list[Flaw] = field(default_factory=list)

    def take(self, line: bytes, kind: str, verify: VerifySignature) -> None:
        """Take in a line that follows from the one before it."""
        where = _line(self.lines + 1)
        self.sha256 = hash_line(line)
        self.lines += 1
        self.pending[self.sha256] = self.lines
        after_end = self.finished is not None
        if kind == EventKind.SIGNATURE:
            if not self._take_signature(JournalEvent.from_line(line, where=where).data, verify):
                self.flaws.append(Flaw(where=where, what="this is no signature of the lines before it"))
        elif kind == EventKind.UNSIGNED:
            self.unsigned = JournalEvent.from_line(line, where=where).data
        elif after_end:
            self.flaws.append(Flaw(where=where, what="it stands after the run's end"))
        elif kind == EventKind.RUN_STARTED:
            self.started = JournalEvent.from_line(line, where=where).data
        elif kind == EventKind.FINISHED:
            self.finished = JournalEvent.from_line(line, where=where).data
        elif kind == EventKind.FACT and line.startswith(_TORN, line.index(_DATA) + len(_DATA)):
            self.torn.append(JournalEvent.from_line(line, where=where).data)

    def _take_signature(self, data: Mapping[str, Any], verify: VerifySignature) -> bool:
        """Take in a signature, or return False where it holds for none of the lines that wait for one."""
        of = str(data.get("of"))
        number = self.pending.get(of, self.lines)
        if number == self.lines or not signature_holds(data, of, verify):
            return False
        # Where nothing came between, it vouches for itself as well.
        self.signed = number = self.lines if number == self.lines - 1 else number
        self.unsigned = None
        self.pending = {sha256: line for sha256, line in self.pending.items() if line > number}
        if data["public_key"] not in self.keys:
            self.keys.append(data["public_key"])
        return True


def check_journal(folder: Path, *, verify: VerifySignature) -> CheckedJournal:
    """Check the journal of the record in ``folder``; the time grows with its length alone.

    Parameters
    ----------
    verify
        Says whether a public key made a signature of a message.

    Raises
    ------
    NotFoundError
        When there is no journal.
    FleetkitError
        When it cannot be read.
    """
    path, checked = folder / JOURNAL_FILE, CheckedJournal()
    try:
        with path.open("rb") as file:
            for line in file:
                if not line.endswith(b"\n"):
                    checked.rest = len(line)
                    break
                if not _take(checked, line[:-1], verify):
                    checked.flaws.append(_explain(path, checked.lines, line[:-1]))
                    break
    except FileNotFoundError as error:
        raise NotFoundError(f"{folder} holds no journal", seen=f"no {JOURNAL_FILE}") from error
    except OSError as error:
        raise FleetkitError(f"the journal {path} cannot be read", seen=str(error)) from error
    return checked


def _take(checked: CheckedJournal, line: bytes, verify: VerifySignature) -> bool:
    """Take in the next line, or return False where it does not follow."""
    head = _HEAD.match(line)
    if head is None or int(head[1]) != checked.lines or head[2].decode("ascii") != checked.sha256:
        return False
    try:
        checked.take(line, head[3].decode("ascii"), verify)
    except FleetkitError:
        return False
    return True


def _explain(path: Path, index: int, line: bytes) -> Flaw:
    """Say what became of the line at ``index``, which does not follow from the one before it."""
    here, head = _line(index + 1), _HEAD.match(line)
    if head is None:
        return Flaw(where=here, what="it is no line of a journal: it was changed or put in")
    number = int(head[1])
    if number == index:
        if index == 0:
            return Flaw(where=here, what="it names a line before it, and it is the first")
        return Flaw(where=_line(index), what=f"it was changed: {here.lower()} follows from another")
    numbers = list(_numbers(path))
    if number < index:
        return Flaw(where=here, what=f"it bears the number of line {number + 1}: a line was put in, or they were moved")
    if index in numbers[index:]:
        return Flaw(where=here, what=f"it was line {number + 1}: lines were re-ordered")
    missing = _range(index + 1, number)
    return Flaw(where=here, what=f"it was line {number + 1}: {missing} before it {_is(number - index)} missing")


def _numbers(path: Path) -> Iterator[int]:
    with path.open("rb") as file:
        for line in file:
            head = _HEAD.match(line)
            yield -1 if head is None else int(head[1])


def _line(number: int) -> str:
    return f"Line {number} of {JOURNAL_FILE}"


def _range(first: int, last: int) -> str:
    return f"line {first}" if first == last else f"lines {first} to {last}"


def _is(count: int) -> str:
    return "is" if count == 1 else "are"
