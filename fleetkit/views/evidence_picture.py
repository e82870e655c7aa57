"""How many findings each audit told of, by their weight: one bar for each audit, in the order of time."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping, Sequence

from fleetkit.checks import Severity
from fleetkit.views._canvas import EDGE, TEXT, finish_picture, new_figure, write_words

__all__ = ["draw_findings"]

# From the Okabe-Ito palette, the weightiest darkest; the order in a bar says the same as the colour.
_COLOURS = {
    Severity.CRITICAL: "#7a1f0a",
    Severity.HIGH: "#d55e00",
    Severity.MEDIUM: "#e69f00",
    Severity.LOW: "#c9d1d9",
}
_TICKS = 8
_MOST_BARS = 40


def draw_findings(audits: Sequence[tuple[dt.datetime, Mapping[Severity, int]]], title: str) -> str:
    """Draw a bar for each audit.

    Parameters
    ----------
    audits
        When, and how many findings of each severity; the oldest first.
    """
    from matplotlib.ticker import MaxNLocator

    figure, axes = new_figure(inches=2.4)
    if not audits:
        axes.set_axis_off()
        write_words(axes, 0.5, 0.5, "no audit in this time", ha="center")
        return finish_picture(figure, title)
    places, below = range(len(audits)), [0] * len(audits)
    few = len(audits) <= _MOST_BARS
    for severity in reversed(Severity):
        counts = [told.get(severity, 0) for _, told in audits]
        above = [one + count for one, count in zip(below, counts, strict=True)]
        colour = _COLOURS[severity]
        if few:
            axes.bar(places, counts, bottom=below, color=colour, edgecolor=EDGE, linewidth=0.4, label=severity)
        else:
            # The same outline as one shape: hundreds of bars take long to draw, and nobody tells them apart.
            axes.fill_between(places, below, above, step="mid", color=colour, linewidth=0, label=severity)
        below = above
    if few:
        for place, total in zip(places, below, strict=True):
            axes.text(place, total, str(total), ha="center", va="bottom", fontsize=8, color=TEXT)
    step = math.ceil(len(audits) / _TICKS)
    axes.set_xticks(list(places)[::step], [at.strftime("%d %b\n%H:%M") for at, _ in audits[::step]], fontsize=8)
    axes.set_ylim(0, max(*below, 1) * 1.15)
    axes.yaxis.set_major_locator(MaxNLocator(integer=True))
    axes.tick_params(axis="y", labelsize=8)
    axes.spines[["top", "right"]].set_visible(False)
    handles, labels = axes.get_legend_handles_labels()
    axes.legend(handles[::-1], labels[::-1], fontsize=8, frameon=False, loc="upper left", bbox_to_anchor=(1, 1))
    return finish_picture(figure, title)
