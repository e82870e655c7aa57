"""Reading a journal, finished or not. Whether it is to be believed is another question: `verify_run` answers it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from fleetkit.core import FleetkitError, NotFoundError
from fleetkit.runs.journal.events import JOURNAL_FILE, JournalEvent

__all__ = ["read_journal"]


def read_journal(folder: Path) -> Iterator[JournalEvent]:
    """Yield the events of a record's journal, in their order.

    A last line without its end is still being written, or never will be; it is left out.

    Raises
    ------
    NotFoundError
        When the record has no journal.
    FleetkitError
        When a line is none of a journal; names it.
    """
    path = folder / JOURNAL_FILE
    try:
        with path.open("rb") as file:
            for number, line in enumerate(file, start=1):
                if line.endswith(b"\n"):
                    yield JournalEvent.from_line(line[:-1], where=f"line {number} of {path}")
    except FileNotFoundError as error:
        raise NotFoundError(f"{folder} holds no journal", seen=f"no {JOURNAL_FILE}") from error
    except OSError as error:
        raise FleetkitError(f"the journal {path} cannot be read", seen=str(error)) from error
