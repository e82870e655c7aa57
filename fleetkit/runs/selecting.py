"""Choosing among records: which are meant, which worked last, and which may go."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from fleetkit.runs.notebook_files import is_called
from fleetkit.runs.outcome import Outcome
from fleetkit.runs.store import StoredRun

__all__ = ["RunSelection", "find_last_done", "select_prunable"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSelection:
    """Which records are meant; what is not given leaves none out.

    Attributes
    ----------
    notebook
        Number or name of the notebook, as `find_notebook` takes it.
    outcomes
        How the run ended; empty for any way.
    since, until
        The run began at this moment or later, and before that one.
    limit
        The newest so many.
    """

    notebook: str = ""
    outcomes: frozenset[Outcome] = frozenset()
    since: dt.datetime | None = None
    until: dt.datetime | None = None
    limit: int | None = None

    def choose(self, stored: Iterable[StoredRun]) -> tuple[StoredRun, ...]:
        """Return the records that are meant, in the order in which they come, which is the newest first."""
        return tuple(one for one in stored if self._means(one))[: self.limit]

    def _means(self, stored: StoredRun) -> bool:
        record = stored.record
        return (
            (not self.notebook or is_called(record.notebook, self.notebook))
            and (not self.outcomes or record.outcome in self.outcomes)
            and (self.since is None or record.started >= self.since)
            and (self.until is None or record.started < self.until)
        )


def find_last_done(stored: Iterable[StoredRun], *, like: StoredRun) -> StoredRun | None:
    """Return the last run of the same notebook on the same cluster that was done before ``like`` began.

    Parameters
    ----------
    stored
        Records, the newest first.
    """
    return next(
        (
            one
            for one in stored
            if one.kind == like.kind
            and one.record.outcome is Outcome.DONE
            and one.record.started <= like.record.started
            and one.record.id != like.record.id
        ),
        None,
    )


def select_prunable(
    stored: Iterable[StoredRun], *, keep: int, before: dt.datetime | None = None
) -> tuple[StoredRun, ...]:
    """Return the records that may go: of each cluster and notebook, what is not among the newest ``keep``.

    What is under way stays, and so does the last run of each that was done: later ones are compared with it.

    Parameters
    ----------
    stored
        Records, the newest first.
    before
        Only runs that began before this moment.
    """
    going: list[StoredRun] = []
    met: dict[tuple[str, str], int] = {}
    worked: set[tuple[str, str]] = set()
    for one in stored:
        met[one.kind] = met.get(one.kind, 0) + 1
        last_done = one.record.outcome is Outcome.DONE and one.kind not in worked
        if last_done:
            worked.add(one.kind)
        too_young = before is not None and one.record.started >= before
        if met[one.kind] > keep and not (last_done or too_young or one.record.outcome is Outcome.RUNNING):
            going.append(one)
    return tuple(going)
