"""An audit beside those before it: what is new and mended since the last one, and how findings went over time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from fleetkit.checks import Severity
from fleetkit.core import format_utc, parse_utc
from fleetkit.views import AuditChanges, PointOfAudit, audit_changes_html, draw_audit_trend
from fleetkit.workflows._shown import Shown
from fleetkit.workflows._workspace import Workspace
from fleetkit.workflows.audit_change import AuditChange, compare_audits, find_comparable
from fleetkit.workflows.audit_history import PastAudit, PastAudits, read_past_audits
from fleetkit.workflows.auditing import Audit

__all__ = ["AuditTrend", "read_audit_trend", "trace_audits"]


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class AuditTrend(Shown):
    """An audit beside those before it.

    Attributes
    ----------
    change
        What has changed since the last audit by the same checks.
    points
        Findings of each earlier audit by the same checks, and of this one, the oldest first.
    others
        How many earlier audits were not by all of these checks, and cannot be held against this one.
    unread
        Which records could not be read, and why.
    """

    change: AuditChange
    points: tuple[PointOfAudit, ...]
    others: int = 0
    unread: tuple[str, ...] = ()

    @property
    def notes(self) -> tuple[str, ...]:
        """What else is to be known, one sentence each."""
        count = "1 earlier audit was" if self.others == 1 else f"{self.others} earlier audits were"
        others = f"{count} not by all of these checks, and not compared with"
        return (*((others,) if self.others else ()), *self.unread)

    @property
    def changes(self) -> AuditChanges:
        """The same as plain words and rows, for a page."""
        rows = [(word, *one.row) for word, found in self.change.parts for one in found]
        return AuditChanges(summary=self.change.summary, rows=rows, points=self.points)

    def __str__(self) -> str:
        return "\n".join([str(self.change), *self.notes])

    def _repr_html_(self) -> str:
        notes = "".join(f"<p>{escape(one)}</p>" for one in self.notes)
        picture = draw_audit_trend(self.points) if len(self.points) > 1 else ""
        return f"{audit_changes_html(self.changes)}{picture}{notes}"


def read_audit_trend(workspace: Workspace, audit: Audit) -> AuditTrend:
    """Read the earlier audits of a cluster out of its records, and hold one against them.

    A record that cannot be read is named, and keeps no other from being read.
    """
    until = parse_utc(audit.at)
    past = read_past_audits(workspace.paths.runs.parent, cluster=workspace.cluster.name, until=until)
    return trace_audits(audit, past)


def trace_audits(audit: Audit, past: PastAudits) -> AuditTrend:
    """Hold an audit against earlier ones.

    Findings of earlier audits are counted as far as their checks are among this one's.
    """
    now = PastAudit.from_facts(audit.to_json(), where=f"the audit of {audit.cluster}")
    earlier = [one for one in past if one.at < now.at]
    fitting = [one for one in earlier if one.checks >= now.checks]
    return AuditTrend(
        change=compare_audits(now, find_comparable(now, fitting)),
        points=tuple(_count(one, now) for one in (*fitting, now)),
        others=len(earlier) - len(fitting),
        unread=past.unread,
    )


def _count(audit: PastAudit, now: PastAudit) -> PointOfAudit:
    meant: Sequence[Severity] = [
        one.severity for one in audit.findings if one.check in now.checks or audit.checks == now.checks
    ]
    return PointOfAudit(at=format_utc(audit.at), counts={severity: meant.count(severity) for severity in Severity})
