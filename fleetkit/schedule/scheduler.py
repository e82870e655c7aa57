"""What each of the four that keep times does for a schedule: say what it would write, write it, take it away."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from fleetkit.schedule.entry import Entry, Order

__all__ = ["Placement", "Scheduler"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """What is put in place for a schedule.

    Attributes
    ----------
    texts
        What is written, by where: a file's path, or what stands for a place that is none.
    marks
        By what each is known again; in the schedule's file under ``wrote``.
    """

    texts: Mapping[str, str] = field(default_factory=dict)
    marks: Mapping[str, str] = field(default_factory=dict)


class Scheduler(Protocol):
    """One of the four."""

    def plan(self, order: Order) -> Placement:
        """Return what would be put in place; nothing is changed.

        Raises
        ------
        SettingsError
            When it cannot do what the entry asks for.
        """

    def install(self, order: Order, placement: Placement) -> Mapping[str, str]:
        """Put it in place, and return by what it is known again; where that fails, nothing of it is left.

        Raises
        ------
        FleetkitError, OSError
            When it cannot be put in place.
        """

    def withdraw(self, entry: Entry) -> tuple[str, ...]:
        """Take away exactly what was put in place, and return what that was.

        Raises
        ------
        FleetkitError, OSError
            When something cannot be taken away, or is not what was put there.
        """

    def find_missing(self, entry: Entry) -> tuple[str, ...]:
        """Return what was put in place and is not there, or is not what it was."""

    def next_steps(self, order: Order) -> tuple[str, ...]:
        """Return what is left for a person to do, after `install`; nothing where it is complete."""
