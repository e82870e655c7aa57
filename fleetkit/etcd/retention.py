"""How backups are called, and which of them are kept: pure functions of names and moments."""

from __future__ import annotations

import datetime as dt
import enum
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from fleetkit.core import SettingsError

__all__ = ["BackupName", "Retention", "Seal", "parse_backup_name"]

_MOMENT = "%Y%m%dT%H%M%SZ"
_NAME = re.compile(
    r"(?P<cluster>[A-Za-z0-9][A-Za-z0-9._-]*?)-(?P<taken>\d{8}T\d{6}Z)-r(?P<revision>\d+)\.etcd\.tar(?:\.(?P<seal>age|kms))?"
)


class Seal(enum.StrEnum):
    """In which way a backup is encrypted."""

    NONE = ""
    """Not at all."""
    AGE = "age"
    """With age, for keys in files."""
    KMS = "kms"
    """With age too, for a key that AWS KMS wraps."""


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class BackupName:
    """A backup's file name, which says enough to list it without reading it; sorted by time.

    Attributes
    ----------
    taken
        When, in UTC, to the second.
    revision
        The v3 store's revision.
    cluster
        The cluster's name.
    seal
        In which way the file is encrypted.
    """

    taken: dt.datetime
    revision: int
    cluster: str
    seal: Seal = Seal.NONE

    def __str__(self) -> str:
        moment = self.taken.astimezone(dt.UTC).strftime(_MOMENT)
        return f"{self.cluster}-{moment}-r{self.revision}.etcd.tar{f'.{self.seal}' if self.seal else ''}"


def parse_backup_name(text: str) -> BackupName | None:
    """Read what a `BackupName` is written as; None for what is no backup's name."""
    found = _NAME.fullmatch(text)
    if found is None:
        return None
    try:
        taken = dt.datetime.strptime(found["taken"], _MOMENT).replace(tzinfo=dt.UTC)
    except ValueError:
        return None
    return BackupName(
        taken=taken, revision=int(found["revision"]), cluster=found["cluster"], seal=Seal(found["seal"] or "")
    )


def _hour(moment: dt.datetime) -> object:
    return moment.astimezone(dt.UTC).strftime("%Y%m%d%H")


def _day(moment: dt.datetime) -> object:
    return moment.astimezone(dt.UTC).date()


def _week(moment: dt.datetime) -> object:
    return moment.astimezone(dt.UTC).isocalendar()[:2]


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """How many backups are kept.

    Attributes
    ----------
    hourly, daily, weekly
        Of how many of the latest hours, days and weeks that have a backup the last one is kept;
        UTC, and weeks begin on Monday.
    """

    hourly: int = 24
    daily: int = 7
    weekly: int = 5

    def __post_init__(self) -> None:
        counts = {"hourly": self.hourly, "daily": self.daily, "weekly": self.weekly}
        for name, count in counts.items():
            if count < 0:
                raise SettingsError(f"the number of {name} backups to keep is not legal", seen=f"{count}; 0 or more")

    def choose_kept(self, names: Iterable[BackupName]) -> frozenset[BackupName]:
        """Return which backups stay; of those that there are, the newest always does."""
        newest_first = sorted(names, reverse=True)
        kept = set(newest_first[:1])
        rules: tuple[tuple[int, Callable[[dt.datetime], object]], ...] = (
            (self.hourly, _hour),
            (self.daily, _day),
            (self.weekly, _week),
        )
        for count, span_of in rules:
            last_of: dict[object, BackupName] = {}
            for name in newest_first:
                last_of.setdefault(span_of(name.taken), name)
            kept.update(list(last_of.values())[:count])
        return frozenset(kept)
