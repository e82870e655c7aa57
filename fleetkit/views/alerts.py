"""etcd's alerts as rows for people: the worst first, each with its value, its threshold and who it is of."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from fleetkit.core import format_duration
from fleetkit.etcd import Alert, AlertState
from fleetkit.views._frames import build_frame

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["ALERT_COLUMNS", "alert_rows", "alerts_frame"]

ALERT_COLUMNS = ("alert", "severity", "state", "value", "threshold", "window", "for", "who", "reason")
"""What is told of each alert."""

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
            one.reason,
        )
        for one in sorted(alerts, key=lambda one: _ORDER.index(one.state))
    ]


def alerts_frame(alerts: Iterable[Alert]) -> pd.DataFrame:
    """Return one row for each alert: ``alert severity state value threshold window for who reason``."""
    rows = [dict(zip(ALERT_COLUMNS, row, strict=True)) for row in alert_rows(alerts)]
    return build_frame(rows, ALERT_COLUMNS)


def _show(value: float, unit: str) -> str:
    match unit:
        case "s":
            return f"{value * 1000:.3g} ms"
        case "bytes":
            return f"{value / 1024**2:.0f} MiB"
        case "in use":
            return f"{100 * value:.0f} % in use"
        case "/s":
            return f"{value:.3g}/s"
        case _:
            return f"{value:.3g} {unit}"
