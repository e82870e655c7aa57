"""What became of a sweep, as rows, a table and a picture: the worst first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from html import escape
from typing import TYPE_CHECKING

from fleetkit.core import format_duration
from fleetkit.runs.sweeps import SweepRecord, SweepState, SweptCluster, tell_counts
from fleetkit.views._canvas import EDGE, finish_picture, new_figure, write_words
from fleetkit.views._frames import build_frame
from fleetkit.views.markup import Tone, badge_html, table_html

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "SWEEP_COLUMNS",
    "draw_sweep",
    "sweep_clusters_html",
    "sweep_frame",
    "sweep_html",
    "sweep_table",
    "tell_swept",
]

SWEEP_COLUMNS = ("state", "cluster", "region", "took", "calls", "waited", "what came of it")
"""What is told of each cluster."""

_TONES = {
    SweepState.FAILED: Tone.BAD,
    SweepState.REFUSED: Tone.BAD,
    SweepState.UNUSABLE: Tone.BAD,
    SweepState.STOPPED: Tone.CARE,
    SweepState.NOT_RUN: Tone.QUIET,
    SweepState.RUNNING: Tone.BUSY,
    SweepState.FINDINGS: Tone.CARE,
    SweepState.DONE: Tone.GOOD,
}
# Of the Okabe-Ito palette, told apart by nearly everybody; the hatching and the words say the same.
_COLOURS = {
    Tone.BAD: "#d55e00",
    Tone.CARE: "#e69f00",
    Tone.QUIET: "#d0d7de",
    Tone.BUSY: "#f0e442",
    Tone.GOOD: "#56b4e9",
}
_HATCHES = {Tone.BAD: "xx", Tone.CARE: "//", Tone.QUIET: "..", Tone.BUSY: "--", Tone.GOOD: ""}


def tell_swept(one: SweptCluster) -> str:
    """Say in one line what came of it: the notebook's own words, or why it did not end well."""
    if one.reason:
        lines = [line.strip() for line in one.reason.splitlines() if line.strip()]
        more = len(lines) - 1
        return lines[0] + (f" (and {more} more line{'s' * (more > 1)})" if more else "")
    return one.summary


def sweep_table(record: SweepRecord, *, done: bool = True) -> list[tuple[str, ...]]:
    """Return rows as `SWEEP_COLUMNS` names their cells.

    Parameters
    ----------
    done
        Whether those of which nothing is to be told are there too.
    """
    return [
        (
            one.state.value,
            one.cluster,
            one.region,
            "" if one.took_s is None else format_duration(one.took_s),
            "" if one.calls is None else str(one.calls),
            "" if one.waited_s is None else f"{one.waited_s:.1f} s",
            tell_swept(one),
        )
        for one in record.worst_first
        if done or one.state is not SweepState.DONE
    ]


def sweep_frame(record: SweepRecord) -> pd.DataFrame:
    """Return the same as a table, with the next steps and the records: ``state cluster region … next record``."""
    rows = [
        {
            **dict(zip(SWEEP_COLUMNS, row, strict=True)),
            "next": one.next_step,
            "record": one.record,
        }
        for one, row in zip(record.worst_first, sweep_table(record), strict=True)
    ]
    return build_frame(rows, (*SWEEP_COLUMNS, "next", "record"))


def sweep_html(record: SweepRecord, *, page: str) -> str:
    """Return a sweep for a notebook: a sentence, a picture, and a table.

    Parameters
    ----------
    page
        Where the page of the sweep lies.
    """
    return (
        f"<p><strong>{escape(tell_counts(record))}</strong></p>{draw_sweep(record)}"
        f"{sweep_clusters_html(record.worst_first)}<p>Page: <code>{escape(page)}</code></p>"
    )


def sweep_clusters_html(clusters: Iterable[SweptCluster]) -> str:
    """Return clusters of a sweep as a table, each with the next step and its record below what came of it."""
    rows = [
        (
            badge_html(one.state.value, _TONES[one.state]),
            escape(one.cluster),
            escape(one.region),
            "" if one.took_s is None else escape(format_duration(one.took_s)),
            "" if one.calls is None else str(one.calls),
            "" if one.waited_s is None else f"{one.waited_s:.1f} s",
            _told_html(one),
        )
        for one in clusters
    ]
    return table_html(SWEEP_COLUMNS, rows, label="what became of each cluster")


def draw_sweep(record: SweepRecord) -> str:
    """Draw one bar for each region, in pieces by state, the worst to the left."""
    regions = sorted({one.region or "region unknown" for one in record.clusters})
    counts = Counter((one.region or "region unknown", one.state) for one in record.clusters)
    figure, axes = new_figure(inches=0.9 + 0.34 * max(1, len(regions)))
    longest = max((sum(counts[region, state] for state in SweepState) for region in regions), default=1)
    for place, region in enumerate(regions):
        left = 0
        for state in SweepState:
            if not (count := counts[region, state]):
                continue
            tone = _TONES[state]
            axes.barh(place, count, left=left, height=0.7, color=_COLOURS[tone], edgecolor=EDGE, hatch=_HATCHES[tone])
            left += count
        told = ", ".join(f"{counts[region, state]} {state}" for state in SweepState if counts[region, state])
        write_words(axes, -longest * 0.02, place, region, ha="right")
        write_words(axes, left + longest * 0.02, place, told, ha="left")
    # Room on both sides for the words, which matplotlib does not count into the axes.
    axes.set_xlim(-longest * 0.45, longest * 1.9)
    axes.set_ylim(max(1, len(regions)) - 0.4, -0.6)
    axes.set_axis_off()
    return finish_picture(figure, f"{record.notebook} over {tell_counts(record)}")


def _told_html(one: SweptCluster) -> str:
    lines = [escape(tell_swept(one))]
    if one.next_step:
        lines.append(f"next: {escape(one.next_step)}")
    if one.record:
        lines.append(f"record: {escape(one.record)}")
    # Paths have no place to break at, and would push the table out of a narrow window.
    return f'<div style="overflow-wrap:anywhere;min-width:13em">{"<br>".join(lines)}</div>'
