"""Simple pictures of an inspection, as SVG text that stands in a page on its own.

A colour always comes with a word and a hatching that says the same.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence
from typing import Any

from fleetkit.core import Quorum, QuorumState
from fleetkit.views._canvas import EDGE, TEXT, finish_picture, new_figure, write_words
from fleetkit.views._frames import read_field
from fleetkit.views.inspect import judge_days_left

__all__ = ["draw_certificates", "draw_latencies", "draw_quorum"]

# Blue, amber and vermilion of the Okabe-Ito palette: told apart by nearly everybody, in grey too.
_GOOD, _CARE, _BAD, _NONE = "#56b4e9", "#e69f00", "#d55e00", "#d0d7de"
_HATCHES = {_GOOD: "", _CARE: "//", _BAD: "xx", _NONE: ".."}
_ROW_INCHES = 0.34
_REASON_LENGTH = 44


def draw_quorum(quorum: Quorum) -> str:
    """Draw one box for each voting member, the line that the quorum needs, and the verdict in words."""
    more = f"{quorum.tolerates} more may fail" if quorum.state is not QuorumState.LOST else "no write is possible"
    title = (
        f"Quorum {quorum.state}: {quorum.healthy} of {quorum.voters} members healthy, {quorum.required} needed, {more}"
    )
    good = {QuorumState.HEALTHY: _GOOD, QuorumState.DEGRADED: _CARE, QuorumState.LOST: _BAD}[quorum.state]
    figure, axes = new_figure(inches=_height(2))
    for place in range(quorum.voters):
        healthy = place < quorum.healthy
        colour = good if healthy else _NONE
        axes.barh(0, 0.92, left=place + 0.04, height=0.7, color=colour, edgecolor=EDGE, hatch=_HATCHES[colour])
        write_words(axes, place + 0.5, 0, "healthy" if healthy else "not healthy", ha="center")
    axes.axvline(quorum.required, color=TEXT, linewidth=2, linestyle="--")
    write_words(axes, quorum.required, 0.62, "needed", ha="center")
    axes.set_xlim(0, quorum.voters)
    axes.set_ylim(-0.5, 0.9)
    axes.set_axis_off()
    return finish_picture(figure, title)


def draw_latencies(members: Iterable[Any]) -> str:
    """Draw one bar for each member: how long it took to answer, in milliseconds, or why it did not.

    Parameters
    ----------
    members
        With the fields ``name``, ``healthy``, ``took_ms`` and ``reason``.
    """
    bars = []
    for one in members:
        took_ms, healthy = read_field(one, "took_ms"), read_field(one, "healthy")
        words = "unknown" if took_ms is None else f"{took_ms:.1f} ms"
        if healthy is False:
            reason = str(read_field(one, "reason") or "no reason given")
            words = f"{words}, unhealthy: {textwrap.shorten(reason, _REASON_LENGTH, placeholder='...')}"
        colour = _NONE if healthy is None else _GOOD if healthy else _BAD
        bars.append((str(read_field(one, "name")), float(took_ms or 0), words, colour))
    return _draw_bars(bars, "Time to answer of each member")


def draw_certificates(certificates: Iterable[Any]) -> str:
    """Draw one bar for each certificate: the days that it is still valid, the first to expire on top.

    Parameters
    ----------
    certificates
        With the fields ``name`` and ``days_left``.
    """
    colours = {"ok": _GOOD, "expires soon": _CARE, "expired": _BAD, "unknown": _NONE}
    bars = []
    for one in certificates:
        days_left = read_field(one, "days_left")
        verdict = judge_days_left(days_left)
        words = verdict if days_left is None else f"{days_left:.0f} days, {verdict}"
        bars.append((str(read_field(one, "name")), max(0.0, float(days_left or 0)), words, colours[verdict]))
    return _draw_bars(sorted(bars, key=lambda bar: bar[1]), "Days that each certificate is still valid")


def _draw_bars(bars: Sequence[tuple[str, float, str, str]], title: str) -> str:
    figure, axes = new_figure(inches=_height(max(1, len(bars))))
    longest = max([value for _, value, _, _ in bars], default=0) or 1.0
    for place, (name, value, words, colour) in enumerate(bars):
        axes.barh(place, value, height=0.62, color=colour, edgecolor=EDGE, hatch=_HATCHES[colour])
        write_words(axes, -longest * 0.02, place, name, ha="right")
        write_words(axes, value + longest * 0.02, place, words, ha="left")
    if not bars:
        write_words(axes, 0, 0, "nothing to show", ha="left")
    # Room on both sides for the words, which matplotlib does not count into the axes.
    axes.set_xlim(-longest * 0.45, longest * 1.9)
    axes.set_ylim(max(1, len(bars)) - 0.4, -0.6)
    axes.set_axis_off()
    return finish_picture(figure, title)


def _height(rows: int) -> float:
    return 0.5 + rows * _ROW_INCHES
