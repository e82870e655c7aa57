"""What an archive tells in words, tables and a picture, beside the records themselves."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator, Sequence
from typing import Any

from fleetkit.checks import Severity
from fleetkit.config import Waiver
from fleetkit.core import fingerprint_key, format_utc
from fleetkit.runs import ProofState
from fleetkit.runs.evidence import Manifest
from fleetkit.views import EvidencePage, EvidenceTable, PointOfAudit, Tone, draw_audit_trend
from fleetkit.workflows._evidence_findings import FINDING_COLUMNS, follow_findings
from fleetkit.workflows._evidence_gathering import RUN_COLUMNS, Gathered
from fleetkit.workflows._evidence_waivers import WAIVER_COLUMNS
from fleetkit.workflows.audit_change import compare_audits, find_comparable

__all__ = ["list_documents", "list_keys"]

_AUDIT_COLUMNS = ("audit", "record", "outcome", *Severity, "passed", "waived", "since the one before")
_APPROVAL_COLUMNS = (
    "used", "record", "operation", "plan", "way", "by", "name", "signature", "given", "expires", "key",
)  # fmt: skip
_KEY_COLUMNS = ("sha256", "public key", "signed")


def list_documents(
    found: Gathered, about: Manifest, *, waivers: Sequence[Waiver] | None, tone: Tone, headline: str
) -> Iterator[tuple[str, str]]:
    """Yield the path and the text of each.

    Parameters
    ----------
    about
        The manifest, of which records, lacks and files are not asked.
    waivers
        Those of the cluster file; None where it cannot be read.
    tone, headline
        How it stands as a whole.
    """
    runs = EvidenceTable(name="runs", label="runs", columns=RUN_COLUMNS, rows=[one.row for one in found.records])
    audits = EvidenceTable(name="audits", label="audits", columns=_AUDIT_COLUMNS, rows=list(_tell_audits(found)))
    lives = [one.row for one in follow_findings(found.audits)]
    findings = EvidenceTable(name="findings", label="findings", columns=FINDING_COLUMNS, rows=lives)
    approvals = EvidenceTable(
        name="approvals", label="approvals", columns=_APPROVAL_COLUMNS, rows=list(_tell_approvals(found))
    )
    rows = found.waivers.list_rows(waivers, today=about.made_at.date())
    excused = EvidenceTable(name="waivers", label="waivers", columns=WAIVER_COLUMNS, rows=rows)
    keys = EvidenceTable(
        name="keys", label="keys that signed", columns=_KEY_COLUMNS, rows=list(_tell_keys(found, about.public_key))
    )
    picture = _draw(found)
    yield "verification.json", json.dumps(list(_tell_proofs(found)), indent=1, ensure_ascii=False) + "\n"
    for table in (runs, audits, findings, approvals, excused, keys):
        yield f"{table.name}.csv", table.to_csv()
        yield f"{table.name}.json", table.to_json()
    yield "findings.svg", picture
    page = EvidencePage(
        cluster=about.cluster,
        since=about.since,
        until=about.until,
        made_at=about.made_at,
        made_by=f"{about.made_by.user} on {about.made_by.host}, fleetkit {about.versions['fleetkit']}",
        public_key=about.public_key,
        tone=tone,
        headline=headline,
        lacks=[str(one) for one in (*found.away, *found.under_way)],
        remarks=found.remarks,
        runs=runs,
        audits=audits,
        findings=findings,
        approvals=approvals,
        waivers=excused,
        keys=keys,
        reports={one.id: one.report for one in found.records if one.has_report},
        picture=picture,
    )
    yield "index.html", page.render()


def list_keys(found: Gathered) -> tuple[str, ...]:
    """Return the public keys that signed journals, in the order of their first record, then those of approvals."""
    journals = [key for one in found.records for key in one.proof.keys]
    return tuple(dict.fromkeys([*journals, *(one.public_key for one in found.approvals if one.is_signed)]))


def _tell_audits(found: Gathered) -> Iterator[tuple[str, ...]]:
    for number, audit in enumerate(found.audits):
        before = find_comparable(audit, found.audits[:number])
        change = compare_audits(audit, before)
        parts = ", ".join(f"{len(told)} {word}" for word, told in change.parts)
        yield (
            format_utc(audit.at),
            "" if audit.run is None else audit.run.record.id,
            audit.outcome,
            *(str(audit.count(severity)) for severity in Severity),
            *(str(audit.counts.get(state, 0)) for state in ("passed", "waived")),
            "the first of these checks" if before is None else parts or "the same",
        )


def _draw(found: Gathered) -> str:
    points = [
        PointOfAudit(at=format_utc(one.at), counts={severity: one.count(severity) for severity in Severity})
        for one in found.audits
    ]
    return draw_audit_trend(points, most=max(1, len(points)))


def _tell_approvals(found: Gathered) -> Iterator[tuple[str, ...]]:
    for one in found.approvals:
        key = fingerprint_key(one.public_key)[:16] if one.is_signed else one.public_key
        about = (format_utc(one.at), one.run, one.operation, one.plan, one.way, one.arn, one.name)
        yield (*about, one.signature, one.given_at, one.expires_at, key)


def _tell_keys(found: Gathered, maker: str) -> Iterator[tuple[str, str, str]]:
    for key in dict.fromkeys([maker, *list_keys(found)]):
        counts = {
            "record": sum(key in one.proof.keys for one in found.records),
            "approval": sum(one.is_signed and one.public_key == key for one in found.approvals),
        }
        told = [f"{count} {what}{'' if count == 1 else 's'}" for what, count in counts.items() if count]
        yield fingerprint_key(key), key, ", ".join([*(["this archive"] if key == maker else []), *told])


def _tell_proofs(found: Gathered) -> Iterator[dict[str, Any]]:
    for one in found.records:
        told = dataclasses.asdict(one.proof)
        yield {
            "record": one.id,
            "state": str(ProofState(one.proof.state)),
            "flaws": [str(flaw) for flaw in one.proof.flaws],
            **{name: told[name] for name in ("remarks", "lines", "signed", "keys")},
        }
