"""What a run's record says of the schedule that it belongs to."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from fleetkit.core import format_utc

__all__ = ["Scheduling"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scheduling:
    """Which schedule a run belongs to, and what had become of its times until then.

    Attributes
    ----------
    name
        The schedule's name.
    due
        The time that the run is for, the last one that had come; None where none had since the run before.
    attempt
        Which attempt of that time it is, from 1.
    missed
        How many times before ``due`` came and went without a run.
    note
        What a person should know of them, in words; empty where nothing was missed.
    """

    name: str
    due: dt.datetime | None = None
    attempt: int = 1
    missed: int = 0
    note: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return it as plain values for JSON."""
        due = None if self.due is None else format_utc(self.due)
        return {"name": self.name, "due": due, "attempt": self.attempt, "missed": self.missed, "note": self.note}
