"""The page of a sweep: what became of each cluster, the worst first, with a way to its report.

One file, no script, no request, as the report of a run.
"""

from __future__ import annotations

import json
import urllib.parse
from collections import Counter
from html import escape

from fleetkit.core import format_duration, format_utc
from fleetkit.runs.report import frame_page
from fleetkit.runs.store import REPORT_FILE
from fleetkit.runs.sweeps.record import SweepRecord
from fleetkit.runs.sweeps.swept import SweepState, SweptCluster

__all__ = ["count_states", "render_sweep", "tell_counts"]

_SIGNS = {
    SweepState.FAILED: ("✗", "failed"),
    SweepState.REFUSED: ("✗", "refused"),
    SweepState.UNUSABLE: ("✗", "failed"),
    SweepState.STOPPED: ("○", "interrupted"),
    SweepState.NOT_RUN: ("○", "interrupted"),
    SweepState.RUNNING: ("…", "running"),
    SweepState.FINDINGS: ("!", "findings"),
    SweepState.DONE: ("✓", "done"),
}
"""Each state's sign, and the class by which the style colours it."""

_STYLE = """
.state{white-space:nowrap;font-weight:600}td p{margin:.1rem 0}
.state.done{color:var(--good)}.state.findings,.state.running,.state.refused{color:var(--warn)}
.state.failed,.state.interrupted{color:var(--bad)}.next{color:var(--soft)}.number{text-align:right}.number,.region{white-space:nowrap}
"""

_HEADINGS = ("state", "cluster", "region", "what came of it", "took", "calls", "waited")


def count_states(record: SweepRecord) -> dict[SweepState, int]:
    """Return how many clusters are in each state that occurs, the worst first."""
    counts = Counter(one.state for one in record.clusters)
    return {state: counts[state] for state in SweepState if counts[state]}


def tell_counts(record: SweepRecord) -> str:
    """Say in a line how many clusters are in which state."""
    told = ", ".join(f"{count} {state}" for state, count in count_states(record).items())
    return f"{_count(record)}: {told or 'none'}"


def render_sweep(record: SweepRecord, *, picture: str = "") -> str:
    """Return the page of a sweep as one HTML document.

    Parameters
    ----------
    picture
        Markup of a picture to show above the table.
    """
    rows = "\n".join(_row(one) for one in record.worst_first)
    head = "".join(f'<th scope="col">{escape(one)}</th>' for one in _HEADINGS)
    return frame_page(
        f"{record.notebook} · {tell_counts(record)}",
        f'{_header(record)}\n<main>\n<div class="result">{picture}</div>\n<div class="table" tabindex="0">'
        f"<table><thead><tr>{head}</tr></thead>\n<tbody>\n{rows}\n</tbody></table></div>\n</main>",
        style=_STYLE,
    )


def _count(record: SweepRecord) -> str:
    count = len(record.clusters)
    return f"{count} cluster{'s' * (count != 1)}"


def _header(record: SweepRecord) -> str:
    worst = next(iter(count_states(record)), SweepState.DONE)
    ended = "stopped" if record.interrupted else "under way, or cut off" if record.ended is None else "ended"
    parameters = ", ".join(f"{name} {json.dumps(value)}" for name, value in record.parameters.items())
    rows = {
        "Sweep": record.id,
        "Goes on for": record.resumes,
        "Notebook": record.notebook_file or record.notebook,
        "SHA-256 of it": record.notebook_sha256,
        "Parameters": parameters,
        "Begun by": record.user,
        "Started": format_utc(record.started),
        "Ended": "not yet" if record.ended is None else format_utc(record.ended),
        "Took": "" if record.took_s is None else format_duration(record.took_s),
        "At once": str(record.at_once),
        "Calls a second": f"{record.rate_per_s:g} per account and region",
        "Time limit": f"{format_duration(record.timeout_s)} for each run",
    }
    facts = "".join(
        f'<tr><th scope="row">{name}</th><td>{escape(text)}</td></tr>' for name, text in rows.items() if text
    )
    return (
        f'<header class="{_SIGNS[worst][1]}">\n<h1>{escape(record.notebook)} over {_count(record)}</h1>'
        f'<p class="outcome"><span>{ended}</span> {escape(tell_counts(record))}</p>'
        f'<details><summary>The sweep</summary><div class="scroll"><table>{facts}</table></div></details>\n</header>'
    )


def _row(one: SweptCluster) -> str:
    sign, shade = _SIGNS[one.state]
    name = escape(one.cluster)
    if one.record:
        name = f'<a href="{escape(urllib.parse.quote(f"../../{one.record}/{REPORT_FILE}"), quote=True)}">{name}</a>'
    told = "".join(f"<p>{escape(text)}</p>" for text in (one.summary, *one.reason.splitlines()) if text)
    if one.next_step:
        told += f'<p class="next">next: {escape(one.next_step)}</p>'
    if one.of_sweep:
        told += f'<p class="next">taken over from {escape(one.of_sweep)}</p>'
    numbers = (
        "" if one.took_s is None else format_duration(one.took_s),
        "" if one.calls is None else str(one.calls),
        "" if one.waited_s is None else f"{one.waited_s:.1f} s",
    )
    cells = "".join(f'<td class="number">{text}</td>' for text in numbers)
    return (
        f'<tr><td class="state {shade}">{sign} {one.state.value}</td><th scope="row">{name}</th>'
        f'<td class="region">{escape(one.region)}</td><td>{told}</td>{cells}</tr>'
    )
