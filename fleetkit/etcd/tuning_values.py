"""What is advised for etcd's settings and disks, and what it is advised by."""

from __future__ import annotations

import enum
from dataclasses import dataclass

__all__ = ["Advice", "Disk", "Fit", "RaftSettings", "RoundTrip", "Tuning"]


class Fit(enum.StrEnum):
    """How something stands to the guidance."""

    FITS = "fits"
    CHANGE = "change"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class RaftSettings:
    """What members do not tell of their settings; None where nobody knows it.

    Attributes
    ----------
    heartbeat_ms, election_ms
        Raft's intervals in milliseconds.
    snapshot_count
        Number of entries between two snapshots.
    """

    heartbeat_ms: int | None = None
    election_ms: int | None = None
    snapshot_count: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundTrip:
    """How far it is from one member to another, as the first one measured it since it started."""

    member: str
    peer: str
    average_s: float
    p99_s: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Disk:
    """How fast a member's disk is, by the 99th percentile since the member started.

    Attributes
    ----------
    fsync_s, commit_s
        Syncing the write-ahead log, and committing the backend; None where too few were observed.
    """

    member: str
    fsync_s: float | None
    commit_s: float | None
    fit: Fit
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """What is advised for one setting.

    Attributes
    ----------
    setting
        Its name, as etcd's options have it.
    who
        Whom it is for; empty where it is for all members.
    current, suggested
        None where nobody knows.
    """

    setting: str
    who: str
    current: int | None
    suggested: int | None
    fit: Fit
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Tuning:
    """What was measured, and what is advised."""

    round_trips: tuple[RoundTrip, ...]
    disks: tuple[Disk, ...]
    advice: tuple[Advice, ...]

    @property
    def fits(self) -> bool:
        """Whether nothing is to be changed, as far as it is known."""
        return Fit.CHANGE not in (*(one.fit for one in self.disks), *(one.fit for one in self.advice))
