"""Charts over time, as SVG text: a line for each member or measure, told apart by its marker and its name too."""

from __future__ import annotations

import datetime as dt
import enum
import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from fleetkit.views._canvas import EDGE, TEXT, finish_picture, new_figure, write_words
from fleetkit.views.board import MemberHistory, MemberSample

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["Measure", "draw_history", "draw_series"]

# Of the Okabe-Ito palette, dark enough for a line on white; a shape and a size go with each.
_LINES = (
    ("#0072b2", "o", 9),
    ("#d55e00", "s", 7),
    ("#009e73", "^", 5),
    ("#9b5a8c", "D", 4),
    ("#7a6a00", "v", 9),
    ("#1f2328", "P", 7),
    ("#3a87b8", "X", 5),
)
_HEIGHT_INCHES = 2.1
_MARKERS = 12
_AROUND = dt.timedelta(seconds=30)
_BYTES_PER_MB = 1_000_000


class Measure(enum.Enum):
    """What a chart shows of the members: the title, with the unit."""

    LATENCY = "Time to answer of each member, ms"
    SIZE = "Size of each member's database, MB"
    RAFT_INDEX = "Raft index of each member"


def draw_history(history: MemberHistory, measure: Measure, *, when: str = "") -> str:
    """Draw one line for each member; where nothing was known, the line is interrupted.

    Parameters
    ----------
    when
        Words about the time that is shown, for the title.
    """
    title = f"{measure.value}{f', {when}' if when else ''}"
    members = history.by_member().items()
    series = {name: [(sample.at, _value(sample, measure)) for sample in samples] for name, samples in members}
    return draw_series(series, title, counts=measure is Measure.RAFT_INDEX)


def draw_series(series: Mapping[str, Sequence[tuple[dt.datetime, float]]], title: str, *, counts: bool = False) -> str:
    """Draw one line for each name.

    Parameters
    ----------
    series
        Name to its points in time; NaN where nothing was known, and the line is interrupted there.
    title
        What is shown, with its unit.
    counts
        Whether the values are whole numbers, of which the height above nothing says nothing.
    """
    figure, axes = new_figure(inches=_HEIGHT_INCHES)
    known = {name: points for name, points in series.items() if not all(math.isnan(value) for _, value in points)}
    if not known:
        axes.set_axis_off()
        write_words(axes, 0.5, 0.5, "nothing to show yet", ha="center")
        return finish_picture(figure, title)
    for place, (name, points) in enumerate(known.items()):
        colour, marker, size = _LINES[place % len(_LINES)]
        axes.plot(
            [at for at, _ in points],  # type: ignore[arg-type]  # matplotlib takes times, its stubs do not
            [value for _, value in points],
            label=name,
            color=colour,
            marker=marker,
            # Hollow and of different sizes: members that agree lie on one point, and all are to be seen.
            markersize=size,
            markerfacecolor="none",
            markevery=max(1, math.ceil(len(points) / _MARKERS)),
            linewidth=1.2,
        )
    _lay_out(axes, counts=counts)
    moments = {at for points in known.values() for at, _ in points}
    if len(moments) == 1:
        # One moment alone spans no time, and would be drawn amid years.
        (at,) = moments
        axes.set_xlim(at - _AROUND, at + _AROUND)  # type: ignore[arg-type]  # the same
    return finish_picture(figure, title)


def _lay_out(axes: Axes, *, counts: bool) -> None:
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
    from matplotlib.ticker import MaxNLocator

    locator = AutoDateLocator(minticks=2, maxticks=6)  # type: ignore[no-untyped-call]
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(ConciseDateFormatter(locator))  # type: ignore[no-untyped-call]
    axes.yaxis.set_major_locator(MaxNLocator(nbins=4, integer=counts))
    axes.ticklabel_format(axis="y", style="plain", useOffset=False)
    # Before a limit is set, or that would hold the edges where they are.
    axes.margins(y=0.1)
    if not counts:
        axes.set_ylim(bottom=0)
    axes.tick_params(labelsize=8, colors=TEXT)
    axes.set_xlabel("UTC", fontsize=8, color=TEXT, loc="left")
    axes.xaxis.get_offset_text().set_fontsize(8)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for side in ("bottom", "left"):
        axes.spines[side].set_color(EDGE)
    axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), fontsize=8, frameon=False, labelcolor=TEXT)


def _value(sample: MemberSample, measure: Measure) -> float:
    value = {
        Measure.LATENCY: sample.took_ms,
        Measure.SIZE: None if sample.db_size_bytes is None else sample.db_size_bytes / _BYTES_PER_MB,
        Measure.RAFT_INDEX: sample.raft_index,
    }[measure]
    return math.nan if value is None else float(value)
