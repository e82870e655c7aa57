"""The board as plain state: what each part of a cluster showed last, and how its members went over time.

Readings are handed in; nothing is read here. What could not be read says so, and the other parts go on.
"""

from __future__ import annotations

import datetime as dt
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fleetkit.core import format_duration
from fleetkit.views._frames import read_field

__all__ = ["Board", "BoardPart", "MemberHistory", "MemberSample"]

_MOST_READINGS = 720
"""Two hours of one reading every ten seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberSample:
    """What one reading told of one member; None where it was not told.

    Attributes
    ----------
    at
        When, in UTC.
    took_ms
        How long the member took to answer.
    """

    at: dt.datetime
    took_ms: float | None
    db_size_bytes: int | None
    raft_index: int | None


class MemberHistory:
    """The members over time: the last readings, and no more than ``most`` of them."""

    def __init__(self, *, most: int = _MOST_READINGS) -> None:
        self._readings: deque[tuple[dt.datetime, dict[str, MemberSample]]] = deque(maxlen=most)

    def __len__(self) -> int:
        return len(self._readings)

    def add(self, at: dt.datetime, members: Iterable[Any]) -> None:
        """Add a reading: mappings or objects with ``name``, ``took_ms``, ``db_size_bytes`` and ``raft_index``."""
        samples = {
            str(read_field(one, "name")): MemberSample(
                at=at,
                took_ms=read_field(one, "took_ms"),
                db_size_bytes=read_field(one, "db_size_bytes"),
                raft_index=read_field(one, "raft_index"),
            )
            for one in members
        }
        self._readings.append((at, samples))

    def by_member(self) -> dict[str, tuple[MemberSample, ...]]:
        """Return name of each member to its samples in time; where a reading lacks it, a sample that knows nothing."""
        names = sorted({name for _, samples in self._readings for name in samples})
        return {name: tuple(samples.get(name) or _unknown(at) for at, samples in self._readings) for name in names}


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardPart:
    """One part of the board.

    Attributes
    ----------
    title
        What it is about.
    markup
        What it shows, as HTML.
    findings
        What is not as it should be.
    unknown
        Why it, or a part of it, could not be read.
    """

    title: str
    markup: str
    findings: tuple[str, ...] = ()
    unknown: str = ""


class Board:
    """What the board shows.

    Parameters
    ----------
    most
        How many readings of the members are kept.
    """

    def __init__(self, *, most: int = _MOST_READINGS) -> None:
        self.parts: dict[str, BoardPart] = {}
        self.history = MemberHistory(most=most)
        self._read_at: dt.datetime | None = None

    def take(self, parts: Mapping[str, BoardPart], *, members: Sequence[Any] | None, at: dt.datetime) -> None:
        """Take what was read: the parts that were asked for, and the members where they could be read."""
        self.parts.update(parts)
        self._read_at = at
        # A gap in time says that nothing was known then; a line drawn through it would claim the opposite.
        self.history.add(at, members or ())

    @property
    def findings(self) -> tuple[str, ...]:
        """What is not as it should be, over all parts."""
        return tuple(one for part in self.parts.values() for one in part.findings)

    @property
    def unknown(self) -> tuple[str, ...]:
        """The titles of the parts that could not be read in full."""
        return tuple(part.title for part in self.parts.values() if part.unknown)

    @property
    def verdict(self) -> str:
        """The board in one sentence."""
        if not self.parts:
            return "nothing has been read yet"
        unknown, findings = len(self.unknown), len(self.findings)
        told = [f"{unknown} of {len(self.parts)} parts unknown"] if unknown else []
        told += [f"{findings} findings" if findings != 1 else "1 finding"] if findings else []
        return ", ".join(told) or "as it should be"

    def age(self, now: dt.datetime) -> str:
        """Say how long ago the last reading was."""
        if self._read_at is None:
            return "not read yet"
        seconds = int((now - self._read_at).total_seconds())
        return f"last read {format_duration(seconds)} ago" if seconds >= 1 else "read just now"


def _unknown(at: dt.datetime) -> MemberSample:
    return MemberSample(at=at, took_ms=None, db_size_bytes=None, raft_index=None)
