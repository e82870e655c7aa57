"""Evidence: what was done with a cluster in a time, in one archive that proves itself.

Nothing of AWS is asked but records in a bucket, and nothing but the archive is written.
"""

from __future__ import annotations

import datetime as dt
import importlib.metadata
import platform
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from fleetkit.config import Waiver, load_cluster
from fleetkit.core import (
    ClusterFileError,
    NotFoundError,
    SettingsError,
    Signer,
    current_user,
    format_utc,
    utc_now,
)
from fleetkit.runs import Actor, ProofState
from fleetkit.runs.evidence import Manifest, PackedRecord, is_plain_name, write_archive
from fleetkit.views import Tone
from fleetkit.workflows._evidence_choice import ChosenRecords, Period, choose_records, tell_error
from fleetkit.workflows._evidence_documents import list_documents, list_keys
from fleetkit.workflows._evidence_gathering import Gathered, pack_records
from fleetkit.workflows._reporting import Reporter
from fleetkit.workflows._shown import Shown
from fleetkit.workflows.record_place import RecordPlace

__all__ = ["MadeEvidence", "make_evidence"]


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class MadeEvidence(Shown):
    """An archive that was written.

    Attributes
    ----------
    path
        Where it is.
    manifest
        What it says of itself.
    keys
        Public keys that signed its records and the approvals in them.
    away
        How many of what it lacks could not be read; the rest was under way.
    audits, approvals
        How many its records tell of.
    remarks
        What else is to be known.
    """

    path: Path
    manifest: Manifest
    keys: tuple[str, ...]
    away: int
    audits: int
    approvals: int
    remarks: tuple[str, ...]

    def count(self, state: ProofState) -> int:
        """Return how many records were of this state when they were packed."""
        return sum(one.state == state for one in self.manifest.records)

    @property
    def outcome(self) -> str:
        """``failed`` where a record is broken or was not read, ``findings`` where one has no end, else ``done``."""
        if self.away or self.count(ProofState.BROKEN):
            return "failed"
        return "findings" if self.manifest.lacks or self.count(ProofState.OPEN) else "done"

    @property
    def summary(self) -> str:
        """One sentence."""
        counts = {state: self.count(state) for state in ProofState}
        states = ", ".join(f"{count} {state}" for state, count in counts.items() if count)
        lacks = f"; {len(self.manifest.lacks)} missing" if self.manifest.lacks else ""
        return f"{len(self.manifest.records)} records of {self.manifest.cluster} ({states or 'none'}){lacks}"

    def __str__(self) -> str:
        told = f"audits: {self.audits}, approvals: {self.approvals}"
        broken = [f"broken: {one.id}" for one in self.manifest.records if one.state == ProofState.BROKEN]
        opened = [f"open: {one.id}" for one in self.manifest.records if one.state == ProofState.OPEN]
        missing = [f"missing: {one}" for one in self.manifest.lacks]
        return "\n".join([f"{self.summary}; {told}", *missing, *broken, *opened, *self.remarks])

    def to_json(self) -> dict[str, Any]:
        """Return it as plain values."""
        about = self.manifest
        return {
            "archive": str(self.path),
            "outcome": self.outcome,
            "cluster": about.cluster,
            "from": format_utc(about.since),
            "to": format_utc(about.until),
            "public_key": about.public_key,
            "keys": list(self.keys),
            "records": {one.id: one.state for one in about.records},
            "missing": [{"what": one.what, "why": one.why} for one in about.lacks],
            "audits": self.audits,
            "approvals": self.approvals,
            "remarks": list(self.remarks),
            "files": len(about.files),
        }


def make_evidence(
    place: RecordPlace,
    path: Path,
    *,
    cluster: str,
    since: dt.datetime,
    until: dt.datetime,
    signer: Signer,
    overwrite: bool = False,
    now: dt.datetime | None = None,
    report: Reporter | None = None,
) -> MadeEvidence:
    """Pack the records of a cluster whose runs began in a time, and what they tell, into a signed archive.

    What cannot be had is told in the archive, and in the outcome; nothing is left out in silence.

    Parameters
    ----------
    cluster
        Name or file of the cluster; without its file what it waives now is not told.
    since, until
        From when to when; both moments belong to it.
    signer
        Signs for the whole; KMS is asked once, at the end.
    overwrite
        Whether an archive that is there already may go.

    Raises
    ------
    NotFoundError
        When there is nothing to pack: an empty archive would look as if nothing had been done.
    PreconditionError
        When there is such a file already.
    SettingsError
        When the time ends before it begins, or the cluster has no legal name.
    FleetkitError
        When the archive cannot be written or signed.
    """
    told, moment, period = report or Reporter(), now or utc_now(), Period(since=since, until=until)
    name = Path(cluster).name.removesuffix(".toml")
    if not is_plain_name(name):
        raise SettingsError(f"{cluster!r} is no name of a cluster", hint="fleetkit runs list shows which have records")
    chosen = choose_records(place, cluster=name, period=period)
    if not (chosen.folders or chosen.away or chosen.under_way):
        raise _nothing(chosen, place, cluster=name, period=period)
    if until > moment:
        chosen.remarks.append("the time goes on: runs that begin after the archive was made are not in it")
    waivers = _read_waivers(chosen, cluster, place)
    told.note(f"{len(chosen.folders)} records of {name} {period}")
    about = Manifest(
        cluster=name,
        since=since,
        until=until,
        made_at=moment,
        made_by=Actor(user=current_user(), host=platform.node()),
        public_key=signer.public_key,
        versions={"fleetkit": importlib.metadata.version("fleetkit"), "python": platform.python_version()},
    )
    with write_archive(path, replace=overwrite) as archive:
        found = pack_records(archive, chosen, place, cluster=name, told=told)
        about = replace(
            about,
            records=tuple(
                PackedRecord(id=one.id, state=one.proof.state.value, keys=one.proof.keys) for one in found.records
            ),
            lacks=(*found.away, *found.under_way),
        )
        made = _describe(path, about, found)
        tone = {"done": Tone.GOOD, "findings": Tone.CARE, "failed": Tone.BAD}[made.outcome]
        for name, text in list_documents(found, about, waivers=waivers, tone=tone, headline=made.summary):
            archive.add_text(name, text)
        about = replace(about, files=tuple(archive.files))
        manifest = about.to_bytes()
        archive.close(manifest, signer.sign(manifest))
    return replace(made, manifest=about)


def _read_waivers(chosen: ChosenRecords, cluster: str, place: RecordPlace) -> Sequence[Waiver] | None:
    try:
        return load_cluster(cluster, folder=place.folder.parent).waivers
    except ClusterFileError as error:
        chosen.remarks.append(f"which waivers hold now is not known: {tell_error(error, place)}")
        return None


def _describe(path: Path, about: Manifest, found: Gathered) -> MadeEvidence:
    return MadeEvidence(
        path=path,
        manifest=about,
        keys=list_keys(found),
        away=len(found.away),
        audits=len(found.audits),
        approvals=len(found.approvals),
        remarks=tuple(found.remarks),
    )


def _nothing(chosen: ChosenRecords, place: RecordPlace, *, cluster: str, period: Period) -> NotFoundError:
    if chosen.others:
        return NotFoundError(
            f"no run on {cluster} began {period}",
            seen=f"{chosen.others} records of another time",
            hint=f"fleetkit runs list {cluster} shows when they began",
        )
    known = sorted({folder.parent.name for folder in chosen.store.list_runs()})
    return NotFoundError(
        f"there is no record of {cluster} in {place.store.place}",
        known=known,
        hint="fleetkit runs list shows which there are",
    )
