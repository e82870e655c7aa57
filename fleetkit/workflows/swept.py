"""A sweep before it begins and after its end, as values that a notebook shows and a command prints."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fleetkit.core import format_duration
from fleetkit.runs import NotebookFile
from fleetkit.runs.sweeps import PAGE_FILE, SweepRecord, SweepState, SweptCluster, tell_counts
from fleetkit.views import draw_sweep, sweep_clusters_html, sweep_frame, sweep_html, tell_swept
from fleetkit.workflows._shown import Shown, list_under

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["ClusterSweep", "PreparedSweep", "SweptClusters"]


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class PreparedSweep(Shown):
    """What would be swept.

    Attributes
    ----------
    home
        Folder that holds ``clusters/``, ``runs/`` and ``sweeps/``.
    notebook
        The notebook.
    record
        The sweep, of which nothing is run yet.
    """

    home: Path
    notebook: NotebookFile
    record: SweepRecord

    @property
    def waiting(self) -> tuple[SweptCluster, ...]:
        """The clusters that are to be run."""
        return tuple(one for one in self.record.clusters if one.state is SweepState.NOT_RUN)

    @property
    def summary(self) -> str:
        """One sentence."""
        record = self.record
        count = len(self.waiting)
        rest = len(record.clusters) - count
        return (
            f"{record.notebook}: {count} cluster{'s' * (count != 1)} to run"
            f"{f', {rest} taken over or not usable' if rest else ''}; {record.at_once} at once, "
            f"{record.rate_per_s:g} calls a second per account and region, "
            f"{format_duration(record.timeout_s)} for each at most"
        )

    def __str__(self) -> str:
        unusable = [one for one in self.record.clusters if one.state is SweepState.UNUSABLE]
        # What belongs to one file is not to look like the next file.
        broken = [f"{one.file}: {one.reason}".replace("\n", "\n    ") for one in unusable]
        return list_under(self.summary, broken)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class SweptClusters(Shown):
    """Some clusters of a sweep, each with what came of it, the next step and its record."""

    clusters: tuple[SweptCluster, ...]

    def __str__(self) -> str:
        told = [f"{one.state} {one.cluster}: {tell_swept(one)}" for one in self.clusters]
        return "\n".join(told) or "none"

    def _repr_html_(self) -> str:
        return sweep_clusters_html(self.clusters) if self.clusters else "<p>None.</p>"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class ClusterSweep(Shown):
    """What became of a sweep.

    Attributes
    ----------
    folder
        Its own folder, under ``sweeps``.
    record
        What is known of it.
    """

    folder: Path
    record: SweepRecord

    @property
    def page(self) -> Path:
        """The page that rolls it up, one HTML file."""
        return self.folder / PAGE_FILE

    @property
    def failed(self) -> tuple[SweptCluster, ...]:
        """The clusters without an answer, the worst first."""
        return tuple(one for one in self.record.worst_first if not one.state.has_answer)

    @property
    def unanswered(self) -> SweptClusters:
        """The clusters without an answer, why, and what to do next."""
        return SweptClusters(clusters=self.failed)

    @property
    def each(self) -> SweptClusters:
        """All clusters, the worst first."""
        return SweptClusters(clusters=self.record.worst_first)

    @property
    def table(self) -> pd.DataFrame:
        """The same as a table of plain values."""
        return sweep_frame(self.record)

    @property
    def picture(self) -> str:
        """How many clusters are in which state, by region, as SVG."""
        return draw_sweep(self.record)

    @property
    def outcome(self) -> str:
        """The worst of all runs: ``failed``, ``refused``, ``findings`` or ``done``."""
        states = {one.state for one in self.failed}
        if states:
            return "refused" if states == {SweepState.REFUSED} else "failed"
        found = any(one.state is SweepState.FINDINGS for one in self.record.clusters)
        return "findings" if found else "done"

    @property
    def summary(self) -> str:
        """One sentence."""
        return f"{self.record.notebook} over {tell_counts(self.record)}"

    def __str__(self) -> str:
        return "\n".join([self.summary, self.table.to_string(index=False), f"page: {self.page}"])

    def _repr_html_(self) -> str:
        return sweep_html(self.record, page=str(self.page))

    def to_json(self) -> Mapping[str, Any]:
        """Return all of it as plain values."""
        document = self.record.to_json()
        worst = [one.to_json() for one in self.record.worst_first]
        return {**document, "summary": self.summary, "clusters": worst, "page": str(self.page)}
