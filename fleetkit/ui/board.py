"""The board: a cluster's parts read again and again, in a thread, for as long as a person looks at them."""

from __future__ import annotations

import threading
import time
from html import escape
from typing import Any

import ipywidgets as widgets

from fleetkit.core import utc_now
from fleetkit.runs import Run, Way
from fleetkit.ui import _parts
from fleetkit.ui._parts import Tone
from fleetkit.views import Board, BoardPart, Measure, MemberHistory, draw_history, fault_tolerance_frame, frame_html
from fleetkit.workflows import ClusterWatch, Section, Workspace, read_member_history

__all__ = ["BoardCard", "open_board"]

_ORDER = ("quorum", "members", "machines", "pools", "targets", "certificates", "drift", "pending")
_EVERY_S = 10
_TICK_S = 1.0
_SESSION, _PAST = "this session", "past runs"


def open_board(run: Run, workspace: Workspace) -> Any:
    """Return the board of a cluster where a person is there to look at it; else what earlier runs saw of its members.

    Parameters
    ----------
    run
        The run that the notebook is part of.
    workspace
        The cluster.
    """
    past = read_member_history(workspace)
    if run.way is not Way.BY_HAND:
        return past
    return BoardCard(ClusterWatch(workspace), past=past.history).widget


class BoardCard:
    """The widget of the board. Its thread ends with `close`, and with the kernel.

    Parameters
    ----------
    watch
        Reads the cluster; closed by the board.
    past
        How the members went in earlier runs.
    every_s
        Seconds between two readings, at first.
    """

    def __init__(self, watch: ClusterWatch, *, past: MemberHistory | None = None, every_s: int = _EVERY_S) -> None:
        self.board = Board()
        self._watch, self._past = watch, past or MemberHistory()
        self._wake = threading.Condition()
        self._paused = self._closed = self._wants_reading = self._wants_drift = False
        self._due_s = time.monotonic()
        self._head, self._problem = _parts.html(), _parts.html()
        self._every = widgets.BoundedIntText(
            value=every_s,
            min=2,
            max=3600,
            description="every s",
            layout=widgets.Layout(width="11em"),
            style={"description_width": "4em"},
        )
        self._pause = _parts.button("Pause", self.pause)
        self._now = _parts.button("Refresh now", self.refresh)
        self._drift = _parts.button("Check drift", self.check_drift, tooltip="Takes ten seconds and more")
        self._end = _parts.button("Close the board", self.close)
        self._which = widgets.Dropdown(options=[_SESSION, _PAST], description="charts of")
        self._which.observe(lambda _change: self._draw_charts(), names="value")
        self._charts = _parts.html()
        self._parts = {name: _parts.html() for name in _ORDER}
        self.widget = _parts.card(
            self._head,
            _parts.row(self._every, self._pause, self._now, self._drift, self._end),
            self._problem,
            *(self._parts[name] for name in _ORDER[:2]),
            self._which,
            self._charts,
            *(self._parts[name] for name in _ORDER[2:]),
        )
        self._draw()
        self._thread = threading.Thread(target=self._run, name="board", daemon=True)
        self._thread.start()

    def pause(self) -> None:
        """Stop reading, or go on."""
        with self._wake:
            self._paused = not self._paused
            self._pause.description = "Resume" if self._paused else "Pause"
            self._wake.notify()

    def refresh(self) -> None:
        """Read at once, also while the board is paused."""
        with self._wake:
            self._wants_reading = True
            self._wake.notify()

    def check_drift(self) -> None:
        """Read Terraform's parts too, once."""
        with self._wake:
            self._wants_drift = True
            self._drift.disabled = True
            self._wake.notify()

    def close(self) -> None:
        """End the thread, after a reading that is under way, and close the way in."""
        with self._wake:
            self._closed = True
            for one in (self._pause, self._now, self._drift, self._end, self._every):
                one.disabled = True
            self._wake.notify()

    def join(self, timeout_s: float | None = None) -> bool:
        """Wait for the end of the thread; return whether it has ended."""
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _run(self) -> None:
        try:
            while not self._closed:
                self._read_what_is_due()
                self._draw_head()
                with self._wake:
                    if not (self._closed or self._wants_drift or self._wants_reading):
                        self._wake.wait(_TICK_S)
        except BaseException as error:  # noqa: BLE001 -- a thread's error is nobody's: the board shows it, and ends
            self._problem.value = _parts.problem_html(error)
            self.close()
        finally:
            self._watch.close()
            self._draw_head()

    def _read_what_is_due(self) -> None:
        with self._wake:
            due = self._wants_reading or (not self._paused and time.monotonic() >= self._due_s)
            drift = self._wants_drift
            # Whoever asks while a reading is under way wants another one: it may have read too early.
            self._wants_reading = False
        if due:
            self._take(self._watch.read())
            with self._wake:
                self._due_s = time.monotonic() + self._every.value
        if drift:
            self._take(self._watch.read_drift())
            with self._wake:
                self._wants_drift = self._drift.disabled = False

    def _take(self, sections: dict[str, Section]) -> None:
        parts = {name: _show_part(name, section) for name, section in sections.items()}
        members = sections["members"].data if "members" in sections else None
        if "members" in sections:
            self.board.take(parts, members=members, at=utc_now())
        else:
            self.board.parts.update(parts)
        self._draw()

    def _draw(self) -> None:
        for name, held in self._parts.items():
            part = self.board.parts.get(name)
            held.value = "" if part is None else _part_html(part)
        self._draw_charts()
        self._draw_head()

    def _draw_charts(self) -> None:
        past = self._which.value == _PAST
        history = self._past if past else self.board.history
        count = f"{len(history)} readings" if len(history) != 1 else "1 reading"
        when = f"{self._which.value}, {count}"
        self._charts.value = "".join(draw_history(history, measure, when=when) for measure in Measure)

    def _draw_head(self) -> None:
        tone = Tone.BAD if self.board.unknown else Tone.CARE if self.board.findings else Tone.GOOD
        if not self.board.parts:
            tone = Tone.BUSY
        state = "closed" if self._closed else "paused" if self._paused else f"every {self._every.value} s"
        name = escape(self._watch.workspace.cluster.name)
        badge = _parts.badge_html(self.board.verdict, tone)
        line = f"<strong>{name}</strong> {badge} {self.board.age(utc_now())}, {state}"
        if self._head.value != line:
            self._head.value = line


def _show_part(name: str, section: Section) -> BoardPart:
    markup = section._repr_html_()
    if name == "quorum" and section.frame is not None:
        table = frame_html(fault_tolerance_frame())
        markup += f"<details><summary>How many may fail, by the size of the cluster</summary>{table}</details>"
    return BoardPart(title=section.title, markup=markup, findings=section.findings, unknown=section.unknown)


def _part_html(part: BoardPart) -> str:
    badge = ""
    if part.unknown:
        badge = _parts.badge_html("unknown", Tone.BAD)
    elif part.findings:
        badge = _parts.badge_html(f"{len(part.findings)} to look at", Tone.CARE)
    head = f"<div><strong>{escape(part.title)}</strong> {badge}</div>"
    style = f"border-top:{_parts.BORDER};padding-top:4px;overflow-x:auto;overflow-wrap:normal"
    return _parts.box_html(f'<div style="{style}">{head}{part.markup}</div>')
