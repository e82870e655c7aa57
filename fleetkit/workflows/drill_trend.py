"""How the drills of a cluster's backups went over time: what would have been lost each time, and how long it took.

A notebook's drill stands in its record, and any drill's proof beside the backup until that is pruned or drilled again.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from html import escape
from pathlib import Path

from fleetkit.core import FleetkitError, format_duration, format_utc
from fleetkit.views import draw_series, table_html
from fleetkit.workflows._shown import Shown
from fleetkit.workflows._told_facts import Told, read_told
from fleetkit.workflows._workspace import Workspace
from fleetkit.workflows.backup_place import BackupPlace, open_cluster_backups
from fleetkit.workflows.kept_backups import BackupProof, KeptBackup

__all__ = ["DrillTrend", "PastDrill", "read_drill_trend", "read_drills"]

_MOST_RUNS = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class PastDrill:
    """One drill: the name of the backup, and what came of restoring it."""

    backup: str
    proof: BackupProof

    @property
    def row(self) -> tuple[str, str, str, str, str]:
        """The cells of its line in a table."""
        proof = self.proof
        found = "; ".join(proof.findings) or "nothing differs"
        return format_utc(proof.drilled), self.backup, format_duration(proof.rpo_s), format_duration(proof.rto_s), found


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class DrillTrend(Shown):
    """The drills of a cluster's backups.

    Attributes
    ----------
    cluster
        Name of the cluster.
    drills
        The oldest first.
    unread
        What could not be read, and why.
    """

    cluster: str
    drills: tuple[PastDrill, ...]
    unread: tuple[str, ...] = ()

    @property
    def headings(self) -> tuple[str, str, str, str, str]:
        """What stands above the cells of each drill's row."""
        return "drilled", "backup", "rpo", "rto", "found"

    @property
    def summary(self) -> str:
        """The whole in one sentence."""
        if not self.drills:
            return f"no backup of {self.cluster} was ever drilled: all are unproven"
        failed = sum(1 for one in self.drills if one.proof.findings)
        count = "1 drill" if len(self.drills) == 1 else f"{len(self.drills)} drills"
        told = "all proven" if not failed else f"{failed} found something that differs"
        return f"{count} of {self.cluster}, {told}; {self._compare('RTO', 'rto_s')}; {self._compare('RPO', 'rpo_s')}"

    def _compare(self, word: str, name: str) -> str:
        """Return the last value beside those before it."""
        *before, last = (getattr(one.proof, name) for one in self.drills)
        if not before:
            return f"{word} {format_duration(last)}"
        usual, most = format_duration(statistics.median(before)), format_duration(max(before))
        return f"{word} {format_duration(last)}, before {usual} as a rule and {most} at most"

    def __str__(self) -> str:
        return "\n".join([self.summary, *("  - " + ", ".join(one.row) for one in self.drills), *self.unread])

    def _repr_html_(self) -> str:
        words = "<br>".join(map(escape, [self.summary, *self.unread]))
        if not self.drills:
            return f"<p>{words}</p>"
        rows = [tuple(map(escape, one.row)) for one in reversed(self.drills)]
        table = table_html(self.headings, rows, label="drills of the backups")
        return f"<p>{words}</p>{self._draw('RTO', 'rto_s')}{self._draw('RPO', 'rpo_s')}{table}"

    def _draw(self, word: str, name: str) -> str:
        points = [(one.proof.drilled, getattr(one.proof, name)) for one in self.drills]
        return draw_series({word: points}, f"{word} of each drill, s")


def read_drills(workspace: Workspace, *, place: str | None = None) -> DrillTrend:
    """Read how the drills of a cluster's backups went.

    Parameters
    ----------
    place
        A folder, or ``s3://bucket/prefix``; ``backups`` beside ``runs`` where not given.

    Raises
    ------
    FleetkitError
        When the place cannot be read.
    """
    return read_drill_trend(open_cluster_backups(workspace, place), runs=workspace.paths.runs.parent)


def read_drill_trend(place: BackupPlace, *, runs: Path, most: int = _MOST_RUNS) -> DrillTrend:
    """Read how the drills of a place's backups went, from their proofs and from the records of past runs.

    A record that cannot be read is named, and keeps no other from being read.

    Parameters
    ----------
    runs
        The folder of the records of all clusters; it need not be there.
    most
        How many of the last records are looked into.

    Raises
    ------
    FleetkitError
        When the place cannot be read.
    """
    told, unread = read_told(runs, "drill", cluster=place.cluster, most=most)
    recorded, odd = _told_drills(told)
    # The same drill stands in its record and beside its backup.
    found = {(one.backup, one.proof.drilled): one for one in (*recorded, *_proofs(place.list_backups()))}
    drills = sorted(found.values(), key=lambda one: (one.proof.drilled, one.backup))
    return DrillTrend(cluster=place.cluster, drills=tuple(drills), unread=(*unread, *odd))


def _proofs(backups: Iterable[KeptBackup]) -> Iterator[PastDrill]:
    yield from (PastDrill(backup=str(one.name), proof=one.proof) for one in backups if one.proof is not None)


def _told_drills(told: Iterable[Told]) -> tuple[list[PastDrill], list[str]]:
    """Return the drills that records tell of, and what in them is none."""
    drills: list[PastDrill] = []
    odd: list[str] = []
    for at, facts in told:
        where = f"the record of a drill at {format_utc(at)}"
        try:
            proof = BackupProof.from_facts(facts, where=where)
            drills.append(PastDrill(backup=str(facts["backup"]), proof=proof))
        except FleetkitError as error:
            odd.append(str(error))
    return drills, odd
