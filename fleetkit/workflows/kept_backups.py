"""Backups of etcd that are there, each with the proof that it was restored once.

One without is unproven, and is shown so.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from fleetkit.core import FleetkitError, format_bytes, format_duration, format_utc, parse_utc
from fleetkit.etcd import BackupName, Retention
from fleetkit.workflows._shown import Shown

__all__ = ["BackupListing", "BackupProof", "KeptBackup", "select_removable"]


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupProof:
    """What came of restoring a backup into a scratch etcd.

    Attributes
    ----------
    drilled
        When.
    sha256
        Of the backup's file, in hex.
    findings
        What was not as it should be; none where the backup is proven.
    rpo_s
        Seconds between the backup and the drill: what would have been lost.
    rto_s
        Seconds that it took from fetching the backup until both stores served.
    """

    drilled: dt.datetime
    sha256: str
    findings: tuple[str, ...]
    rpo_s: float
    rto_s: float

    def to_json(self) -> bytes:
        """Write it as JSON."""
        return json.dumps({**asdict(self), "drilled": format_utc(self.drilled)}, indent=1).encode()

    @classmethod
    def from_json(cls, content: bytes, *, where: str) -> BackupProof:
        """Read what `to_json` wrote.

        Raises
        ------
        FleetkitError
            When it is not that.
        """
        try:
            found = json.loads(content)
        except ValueError as error:
            raise _no_proof(where, error) from error
        return cls.from_facts(found, where=where)

    @classmethod
    def from_facts(cls, found: Any, *, where: str) -> BackupProof:
        """Read a proof out of what JSON or a record tells.

        Raises
        ------
        FleetkitError
            When it is not that.
        """
        try:
            return cls(
                drilled=parse_utc(found["drilled"]),
                sha256=str(found["sha256"]),
                findings=tuple(str(one) for one in found["findings"]),
                rpo_s=float(found["rpo_s"]),
                rto_s=float(found["rto_s"]),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise _no_proof(where, error) from error


def _no_proof(where: str, error: Exception) -> FleetkitError:
    return FleetkitError(
        f"{where} is no proof of a backup", seen=str(error), hint="remove it, and drill the backup again"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptBackup:
    """A backup that is there.

    Attributes
    ----------
    name
        Its name, which says when it was taken and at which revision.
    size_bytes
        Of the file.
    proof
        What came of its last drill; None where it was never drilled.
    """

    name: BackupName
    size_bytes: int
    proof: BackupProof | None

    @property
    def state(self) -> str:
        """Whether it can be relied on, in one word."""
        if self.proof is None:
            return "unproven"
        return "failed" if self.proof.findings else "proven"

    def __str__(self) -> str:
        size = format_bytes(self.size_bytes)
        told = "" if self.proof is None else f", RTO {format_duration(self.proof.rto_s)}"
        taken = format_utc(self.name.taken)
        return f"{self.name}: taken {taken} at revision {self.name.revision}, {size}, {self.state}{told}"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class BackupListing(Shown):
    """The backups of a cluster, at one moment.

    Attributes
    ----------
    address
        Where they are.
    backups
        The newest first.
    """

    address: str
    backups: tuple[KeptBackup, ...]

    def __str__(self) -> str:
        if not self.backups:
            return f"no backup in {self.address}"
        return "\n".join([f"{len(self.backups)} backups in {self.address}", *(f"  - {one}" for one in self.backups)])


def select_removable(backups: Sequence[KeptBackup], retention: Retention) -> tuple[KeptBackup, ...]:
    """Return which of a place's backups no rule keeps; the newest that is proven stays too, whatever the rules say."""
    kept = retention.choose_kept(one.name for one in backups)
    proven = max((one.name for one in backups if one.state == "proven"), default=None)
    return tuple(one for one in backups if one.name not in kept and one.name != proven)
