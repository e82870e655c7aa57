"""Audits over time as a picture: a column for each, of findings by severity."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fleetkit.checks import Severity
from fleetkit.views._canvas import EDGE, TEXT, finish_picture, new_figure, write_words
from fleetkit.views.audited import PointOfAudit

__all__ = ["draw_audit_trend"]

# From dark to pale, and hatched: told apart in grey and by those who see no red.
_LOOKS = {
    Severity.CRITICAL: ("#7a2e0a", ""),
    Severity.HIGH: ("#d55e00", "//"),
    Severity.MEDIUM: ("#f0a868", ".."),
    Severity.LOW: ("#fde8d4", ""),
}
_MOST = 30
_MOST_COLUMNS = 40
_LABELS = 6
_HEIGHT_INCHES = 2.4


def draw_audit_trend(points: Sequence[PointOfAudit], *, most: int = _MOST) -> str:
    """Draw the findings of the last audits, the oldest to the left; each column bears its number.

    Parameters
    ----------
    points
        The oldest first.
    most
        How many of the last ones are drawn; beyond forty they are drawn as one outline, without numbers.
    """
    from matplotlib.ticker import MaxNLocator

    figure, axes = new_figure(inches=_HEIGHT_INCHES)
    shown = points[-most:]
    if not shown:
        axes.set_axis_off()
        write_words(axes, 0.5, 0.5, "nothing to show yet", ha="center")
        return finish_picture(figure, "Findings of each audit, by severity")
    feet = [0] * len(shown)
    for severity, (colour, hatch) in _LOOKS.items():
        heights = [one.counts.get(severity, 0) for one in shown]
        tops = [foot + height for foot, height in zip(feet, heights, strict=True)]
        look: dict[str, Any] = {
            "color": colour,
            "hatch": hatch,
            "edgecolor": EDGE,
            "linewidth": 0.6,
            "label": str(severity),
        }
        if len(shown) <= _MOST_COLUMNS:
            axes.bar(range(len(shown)), heights, bottom=feet, width=0.7, **look)
        else:
            # Hundreds of columns take long to draw, and nobody tells them apart.
            axes.fill_between(range(len(shown)), feet, tops, step="mid", **{**look, "linewidth": 0.2})
        feet = tops
    for place, total in enumerate(feet if len(shown) <= _MOST_COLUMNS else ()):
        axes.text(place, total, f"{total}", ha="center", va="bottom", fontsize=8, color=TEXT)
    step = max(1, -(-len(shown) // _LABELS))
    # Counted from the newest, whose day is always told.
    places = list(range(len(shown) - 1, -1, -step))
    axes.set_xticks(places, [f"{shown[one].at[5:10]}\n{shown[one].at[11:16]}" for one in places])
    axes.set_xlim(-0.6, max(len(shown), 8) - 0.4)
    axes.set_ylim(0, max(*feet, 1) * 1.18)
    axes.yaxis.set_major_locator(MaxNLocator(nbins=4, integer=True))
    axes.tick_params(labelsize=8, colors=TEXT)
    axes.set_xlabel("month, day and time, UTC", fontsize=8, color=TEXT, loc="left")
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), fontsize=8, frameon=False, labelcolor=TEXT, reverse=False)
    left_out = f", the last {most} of {len(points)}" if len(points) > most else ""
    return finish_picture(figure, f"Findings of each audit, by severity{left_out}")
