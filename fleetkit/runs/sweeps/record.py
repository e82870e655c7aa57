"""What ``sweep.json`` says of one notebook over many clusters, as a value."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fleetkit.core import format_utc, parse_utc
from fleetkit.runs._field_reader import FieldReader
from fleetkit.runs.sweeps.swept import SweepState, SweptCluster

__all__ = ["SWEEP_FORMAT", "SweepRecord"]

SWEEP_FORMAT = 1
"""Version of the layout of ``sweep.json``."""

_HINT = "it was damaged or written by another version; the records of its runs under runs/ stand on their own"


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepRecord:
    """One notebook over many clusters.

    Attributes
    ----------
    id
        Name of its folder under ``sweeps``; empty before it begins.
    notebook, notebook_file, notebook_sha256
        The notebook's name, its path where it is none of the package's, and the SHA-256 of its file.
    parameters
        Those that all runs are given, beside their cluster.
    at_once
        The most runs under way at one time.
    rate_per_s
        Calls a second that all runs on one account and region make together.
    timeout_s
        Seconds that each run may take.
    user
        Who began it.
    interrupted
        Whether somebody stopped it.
    resumes
        Id of the sweep whose clusters without an answer are run again; empty for a sweep of its own.
    clusters
        In the order in which they were named.
    """

    id: str = ""
    notebook: str
    notebook_file: str = ""
    notebook_sha256: str
    parameters: Mapping[str, Any]
    at_once: int
    rate_per_s: float
    timeout_s: float
    user: str
    started: dt.datetime
    ended: dt.datetime | None = None
    interrupted: bool = False
    resumes: str = ""
    clusters: tuple[SweptCluster, ...]

    @property
    def took_s(self) -> float | None:
        """Seconds from start to end; None where it has not ended."""
        return None if self.ended is None else (self.ended - self.started).total_seconds()

    @property
    def unanswered(self) -> tuple[SweptCluster, ...]:
        """The clusters of which the notebook did not say what it was asked."""
        return tuple(one for one in self.clusters if not one.state.has_answer)

    @property
    def worst_first(self) -> tuple[SweptCluster, ...]:
        """The clusters, the worst first, and by name where they are alike."""
        order = list(SweepState)
        return tuple(sorted(self.clusters, key=lambda one: (order.index(one.state), one.cluster, one.file)))

    def to_json(self) -> dict[str, Any]:
        """Return the sweep as plain values for JSON."""
        return {
            "format": SWEEP_FORMAT,
            "id": self.id,
            "notebook": self.notebook,
            "notebook_file": self.notebook_file,
            "notebook_sha256": self.notebook_sha256,
            "parameters": dict(self.parameters),
            "at_once": self.at_once,
            "rate_per_s": self.rate_per_s,
            "timeout_s": self.timeout_s,
            "user": self.user,
            "started": format_utc(self.started),
            "ended": None if self.ended is None else format_utc(self.ended),
            "interrupted": self.interrupted,
            "resumes": self.resumes,
            "clusters": [one.to_json() for one in self.clusters],
        }

    @classmethod
    def from_json(cls, document: object, *, where: str) -> SweepRecord:
        """Read what `to_json` wrote.

        Parameters
        ----------
        where
            File that the document came from, for the error.

        Raises
        ------
        FleetkitError
            When a field is missing or not legal; the message names it.
        """
        reader = FieldReader(document, where, hint=_HINT)
        if (seen := reader.get("format", int)) != SWEEP_FORMAT:
            raise reader.refuse("format", f"{seen}, and this version reads {SWEEP_FORMAT}")
        return cls(
            id=reader.get("id", str),
            notebook=reader.get("notebook", str),
            notebook_file=reader.get("notebook_file", str),
            notebook_sha256=reader.get("notebook_sha256", str),
            parameters=reader.get("parameters", dict),
            at_once=reader.get("at_once", int),
            rate_per_s=reader.get("rate_per_s", float, int),
            timeout_s=reader.get("timeout_s", float, int),
            user=reader.get("user", str),
            started=reader.convert("started", parse_utc),
            ended=reader.convert_or_none("ended", parse_utc),
            interrupted=reader.get("interrupted", bool),
            resumes=reader.get("resumes", str),
            clusters=tuple(map(SweptCluster.from_reader, reader.each("clusters"))),
        )
