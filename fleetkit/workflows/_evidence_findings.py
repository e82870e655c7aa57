"""The findings of many audits as lives: when each was first seen, when last, and what became of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from fleetkit.checks import ResultState, Severity
from fleetkit.core import format_utc
from fleetkit.workflows.audit_change import AuditChange, compare_audits
from fleetkit.workflows.audit_history import PastAudit, PastFinding

__all__ = ["FINDING_COLUMNS", "FindingLife", "follow_findings"]

FINDING_COLUMNS = ("severity", "check", "resource", "state", "first seen", "last seen", "audits", "ended", "reason")
"""What is told of each finding."""

_Key = tuple[str, str, str]
_WEIGHTS = tuple(Severity)


@dataclass(slots=True, kw_only=True)
class FindingLife:
    """A finding from when an audit first told it to when one told that it is none any more.

    Attributes
    ----------
    finding
        As it read last.
    first, last
        The audits that told it first and last.
    audits
        How many told it.
    end
        ``mended``, ``waived`` or ``failed instead``, with the moment of the audit that tells it; empty where none does.
    """

    finding: PastFinding
    first: dt.datetime
    last: PastAudit
    audits: int = 1
    end: str = ""

    @property
    def row(self) -> tuple[str, ...]:
        """The cells of its line, as `FINDING_COLUMNS` names them."""
        one = self.finding
        times = (format_utc(self.first), format_utc(self.last.at), str(self.audits), self.end or "not yet")
        return (str(one.severity), one.check, one.resource, str(one.state), *times, one.reason)


def follow_findings(audits: Sequence[PastAudit]) -> tuple[FindingLife, ...]:
    """Return the life of each finding, the weightiest first; one that comes again lives anew.

    Parameters
    ----------
    audits
        The oldest first.
    """
    going: dict[_Key, FindingLife] = {}
    lives: list[FindingLife] = []
    for audit in audits:
        told = {one.key: one for one in audit.findings}
        changes: dict[int, AuditChange] = {}
        for key, life in list(going.items()):
            if key not in told:
                since = life.last
                if id(since) not in changes:
                    changes[id(since)] = compare_audits(audit, since)
                life.end = _tell_end(key, changes[id(since)], audit)
                if life.end:
                    del going[key]
        for key, finding in told.items():
            if key in going:
                going[key].finding, going[key].last = finding, audit
                going[key].audits += 1
            else:
                going[key] = FindingLife(finding=finding, first=audit.at, last=audit)
                lives.append(going[key])
    lives.sort(key=lambda one: (bool(one.end), _WEIGHTS.index(one.finding.severity), one.first))
    return tuple(lives)


def _tell_end(key: _Key, change: AuditChange, audit: PastAudit) -> str:
    """Say what became of a finding that an audit does not tell; nothing where nobody can say."""
    for word, ended in (("mended", change.mended), ("waived", change.waived)):
        if any(one.key == key for one in ended):
            return f"{word}, {format_utc(audit.at)}"
    # What nobody could tell, and now is known to be amiss, lives on as that.
    failed = any((one.check, one.resource, one.state) == (*key[:2], ResultState.FAILED) for one in audit.findings)
    return f"failed instead, {format_utc(audit.at)}" if failed else ""
