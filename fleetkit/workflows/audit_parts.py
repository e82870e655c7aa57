"""Parts of an audit, each to be shown on its own in a notebook: a glance at all, what is amiss, waivers, evidence."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

from fleetkit.views import (
    audit_evidence_html,
    audit_findings_html,
    audit_table,
    audit_waivers_html,
    draw_audit,
)
from fleetkit.workflows._shown import Shown

if TYPE_CHECKING:
    from fleetkit.workflows.auditing import Audit

__all__ = ["AuditPart", "show_evidence", "show_findings", "show_overview", "show_waivers"]


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class AuditPart(Shown):
    """One part of an audit, in words and as markup."""

    text: str
    html: str

    def __str__(self) -> str:
        return self.text

    def _repr_html_(self) -> str:
        return self.html


def show_overview(audit: Audit) -> AuditPart:
    """Return an audit at a glance: a sentence, and a picture by severity and area."""
    words = f"<p><strong>{escape(audit.summary)}</strong></p>"
    return AuditPart(
        text=f"{audit.summary}\n{audit.cost}", html=f"{words}{draw_audit(audit.results)}<p>{escape(audit.cost)}</p>"
    )


def show_findings(audit: Audit) -> AuditPart:
    """Return what is to be looked at, with why it matters and how it is mended."""
    mending = {one.check.id: one.check.mend for one in audit.results}
    rows = [row for row in audit_table(audit.results, audit.waivers) if row[0] != "waived"]
    lines = [f"{' '.join(row)}\n  mend: {mending.get(row[2], 'the cluster file')}" for row in rows]
    return AuditPart(
        text="\n".join(lines) or "nothing is amiss",
        html=audit_findings_html(audit.results, audit.waivers),
    )


def show_waivers(audit: Audit) -> AuditPart:
    """Return what the cluster file excuses: until when, by whom and why."""
    rows = audit_table([one for one in audit.results if one.waiver is not None])
    text = "\n".join(" ".join(row) for row in rows)
    return AuditPart(text=text or "nothing is waived", html=audit_waivers_html(audit.results))


def show_evidence(audit: Audit) -> AuditPart:
    """Return each result, what passed too, with the facts that it was read from."""
    lines = [
        f"{one.state} {one.check.id} {one.judgement.resource}: {dict(one.judgement.evidence)}" for one in audit.results
    ]
    return AuditPart(text="\n".join(lines), html=audit_evidence_html(audit.results))
