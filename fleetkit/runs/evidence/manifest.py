"""What an archive says of itself: of which cluster and time it is, what it holds, and what it ought to hold and lacks.

This one file is signed; by its hashes it vouches for all others.
"""

from __future__ import annotations

import datetime as dt
import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fleetkit.core import format_utc, parse_utc
from fleetkit.runs.evidence.framing import is_plain_name, refuse
from fleetkit.runs.record import Actor

__all__ = ["MANIFEST_FILE", "SIGNATURE_FILE", "Lack", "Manifest", "PackedFile", "PackedRecord"]

MANIFEST_FILE = "manifest.json"
SIGNATURE_FILE = "manifest.sig"

_FORMAT = 1
_PURPOSE = "fleetkit evidence"
"""The same key signs other things too. They begin with words, and this with a brace, so neither passes for another."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PackedFile:
    """A file of the archive."""

    path: str
    sha256: str
    size_bytes: int

    def to_line(self) -> str:
        """Return it on a line of its own, which tools that know no JSON can read: see docs/evidence.md."""
        return f'    {{"sha256": "{self.sha256}", "size_bytes": {self.size_bytes}, "path": "{self.path}"}}'


@dataclass(frozen=True, slots=True, kw_only=True)
class PackedRecord:
    """A record of the archive.

    Attributes
    ----------
    id
        Name of its folder under ``records/``.
    state
        What the check of it came to when it was packed: ``closed``, ``open`` or ``broken``.
    keys
        Public keys that signed its journal.
    """

    id: str
    state: str
    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Lack:
    """Something that belongs into the archive and is not there: what, and why."""

    what: str
    why: str

    def __str__(self) -> str:
        return f"{self.what}: {self.why}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What an archive says of itself.

    Attributes
    ----------
    cluster
        Of which cluster the records are.
    since, until
        Runs that began at the one moment or later, and at the other or earlier.
    made_at, made_by
        When, by the clock of the computer that made it, and by whom.
    public_key
        Whose signature stands beside it.
    versions
        Of what made it.
    records, lacks, files
        What it holds, and what it lacks; the files in the order of the archive.
    """

    cluster: str
    since: dt.datetime
    until: dt.datetime
    made_at: dt.datetime
    made_by: Actor
    public_key: str
    versions: Mapping[str, str]
    records: tuple[PackedRecord, ...] = ()
    lacks: tuple[Lack, ...] = ()
    files: tuple[PackedFile, ...] = ()

    def to_bytes(self) -> bytes:
        """Return its file, in which each file of the archive has a line of its own."""
        about = {
            "purpose": _PURPOSE,
            "format": _FORMAT,
            "cluster": self.cluster,
            "from": format_utc(self.since),
            "to": format_utc(self.until),
            "made_at": format_utc(self.made_at),
            "made_by": {"user": self.made_by.user, "host": self.made_by.host},
            "public_key": self.public_key,
            "versions": dict(self.versions),
            "records": [{"id": one.id, "state": one.state, "keys": list(one.keys)} for one in self.records],
            "missing": [{"what": one.what, "why": one.why} for one in self.lacks],
        }
        head = json.dumps(about, indent=2, ensure_ascii=True).removesuffix("\n}")
        files = ",\n".join(one.to_line() for one in self.files)
        return f'{head},\n  "files": [\n{files}\n  ]\n}}\n'.encode("ascii")

    @classmethod
    def from_bytes(cls, content: bytes) -> Manifest:
        """Read what `to_bytes` returned.

        Raises
        ------
        FleetkitError
            When it is something else.
        """
        try:
            told = json.loads(content)
            if (told["purpose"], told["format"]) != (_PURPOSE, _FORMAT):
                raise refuse(MANIFEST_FILE, "it is that of another version", seen=f"format {told['format']}")
            found = _read(told)
            written = found.to_bytes()
        except (AttributeError, KeyError, RecursionError, TypeError, ValueError) as error:
            seen = f"{type(error).__name__}: {error}"
            raise refuse(MANIFEST_FILE, "it is no manifest of evidence", seen=seen) from error
        if written != content:
            raise refuse(MANIFEST_FILE, "it was not written by fleetkit in this form")
        return found


def _read(told: Mapping[str, Any]) -> Manifest:
    files = tuple(
        PackedFile(path=one["path"], sha256=one["sha256"], size_bytes=one["size_bytes"]) for one in told["files"]
    )
    records = tuple(PackedRecord(id=one["id"], state=one["state"], keys=tuple(one["keys"])) for one in told["records"])
    names = [*(one.path for one in files), *(one.id for one in records)]
    if wrong := [one for one in names if not is_plain_name(one)] + [one.id for one in records if "/" in one.id]:
        raise ValueError(f"nothing may be called {wrong[0]!r}")
    if twice := [name for name, count in Counter(one.id for one in records).items() if count > 1]:
        raise ValueError(f"the record {twice[0]} is named twice")
    by = told["made_by"]
    return Manifest(
        cluster=told["cluster"],
        since=parse_utc(told["from"]),
        until=parse_utc(told["to"]),
        made_at=parse_utc(told["made_at"]),
        made_by=Actor(user=by["user"], host=by["host"]),
        public_key=told["public_key"],
        versions=dict(told["versions"]),
        records=records,
        lacks=tuple(Lack(what=one["what"], why=one["why"]) for one in told["missing"]),
        files=files,
    )
