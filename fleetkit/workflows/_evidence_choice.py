"""Which records belong into an archive: all of a cluster and a time, from every place; what cannot be had is told."""

from __future__ import annotations

import contextlib
import datetime as dt
from dataclasses import dataclass, field
from pathlib import Path

from fleetkit.core import FleetkitError, Redactor, Results, SettingsError, format_utc
from fleetkit.runs import FolderStore, Outcome, RunStore, StoredRun
from fleetkit.runs.evidence import Lack, is_plain_name
from fleetkit.workflows.record_place import RecordPlace

__all__ = ["ChosenRecords", "Period", "choose_records", "tell_error"]

_NAMED_AT = "%Y%m%dT%H%M%SZ"


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """A time: from one moment to another, both of which belong to it.

    Raises
    ------
    SettingsError
        When it ends before it begins.
    """

    since: dt.datetime
    until: dt.datetime

    def __post_init__(self) -> None:
        if self.until < self.since:
            raise SettingsError(
                "the time ends before it begins",
                seen=str(self),
                hint="give --from a moment that is no later than that of --to",
            )

    def __str__(self) -> str:
        return f"from {format_utc(self.since)} to {format_utc(self.until)}"

    def holds(self, moment: dt.datetime) -> bool:
        """Return whether a moment belongs to it."""
        return self.since <= moment <= self.until


@dataclass(slots=True, kw_only=True)
class ChosenRecords:
    """The records that belong into an archive, and what is known of others.

    Attributes
    ----------
    store
        Where they are to be had.
    folders
        Theirs, the oldest first, readable or not.
    away, under_way
        What cannot be had, and runs that have not ended.
    remarks
        What else is to be known.
    others
        How many records of the cluster are of another time.
    """

    store: RunStore
    folders: list[Path] = field(default_factory=list)
    away: list[Lack] = field(default_factory=list)
    under_way: list[Lack] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    others: int = 0


def choose_records(place: RecordPlace, *, cluster: str, period: Period) -> ChosenRecords:
    """Find the records of a cluster whose runs began in a time.

    A bucket that cannot be read hides nothing that is here: it is told as missing.
    """
    try:
        chosen, found = ChosenRecords(store=place.store), place.store.list_runs(cluster=cluster)
        foreign = chosen.store.list_foreign(cluster=cluster)
    except FleetkitError as error:
        chosen = ChosenRecords(store=FolderStore(place.folder))
        found, foreign = chosen.store.list_runs(cluster=cluster), chosen.store.list_foreign(cluster=cluster)
        why = f"what lies there and not here is not known: {tell_error(error, place)}"
        chosen.away.append(Lack(what=place.store.place, why=why))
    _sort(chosen, found, period)
    chosen.remarks += [f"{one} is no record, and was passed over" for one in foreign]
    return chosen


def tell_error(error: Exception, place: RecordPlace) -> str:
    """Return what an error says, without where on this computer the records lie, and without secrets."""
    text = error.without_hint if isinstance(error, FleetkitError) else str(error)
    return Redactor().redact(text.replace(f"{place.folder.parent}/", ""))


def _sort(chosen: ChosenRecords, found: Results[Path, StoredRun], period: Period) -> None:
    for folder, stored in reversed(list(found.items())):
        if not _belongs(folder, stored, period):
            chosen.others += 1
        elif not is_plain_name(folder.name):
            chosen.away.append(Lack(what=folder.name, why="its name may not stand in an archive"))
        elif isinstance(stored, StoredRun) and stored.record.outcome is Outcome.RUNNING:
            chosen.under_way.append(Lack(what=folder.name, why="its run was under way when the archive was made"))
        else:
            chosen.folders.append(folder)


def _belongs(folder: Path, stored: StoredRun | Exception, period: Period) -> bool:
    """Return whether a run began in a time by its record or by its folder's name: changing one of them hides nothing.

    Where neither tells a moment it is taken: what is damaged is to be seen.
    """
    moments = [stored.record.started] if isinstance(stored, StoredRun) else []
    with contextlib.suppress(ValueError):
        moments.append(dt.datetime.strptime(folder.name[:16], _NAMED_AT).replace(tzinfo=dt.UTC))
    return not moments or any(map(period.holds, moments))
