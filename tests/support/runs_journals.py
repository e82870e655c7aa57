"""Journals for tests, and programs that write them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from fleetkit.runs.journal import BEGINNING, EventKind, JournalEvent, JournalWriter, hash_line, read_journal

WRITE_FOR_EVER = (
    "import itertools, sys; from pathlib import Path; from fleetkit.runs.journal import EventKind, JournalWriter\n"
    "journal = JournalWriter(Path(sys.argv[1]))\n"
    "for number in itertools.count():\n"
    "    journal.append(EventKind.FACT, {'by': sys.argv[2], 'number': number})\n"
    "    print(number, flush=True)\n"
)


def write_journal(folder: Path, *kinds: EventKind) -> list[JournalEvent]:
    """Write a journal with an event of each kind, and return them."""
    journal = JournalWriter(folder)
    for number, kind in enumerate(kinds):
        journal.append(kind, {"number": number})
    journal.close()
    return list(read_journal(folder))


def start_writer(folder: Path, name: str) -> subprocess.Popen[str]:
    """Start a program that appends facts for ever, and prints the number of each that is written."""
    arguments = [sys.executable, "-c", WRITE_FOR_EVER, str(folder), name]
    return subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True)


def wait_for_number(writer: subprocess.Popen[str], number: int) -> None:
    """Wait until such a program has written so many facts."""
    assert writer.stdout is not None
    while int(writer.stdout.readline()) < number:
        pass


def check_chain(folder: Path) -> list[JournalEvent]:
    """Check that each line follows from the one before it, and return the events."""
    text = (folder / "journal.jsonl").read_bytes()
    assert text.endswith(b"\n")
    before = BEGINNING
    events = list(read_journal(folder))
    for number, (line, event) in enumerate(zip(text.splitlines(), events, strict=True)):
        assert (event.seq, event.prev) == (number, before)
        before = hash_line(line)
    return events
