"""What has changed between two audits of a cluster: what is new, what was mended, and what nobody can tell.

Only what both judged is compared. A finding whose check was not judged by, or could not tell, is not mended.
"""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from fleetkit.checks import ResultState, Severity, WaiverFlaw
from fleetkit.core import format_utc
from fleetkit.views import AUDIT_COLUMNS, table_html
from fleetkit.workflows._shown import Shown
from fleetkit.workflows.audit_history import PastAudit, PastFinding
from fleetkit.workflows.auditing import Audit

__all__ = ["AuditChange", "compare_audits", "find_comparable"]


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class AuditChange(Shown):
    """What has become of findings since an earlier audit.

    Attributes
    ----------
    since
        The earlier audit; None where there was none to compare with, and then nothing is told.
    new
        Findings that were none then; a failure that nobody could tell of then is one of these.
    mended
        Findings of then that are none now, and are known not to be.
    same
        Findings of both, as they read now.
    waived
        Findings of then that the cluster file excuses now.
    untold
        Findings of then of which nobody can tell now.
    """

    since: PastAudit | None
    new: tuple[PastFinding, ...] = ()
    mended: tuple[PastFinding, ...] = ()
    same: tuple[PastFinding, ...] = ()
    waived: tuple[PastFinding, ...] = ()
    untold: tuple[PastFinding, ...] = ()

    @property
    def parts(self) -> tuple[tuple[str, tuple[PastFinding, ...]], ...]:
        """Each kind of change by its name, the weightiest first in each; what is the same is no change."""
        kinds = (("new", self.new), ("mended", self.mended), ("waived now", self.waived), ("unknown now", self.untold))
        return tuple((word, tuple(sorted(found, key=_weigh))) for word, found in kinds if found)

    @property
    def summary(self) -> str:
        """One sentence."""
        if self.since is None:
            return "no earlier audit by these checks to compare with"
        told = ", ".join(f"{len(found)} {word}" for word, found in self.parts) or "nothing has changed"
        same = f", {len(self.same)} as before" if self.same else ""
        return f"since the audit of {format_utc(self.since.at)}: {told}{same}"

    def __str__(self) -> str:
        lines = [f"  {word}: {' '.join(one.row[1:4])}: {one.reason}" for word, found in self.parts for one in found]
        return "\n".join([self.summary, *lines])

    def _repr_html_(self) -> str:
        rows = [(escape(word), *map(escape, one.row)) for word, found in self.parts for one in found]
        table = table_html(("change", *AUDIT_COLUMNS), rows, label="what has changed") if rows else ""
        return f"<p>{escape(self.summary)}</p>{table}"


def find_comparable(now: Audit | PastAudit, past: Sequence[PastAudit]) -> PastAudit | None:
    """Return the last of earlier audits that judged by all the checks of this one; None where there is none.

    Parameters
    ----------
    past
        Earlier audits, the oldest first; those that are no older than this one are passed over.
    """
    current = _as_told(now)
    fitting = (one for one in reversed(past) if one.at < current.at and one.checks >= current.checks)
    return next(fitting, None)


def compare_audits(now: Audit | PastAudit, before: PastAudit | None) -> AuditChange:
    """Return what has become of the findings of an earlier audit, and which are new.

    Parameters
    ----------
    before
        The earlier audit, as `find_comparable` finds it; None where there is none.
    """
    current = _as_told(now)
    if before is None:
        return AuditChange(since=None)
    known, still = {one.key for one in before.findings}, {one.key for one in current.findings}
    fates = [(_tell_fate(one, current, before), one) for one in before.findings if one.key not in still]
    return AuditChange(
        since=before,
        new=tuple(one for one in current.findings if one.key not in known and _was_judged(one, before, current)),
        mended=tuple(one for fate, one in fates if fate is _Fate.MENDED),
        same=tuple(one for one in current.findings if one.key in known),
        waived=tuple(one for fate, one in fates if fate is _Fate.WAIVED),
        untold=tuple(one for fate, one in fates if fate is _Fate.UNTOLD),
    )


class _Fate(enum.Enum):
    """What has become of a finding that is none in the same way any more."""

    MENDED = enum.auto()
    WAIVED = enum.auto()
    UNTOLD = enum.auto()
    AMISS_OTHERWISE = enum.auto()
    NOT_JUDGED = enum.auto()


def _weigh(finding: PastFinding) -> int:
    return list(Severity).index(finding.severity)


def _as_told(audit: Audit | PastAudit) -> PastAudit:
    if isinstance(audit, PastAudit):
        return audit
    return PastAudit.from_facts(audit.to_json(), where=f"the audit of {audit.cluster}")


def _was_judged(finding: PastFinding, audit: PastAudit, other: PastAudit) -> bool:
    """Return whether an audit would have told a finding of another one, had it been there.

    A waiver that names no check belongs to none, and is told by whoever judges by all of them.
    """
    return finding.check in audit.checks or (isinstance(finding.state, WaiverFlaw) and audit.checks >= other.checks)


def _tell_fate(gone: PastFinding, now: PastAudit, before: PastAudit) -> _Fate:
    if not _was_judged(gone, now, before):
        return _Fate.NOT_JUDGED
    mine = {state for check, resource, state in now.stood if (check, resource) == (gone.check, gone.resource)}
    anywhere = {state for check, _, state in now.stood if check == gone.check}
    if isinstance(gone.state, WaiverFlaw):
        # A waiver is not called unmatched while its check cannot tell.
        flawed = any(
            (one.check, one.resource) == (gone.check, gone.resource) and isinstance(one.state, WaiverFlaw)
            for one in now.findings
        )
        return _Fate.AMISS_OTHERWISE if flawed else _Fate.UNTOLD if _UNKNOWN in anywhere else _Fate.MENDED
    if mine:
        return next((fate for state, fate in _FATES if state in mine), _Fate.MENDED)
    if _UNKNOWN in anywhere:
        return _Fate.UNTOLD
    # What nobody could tell is often told of the whole cluster; now that it is known, resources stand for themselves.
    cleared = gone.state is ResultState.UNKNOWN and ResultState.FAILED in anywhere
    return _Fate.AMISS_OTHERWISE if cleared else _Fate.MENDED


_UNKNOWN = ResultState.UNKNOWN
_FATES = (
    (ResultState.FAILED, _Fate.AMISS_OTHERWISE),
    (ResultState.UNKNOWN, _Fate.UNTOLD),
    (ResultState.WAIVED, _Fate.WAIVED),
)
