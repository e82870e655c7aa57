"""Parts of an audit as markup, for a page and for a notebook: what to look at with its mending, waivers, evidence."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from html import escape

from fleetkit.checks import Check, CheckResult, ResultState, Severity, WaiverFinding
from fleetkit.views.audit import AUDIT_COLUMNS
from fleetkit.views.audited import AuditChanges, find_help
from fleetkit.views.markup import Tone, badge_html, grouped_table_html, table_html

__all__ = ["audit_changes_html", "audit_evidence_html", "audit_findings_html", "audit_waivers_html"]

_SEVERITIES = tuple(Severity)
_TONES = {
    ResultState.FAILED: Tone.BAD,
    ResultState.UNKNOWN: Tone.CARE,
    ResultState.WAIVED: Tone.QUIET,
    ResultState.PASSED: Tone.GOOD,
}
_READ_FIRST = (
    "<p><strong>What to do.</strong> See to what the reason names, and audit again: "
    "until then it may be well or not.</p>"
)
# Shorter than what `lines_html` says of each block: there is one in each row.
_PLAIN = '<pre style="white-space:pre-wrap">'
_CHANGE_TONES = {"new": Tone.BAD, "mended": Tone.GOOD, "waived now": Tone.QUIET, "unknown now": Tone.CARE}


def audit_findings_html(results: Sequence[CheckResult], waivers: Sequence[WaiverFinding] = ()) -> str:
    """Return what failed, check by check, the weightiest first, and how it is mended.

    Then what nobody could tell, and the waivers that are themselves to be looked at.
    """
    failing: dict[str, list[CheckResult]] = {}
    for one in results:
        if one.state is ResultState.FAILED:
            failing.setdefault(one.check.id, []).append(one)
    groups = sorted(failing.values(), key=lambda group: _weigh(group[0]))
    unknown = sorted((one for one in results if one.state is ResultState.UNKNOWN), key=_weigh)
    parts = [*map(_group_html, groups), _unknown_html(unknown), _flaws_html(waivers)]
    return "".join(parts) or "<p>Nothing is amiss.</p>"


def audit_waivers_html(results: Iterable[CheckResult]) -> str:
    """Return what the cluster file excuses: until when, by whom and why."""
    waived = [(one.check.id, one.judgement.resource, one.waiver) for one in results if one.waiver is not None]
    rows = [
        (
            escape(check),
            escape(resource),
            f'<span style="white-space:nowrap">{waiver.until}</span>',
            escape(waiver.who),
            escape(waiver.reason),
        )
        for check, resource, waiver in waived
    ]
    if not rows:
        return "<p>Nothing is waived.</p>"
    return table_html(("check", "resource", "until", "who", "reason"), rows, label="what is waived")


def audit_evidence_html(results: Iterable[CheckResult]) -> str:
    """Return each result, what passed too, with the facts that it was read from; check by check."""
    groups: dict[str, tuple[Check, list[tuple[str, ...]]]] = {}
    for one in results:
        row = (
            badge_html(str(one.state), _TONES[one.state]),
            escape(one.judgement.resource),
            escape(one.judgement.reason),
            _facts_html(one),
        )
        groups.setdefault(one.check.id, (one.check, []))[1].append(row)
    titled = [(_title_html(check), rows) for check, rows in groups.values()]
    label = "each result, and the facts that it was read from"
    return grouped_table_html(("state", "resource", "reason", "facts"), titled, label=label)


def audit_changes_html(changes: AuditChanges) -> str:
    """Return what has changed since the last audit: a sentence, and a table where there is something."""
    rows = [(badge_html(word, _CHANGE_TONES.get(word, Tone.CARE)), *map(escape, rest)) for word, *rest in changes.rows]
    table = table_html(("change", *AUDIT_COLUMNS), rows, label="what has changed") if rows else ""
    return f"<p>{escape(changes.summary)}</p>{table}"


def _weigh(result: CheckResult) -> tuple[int, int]:
    return _SEVERITIES.index(result.check.severity), result.check.number


def _title_html(check: Check) -> str:
    return f"<code>{escape(check.id)}</code> · {escape(str(check.severity))}"


def _group_html(group: Sequence[CheckResult]) -> str:
    check = group[0].check
    rows = [
        (
            badge_html(str(one.state), _TONES[one.state]),
            escape(one.judgement.resource),
            escape(one.judgement.resource_id),
            escape(one.judgement.reason),
            _facts_html(one),
        )
        for one in group
    ]
    table = table_html(("state", "resource", "id", "reason", "facts"), rows, label=f"what {check.id} found")
    return (
        # A title says what is demanded; alone it would read as if that were so.
        f'<div class="check"><h3 id="{escape(check.id)}">Not met: {escape(check.title)}</h3>'
        f"<p><strong>{escape(str(check.severity))}</strong> · {escape(str(check.area))} · "
        f"<code>{escape(check.id)}</code></p>{table}<p><strong>Why it matters.</strong> {escape(check.why)}</p>"
        f"<p><strong>How to mend it.</strong> {escape(check.mend)}</p>{_references_html(check)}</div>"
    )


def _unknown_html(results: Sequence[CheckResult]) -> str:
    """Return what nobody could tell, and which permissions it takes: what is to be mended there is the reading.

    The permissions stand below the table: most reasons are no want of one, and a column would say of all that they are.
    """
    if not results:
        return ""
    rows = [
        (
            badge_html(str(one.state), _TONES[one.state]),
            *map(escape, (str(one.check.severity), one.check.id, one.judgement.resource, one.judgement.reason)),
        )
        for one in results
    ]
    table = table_html(AUDIT_COLUMNS, rows, label="what nobody could tell")
    return f'<div class="check"><h3>Nobody could tell</h3>{table}{_READ_FIRST}{_permissions_html(results)}</div>'


def _permissions_html(results: Sequence[CheckResult]) -> str:
    names = sorted({name for one in results for name in one.check.permissions})
    if not names:
        return ""
    told = ", ".join(f"<code>{escape(one)}</code>" for one in names)
    return f"<p><strong>Where AWS refused.</strong> These checks take the permissions {told}.</p>"


def _flaws_html(waivers: Sequence[WaiverFinding]) -> str:
    if not waivers:
        return ""
    rows = [
        (
            badge_html(str(one.flaw), Tone.CARE),
            *map(escape, (str(one.severity), one.waiver.check, one.waiver.resource, one.reason)),
        )
        for one in waivers
    ]
    table = table_html(AUDIT_COLUMNS, rows, label="waivers to be looked at")
    return f'<div class="check"><h3>Waivers to be looked at</h3>{table}</div>'


def _references_html(check: Check) -> str:
    address = find_help(check)
    if address is not None and address not in check.references:
        told = [*check.references, address]
    else:
        told = list(check.references)
    words = [
        f'<a href="{escape(one)}" rel="noreferrer">{escape(one)}</a>' if one.startswith("https://") else escape(one)
        for one in told
    ]
    return f"<p><strong>References.</strong> {'; '.join(words)}</p>" if words else ""


def _facts_html(result: CheckResult) -> str:
    evidence = result.judgement.evidence
    if not evidence:
        return "none"
    text = json.dumps(dict(evidence), indent=1, ensure_ascii=False, default=str)
    return f'<details><summary style="white-space:nowrap">show</summary>{_PLAIN}{escape(text)}</pre></details>'
