"""What an audit found, as rows, tables and a picture: what is amiss first, the weightier before the lighter."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from html import escape
from typing import TYPE_CHECKING, Any

from fleetkit.checks import Area, Check, CheckResult, ResultState, Severity, WaiverFact, WaiverFinding
from fleetkit.views._canvas import EDGE, TEXT, finish_picture, new_figure, write_words
from fleetkit.views._frames import build_frame
from fleetkit.views.markup import Tone, badge_html, table_html

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "AUDIT_COLUMNS",
    "CHECK_COLUMNS",
    "audit_frame",
    "audit_html",
    "audit_rows",
    "audit_table",
    "check_rows",
    "draw_audit",
    "render_checks_table",
]

AUDIT_COLUMNS = ("state", "severity", "check", "resource", "reason")
"""What is told of each result."""

CHECK_COLUMNS = ("nr", "check", "area", "severity", "demand")
"""What is told of each check."""

_STATES, _SEVERITIES, _AREAS = tuple(ResultState), tuple(Severity), tuple(Area)
_TONES = {
    ResultState.FAILED: Tone.BAD,
    ResultState.UNKNOWN: Tone.CARE,
    ResultState.WAIVED: Tone.QUIET,
    ResultState.PASSED: Tone.GOOD,
}
_SHADES = ("#ffffff", "#fde2cf", "#f5b48a", "#e07b45", "#b14a12")


def audit_rows(results: Iterable[CheckResult]) -> list[dict[str, Any]]:
    """Return each result as plain values, with the facts that it was judged by."""
    return [
        {
            "check": one.check.id,
            "number": one.check.number,
            "severity": str(one.check.severity),
            "area": str(one.check.area),
            "resource": one.judgement.resource,
            "resource_id": one.judgement.resource_id,
            "state": str(one.state),
            "verdict": str(one.judgement.verdict),
            "reason": one.judgement.reason,
            "mend": one.check.mend,
            "evidence": dict(one.judgement.evidence),
            "waiver": None if one.waiver is None else _tell_waiver(one.waiver),
        }
        for one in results
    ]


def audit_table(
    results: Iterable[CheckResult], waivers: Iterable[WaiverFinding] = (), *, passed: bool = False
) -> list[tuple[str, ...]]:
    """Return rows as `AUDIT_COLUMNS` names their cells, what is to be looked at first at the top.

    Parameters
    ----------
    passed
        Whether what is as demanded is told too.
    """
    shown = [one for one in results if passed or one.state is not ResultState.PASSED]
    shown.sort(key=lambda one: (_STATES.index(one.state), _SEVERITIES.index(one.check.severity), one.check.number))
    rows = [
        (str(one.state), str(one.check.severity), one.check.id, one.judgement.resource, _tell_reason(one))
        for one in shown
    ]
    flawed = [
        (str(one.flaw), str(one.severity), one.waiver.check, one.waiver.resource, f"waiver: {one.reason}")
        for one in waivers
    ]
    return [*rows, *flawed]


def audit_frame(
    results: Iterable[CheckResult], waivers: Iterable[WaiverFinding] = (), *, passed: bool = False
) -> pd.DataFrame:
    """Return the same as a table: ``state severity check resource reason``."""
    rows = [dict(zip(AUDIT_COLUMNS, row, strict=True)) for row in audit_table(results, waivers, passed=passed)]
    return build_frame(rows, AUDIT_COLUMNS)


def audit_html(
    results: Sequence[CheckResult], waivers: Sequence[WaiverFinding] = (), *, summary: str, cost: str
) -> str:
    """Return what an audit found for a notebook: a sentence, a picture, and a table of what is to be looked at."""
    tones = {str(state): tone for state, tone in _TONES.items()}
    rows = [
        (badge_html(state, tones.get(state, Tone.CARE)), *map(escape, rest))
        for state, *rest in audit_table(results, waivers)
    ]
    table = table_html(AUDIT_COLUMNS, rows, label="what is to be looked at") if rows else "<p>Nothing is amiss.</p>"
    return f"<p><strong>{escape(summary)}</strong></p>{draw_audit(results)}{table}<p>{escape(cost)}</p>"


def draw_audit(results: Iterable[CheckResult]) -> str:
    """Draw how many results failed, or are unknown, by area and severity; a number in each field tells them too."""
    counts = Counter(
        (one.check.area, one.check.severity)
        for one in results
        if one.state in (ResultState.FAILED, ResultState.UNKNOWN)
    )
    figure, axes = new_figure(inches=0.42 * (len(_AREAS) + 1))
    for row, area in enumerate(_AREAS):
        write_words(axes, -0.1, row + 0.5, str(area), ha="right")
        for column, severity in enumerate(_SEVERITIES):
            count = counts[area, severity]
            shade = _SHADES[min(count, len(_SHADES) - 1)]
            axes.fill(
                [column, column + 1, column + 1, column], [row, row, row + 1, row + 1], facecolor=shade, edgecolor=EDGE
            )
            if count:
                ink = "#ffffff" if shade == _SHADES[-1] else TEXT
                axes.text(column + 0.5, row + 0.5, str(count), ha="center", va="center", color=ink)
    for column, severity in enumerate(_SEVERITIES):
        write_words(axes, column + 0.5, len(_AREAS) + 0.35, str(severity), ha="center")
    axes.set_xlim(-1.6, len(_SEVERITIES))
    axes.set_ylim(len(_AREAS) + 0.7, 0)
    axes.axis("off")
    amiss = sum(counts.values())
    return finish_picture(figure, f"{amiss} failed or unknown, by area and severity")


def check_rows(checks: Iterable[Check]) -> list[tuple[str, ...]]:
    """Return a row for each check, as `CHECK_COLUMNS` names its cells."""
    return [(str(one.number), one.id, str(one.area), str(one.severity), one.title) for one in checks]


def render_checks_table(checks: Iterable[Check]) -> str:
    """Return all checks as a table in Markdown, for the documentation."""
    lines = ["| nr | check | severity | demand | why | how it is mended |", "|---|---|---|---|---|---|"]
    lines += [
        f"| {one.number} | `{one.id}` | {one.severity} | {one.title} | {one.why} | {one.mend} |" for one in checks
    ]
    return "\n".join(lines)


def _tell_reason(result: CheckResult) -> str:
    waiver = result.waiver
    if waiver is None:
        return result.judgement.reason
    return f"{result.judgement.reason}; waived until {waiver.until} by {waiver.who}: {waiver.reason}"


def _tell_waiver(waiver: WaiverFact) -> dict[str, str]:
    return {"resource": waiver.resource, "reason": waiver.reason, "who": waiver.who, "until": str(waiver.until)}
