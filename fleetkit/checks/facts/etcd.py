"""Facts of etcd as its members tell them, and of its backups."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

__all__ = ["BackupFact", "CertificateFact", "ListedFact", "MemberFact", "StrainFact", "TlsFact"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedFact:
    """A member as another lists it; ``name`` is empty until it has started."""

    id: str
    name: str
    peer_urls: tuple[str, ...]
    client_urls: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberFact:
    """A member as it tells of itself and of the others; ``silence`` says why it told nothing, empty where it did."""

    name: str
    silence: str = ""
    member_id: str = ""
    cluster_id: str = ""
    version: str = ""
    listed: tuple[ListedFact, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateFact:
    """A certificate; ``names`` are all names and addresses that it stands for."""

    not_after: dt.datetime
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsFact:
    """How a member speaks to clients and peers.

    Attributes
    ----------
    name, address
        The member, and its static address.
    served
        The certificate that it shows to clients; None where it shows none.
    peer
        The one that was made for its peers; None where it is not on this computer.
    serves_strangers
        Whether it answers a client that has no certificate; None where that could not be tried.
    silence
        Why what it shows is not known; empty where it is.
    """

    name: str
    address: str
    served: CertificateFact | None
    peer: CertificateFact | None
    serves_strangers: bool | None
    silence: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StrainFact:
    """How hard a member's disk and database are pressed.

    Attributes
    ----------
    silence
        Why it told nothing; empty where it did.
    alarms
        Those that are raised for it: NOSPACE, CORRUPT.
    db_size, db_size_in_use, quota
        Bytes of its backend file, of those in use, and the size at which writes end.
    fsync_p99_s
        Seconds that 99 of 100 syncs of its log stayed below since it started; None where there was none.
    leader_changes, up_s
        How often it saw the leader change since it started, and for how many seconds it runs; None where it does not
        tell when it started.
    """

    name: str
    silence: str = ""
    alarms: tuple[str, ...] = ()
    db_size: float = 0
    db_size_in_use: float = 0
    quota: float = 0
    fsync_p99_s: float | None = None
    leader_changes: float = 0
    up_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupFact:
    """The backups of the cluster.

    Attributes
    ----------
    place
        Where they lie: a folder, or ``s3://bucket/prefix``; empty where none was ever made.
    newest
        When the newest was taken; None where there is none.
    drilled
        When one was last restored for a trial, of the ten newest that were; None where that was never done.
    drill_findings
        What that trial found.
    unread
        Why it is not known whether one was; empty where it is.
    """

    place: str
    newest: dt.datetime | None
    drilled: dt.datetime | None = None
    drill_findings: tuple[str, ...] = ()
    unread: str = ""
