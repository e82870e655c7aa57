"""One line of a journal: what happened, when, and which line it follows."""

from __future__ import annotations

import datetime as dt
import enum
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fleetkit.core import FleetkitError, parse_utc

__all__ = ["BEGINNING", "JOURNAL_FILE", "TORN_FILE", "EventKind", "JournalEvent", "hash_line"]

JOURNAL_FILE = "journal.jsonl"
TORN_FILE = "journal.torn"
"""What was left of lines whose writer was killed in the middle of them."""

BEGINNING = "0" * 64
"""Stands where the first line names the one before it."""


class EventKind(enum.StrEnum):
    """What happened."""

    RUN_STARTED = "run started"
    STEP_STARTED = "step started"
    STEP_ENDED = "step ended"
    FACT = "fact observed"
    PLAN = "plan made"
    APPROVAL = "approval"
    CHANGE = "change applied"
    VERIFIED = "verified"
    FAILED = "failed"
    FINISHED = "finished"
    SIGNATURE = "signature"
    """Vouches for every line up to the one that it names, which is the one before it unless others came between."""
    UNSIGNED = "unsigned"
    """Says why nobody could sign; written once, until somebody can again, and after the end where nobody could then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalEvent:
    """One event of a run.

    Attributes
    ----------
    seq
        Number of the event in its journal, from 0.
    at
        When it was written, by the clock of the computer that wrote it; to the millisecond.
    data
        What there is to know of it, as plain JSON values.
    prev
        SHA-256 of the line before, in hex; `BEGINNING` for the first.
    """

    seq: int
    at: dt.datetime
    kind: EventKind
    data: Mapping[str, Any]
    prev: str

    def to_line(self) -> bytes:
        """Return the line of the journal, without its newline."""
        # The link to the line before stands first, where a reader finds it without reading the rest.
        document = {
            "seq": self.seq,
            "prev": self.prev,
            "at": self.at.astimezone(dt.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "kind": self.kind.value,
            "data": self.data,
        }
        return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")

    @classmethod
    def from_line(cls, line: bytes, *, where: str) -> JournalEvent:
        """Read what `to_line` wrote.

        Parameters
        ----------
        where
            File and line, for the error.

        Raises
        ------
        FleetkitError
            When this is no line of a journal.
        """
        try:
            document = json.loads(line)
            return cls(
                seq=int(document["seq"]),
                at=parse_utc(document["at"]),
                kind=EventKind(document["kind"]),
                data=dict(document["data"]),
                prev=str(document["prev"]),
            )
        except KeyError as error:
            raise FleetkitError(f"{where} is no line of a journal", seen=f"{error} is missing") from error
        except (RecursionError, TypeError, ValueError) as error:
            raise FleetkitError(f"{where} is no line of a journal", seen=str(error)) from error


def hash_line(line: bytes) -> str:
    """Return the SHA-256, in hex, by which the next line names ``line``, which is without its newline."""
    return hashlib.sha256(line).hexdigest()
