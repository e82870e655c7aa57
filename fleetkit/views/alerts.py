"""etcd's alerts as rows for people: the worst first, each with its value, its threshold and who it is of."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from fleetkit.core import format_duration
from fleetkit.etcd import ALERT_RULES, Alert, AlertState
from fleetkit.views._frames import build_frame

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["ALERT_COLUMNS", "alert_rows", "alerts_frame", "render_alerts_table"]

ALERT_COLUMNS = ("alert", "severity", "state", "value", "threshold", "window", "for", "who", "reason")
"""What is told of each alert."""

_LIMITS = {
    "etcdExcessiveDatabaseGrowth": "> the quota in four hours",
    "etcdInsufficientMembers": "< a majority",
}
"""How the limits of rules are told that differ from member to member or from cluster to cluster."""

_ORDER = tuple(AlertState)


def alert_rows(alerts: Iterable[Alert]) -> list[tuple[str, ...]]:
    """Return one row for each alert, as `ALERT_COLUMNS` names its cells; the worst first."""
    return [
        (
            one.name,
            one.severity,
            one.state,
            "" if one.value is None else _show(one.value, one.unit),
            f"{one.comparison} {_show(one.threshold, one.unit)}",
            format_duration(one.window_s) if one.window_s else "now",
            format_duration(one.hold_s),
            ", ".join(one.who),
            f"{one.reason}; next: {one.hint}" if one.holds else one.reason,
        )
        for one in sorted(alerts, key=lambda one: (_ORDER.index(one.state), not one.holds))
    ]


def alerts_frame(alerts: Iterable[Alert]) -> pd.DataFrame:
    """Return one row for each alert: ``alert severity state value threshold window for who reason``."""
    rows = [dict(zip(ALERT_COLUMNS, row, strict=True)) for row in alert_rows(alerts)]
    return build_frame(rows, ALERT_COLUMNS)


def render_alerts_table() -> str:
    """Return all rules as a table in Markdown, for the documentation."""
    lines = ["| alert | severity | fires at | over | for | then |", "|---|---|---|---|---|---|"]
    for rule in ALERT_RULES:
        limit = _LIMITS.get(rule.name) or f"{rule.comparison} {_show(rule.threshold, rule.unit)}"
        window = format_duration(rule.window_s) if rule.window_s else "one look"
        cells = (f"`{rule.name}`", rule.severity, limit, window, format_duration(rule.hold_s), rule.hint)
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _show(value: float, unit: str) -> str:
    match unit:
        case "s":
            return f"{_round(value * 1000)} ms"
        case "bytes":
            return f"{value / 1024**2:.0f} MiB"
        case "in use":
            return f"{100 * value:.0f} % in use"
        case "/s":
            return f"{_round(value)}/s"
        case _:
            return f"{_round(value)} {unit}"


def _round(value: float) -> str:
    # Three digits are enough, but no number is to be told as 1e+03.
    return f"{value:.3g}" if abs(value) < 999.5 else f"{value:.0f}"
