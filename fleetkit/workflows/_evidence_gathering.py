"""Packing records one after the other, and remembering of each what the archive's tables tell."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from fleetkit.core import BusyError, FleetkitError, fingerprint_key, format_duration, format_utc
from fleetkit.pki import verify_signature
from fleetkit.runs import ProofState, RunProof, RunRecord, StoredRun, read_run
from fleetkit.runs.evidence import RECORDS_FOLDER, ArchiveWriter, Lack, copy_record, prove_record
from fleetkit.workflows._evidence_approvals import ToldApproval, read_approvals
from fleetkit.workflows._evidence_choice import ChosenRecords, tell_error
from fleetkit.workflows._evidence_waivers import SeenWaivers
from fleetkit.workflows._reporting import Reporter
from fleetkit.workflows._told_facts import tell_runs
from fleetkit.workflows.audit_history import PastAudit
from fleetkit.workflows.record_place import RecordPlace

__all__ = ["RUN_COLUMNS", "Gathered", "TakenRecord", "pack_records"]

RUN_COLUMNS = ("record", "notebook", "outcome", "started", "took", "by", "proof", "lines", "signed", "keys", "remarks")
"""What is told of each record."""

_TELL_EVERY = 25


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenRecord:
    """A record that was packed.

    Attributes
    ----------
    proof
        What its check came to.
    record
        What its ``run.json`` says; None where that cannot be read.
    has_report
        Whether its report was packed.
    remarks
        What else is to be known.
    """

    proof: RunProof
    record: RunRecord | None
    has_report: bool
    remarks: tuple[str, ...]

    @property
    def id(self) -> str:
        """Name of its folder."""
        return self.proof.folder.name

    @property
    def report(self) -> str:
        """Path of its report in the archive."""
        return f"{RECORDS_FOLDER}/{self.id}/report.html"

    @property
    def row(self) -> tuple[str, ...]:
        """The cells of its line, as `RUN_COLUMNS` names them."""
        one, proof = self.record, self.proof
        told = ("", "unknown", "", "", "") if one is None else _tell_record(one)
        keys = " ".join(fingerprint_key(key)[:16] for key in proof.keys)
        words = "; ".join([*map(str, proof.flaws), *proof.remarks, *self.remarks])
        return (self.id, *told, proof.state.value, str(proof.lines), str(proof.signed), keys, words)


@dataclass(slots=True, kw_only=True)
class Gathered:
    """What the records told while they were packed.

    Attributes
    ----------
    records, approvals, audits
        In time; no audit of a broken record is among them.
    waivers
        Those that the audits met with.
    lacks
        Records that could not be read, and others that were under way.
    remarks
        What else is to be known.
    """

    records: list[TakenRecord] = field(default_factory=list)
    approvals: list[ToldApproval] = field(default_factory=list)
    audits: list[PastAudit] = field(default_factory=list)
    waivers: SeenWaivers = field(default_factory=SeenWaivers)
    away: list[Lack] = field(default_factory=list)
    under_way: list[Lack] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)

    _shared: dict[Any, Any] = field(default_factory=dict, repr=False)

    def share(self, audit: PastAudit) -> PastAudit:
        """Return an audit that keeps once what audits before it told too: from day to day hardly anything changes."""
        findings = tuple(self._shared.setdefault(one, one) for one in audit.findings)
        stood = self._shared.setdefault(audit.stood, audit.stood)
        if stood is audit.stood:
            stood = frozenset(self._shared.setdefault(one, one) for one in audit.stood)
            self._shared[stood] = stood
        return replace(audit, findings=findings, stood=stood)


def pack_records(
    archive: ArchiveWriter, chosen: ChosenRecords, place: RecordPlace, *, cluster: str, told: Reporter
) -> Gathered:
    """Pack each record: a copy of it is made, proven, read and put into the archive, and goes again."""
    found = Gathered(away=[*chosen.away], under_way=[*chosen.under_way], remarks=[*chosen.remarks])
    for number, folder in enumerate(chosen.folders, start=1):
        if number % _TELL_EVERY == 0:
            told.note(f"{number} of {len(chosen.folders)} records")
        with tempfile.TemporaryDirectory(prefix="fleetkit-evidence-") as room:
            copy = Path(room) / folder.name
            try:
                left = copy_record(chosen.store.fetch_folder(folder), copy)
            except BusyError:
                why = "its run was under way when the archive was made"
                found.under_way.append(Lack(what=folder.name, why=why))
            except FleetkitError as error:
                found.away.append(Lack(what=folder.name, why=tell_error(error, place)))
            else:
                _take(found, copy, left, cluster=cluster)
                for path in sorted(copy.iterdir()):
                    archive.add_file(f"{RECORDS_FOLDER}/{copy.name}/{path.name}", path)
    found.audits.sort(key=lambda one: one.at)
    return found


def _take(found: Gathered, copy: Path, left: tuple[str, ...], *, cluster: str) -> None:
    proof = prove_record(copy, cluster=cluster, verify=verify_signature)
    stored = _read(copy)
    remarks = [f"{name} lay beside it and was left out" for name in left]
    try:
        for approval in read_approvals(copy, cluster=cluster):
            found.approvals.append(approval)
    except FleetkitError:
        remarks.append("its approvals are not told: its journal cannot be read to its end")
    if stored is not None and proof.state is not ProofState.BROKEN:
        remarks += _take_audits(found, stored)
    elif stored is not None:
        remarks.append("what it found is not counted")
    record = None if stored is None else stored.record
    has_report = (copy / "report.html").is_file()
    found.records.append(TakenRecord(proof=proof, record=record, has_report=has_report, remarks=tuple(remarks)))


def _read(copy: Path) -> StoredRun | None:
    try:
        return read_run(copy)
    except FleetkitError:
        # Its proof says what is wrong with it.
        return None


def _take_audits(found: Gathered, stored: StoredRun) -> Iterator[str]:
    """Take in the audits of a record, and yield why one of them is not told."""
    for _, told in tell_runs([stored], "audit"):
        if isinstance(told, FleetkitError):
            yield told.without_hint
            continue
        for _, facts in told:
            try:
                audit = PastAudit.from_facts(facts, where=f"the record {stored.record.id}", run=stored)
                found.audits.append(found.share(audit))
                found.waivers.take(facts)
            except FleetkitError as error:
                yield error.without_hint


def _tell_record(one: RunRecord) -> tuple[str, str, str, str, str]:
    took = "" if one.took_s is None else format_duration(one.took_s)
    by = f"{one.actor.user}@{one.actor.host}" + (f" as {one.actor.aws}" if one.actor.aws else "")
    return one.notebook, one.outcome.value, format_utc(one.started), took, by
