"""The browser of units: fleet's machines as cards, its units as a table with a filter, and each with its journal.

Reading goes on in a thread of its own, over one way in that stays open until the browser is closed.
It changes nothing unless it was opened for that; texts and journals are for the person before it, and come into no
record.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from contextlib import AbstractContextManager
from html import escape
from pathlib import Path
from typing import Any, cast

import ipywidgets as widgets

from fleetkit.core import FleetkitError
from fleetkit.fleet import Unit
from fleetkit.runs import Run, Way
from fleetkit.ui import _parts
from fleetkit.ui._jobs import Jobs
from fleetkit.ui._parts import Tone
from fleetkit.ui._unit_changes import UnitChanges
from fleetkit.ui._unit_list import UnitList
from fleetkit.ui._unit_shown import gone_unit_html, journals_html, text_html, unit_html
from fleetkit.ui._work import Ticker
from fleetkit.workflows import FleetReader, Reporter, SeenUnits, UnitGate, UnitReading, Workspace

__all__ = ["UnitsCard", "open_unit_browser"]

_FOLLOW_S = 5.0
_FOLLOW, _FOLLOWING = "Follow", "Stop following"
_LINES, _MOST_LINES = 20, 1000


def open_unit_browser(run: Run, seen: SeenUnits, *, workspace: Workspace, changes: bool = False) -> Any:
    """Return the browser where a person is there to use it; else the machines with their units, as they were read.

    Parameters
    ----------
    run
        The run that the notebook is part of; changes are recorded in it.
    seen
        What was read of units and machines.
    workspace
        The cluster.
    changes
        Whether units may be changed, each time with an approval.
    """
    if run.way is not Way.BY_HAND:
        return seen.cards
    report = Reporter(record=run.record)
    card = UnitsCard(
        lambda: FleetReader(workspace), owner=seen.cluster, folder=workspace.folder, changes=changes, report=report
    )
    return card.widget


class UnitsCard:
    """The widget of the browser. Its thread ends with `close`, and with the kernel.

    Parameters
    ----------
    open_reader
        Opens what reads the fleet; called once, in the thread.
    owner
        Whose fleet it is.
    folder
        The folder from which paths of unit files are seen.
    changes
        Whether units may be changed.
    report
        Told of changes.
    gate
        When a unit that was changed counts as being there.
    follow_s
        Seconds between two readings while it follows.
    """

    def __init__(
        self,
        open_reader: Callable[[], AbstractContextManager[FleetReader]],
        *,
        owner: str,
        folder: Path,
        changes: bool = False,
        report: Reporter | None = None,
        gate: UnitGate | None = None,
        follow_s: float = _FOLLOW_S,
    ) -> None:
        self._owner, self._follow_s = owner, follow_s
        self._jobs = Jobs(
            open_reader,
            name="units",
            ends=self._tell_rest,
            failed=self._show_problem,
            closed=lambda: self._draw_head("closed", Tone.QUIET),
        )
        self._reading: UnitReading | None = None
        self._is_unread = self._has_journal = False
        self._wanted = 0
        self._following = contextlib.ExitStack()
        self.looked_at = ""
        self._build_parts()
        self.changes = (
            UnitChanges(self, folder=folder, report=report or Reporter(), gate=gate or UnitGate()) if changes else None
        )
        self._build()
        self.do(self.read_again)
        self._jobs.start()

    def _build_parts(self) -> None:
        self.head, self.problem = _parts.html(), _parts.html()
        self.units = UnitList(filtered=lambda: self.do(self._draw), chosen=self._choose)
        self.unit = _parts.html()
        self.text, self.journal = _parts.unrecorded_html(), _parts.unrecorded_html()
        self.lines = widgets.BoundedIntText(
            value=_LINES, min=1, max=_MOST_LINES, description="lines", layout=widgets.Layout(width="12em")
        )
        self.hear = _parts.button(
            "Read its journal", self.read_journal, tooltip="Of each machine that has it, a global unit's on all of them"
        )
        self.again = _parts.button("Read again", lambda: self.do(self.read_again))
        self.follow = _parts.button(
            _FOLLOW, self.turn, tooltip=f"Read anew every {self._follow_s:g} s, the journal that is shown too"
        )
        self.end = _parts.button("Close the browser", self.close)

    def _build(self) -> None:
        right = widgets.VBox(
            [
                _parts.row(self.units.previous, self.units.next, self.lines, self.hear),
                self.unit,
                self.journal,
                self.text,
            ],
            layout=widgets.Layout(flex="2 1 30em", min_width="0"),
        )
        beside = widgets.HBox(
            [self.units.list, right],
            layout=widgets.Layout(flex_flow="row wrap", align_items="flex-start", margin="2px 0"),
        )
        self.widget = _parts.card(
            self.head,
            _parts.row(self.again, self.follow, self.end),
            self.problem,
            self.units.machines,
            _parts.row(self.units.sought, self.units.verdict, self.units.machine),
            self.units.note,
            self.units.table,
            beside,
            *([self.changes.widget] if self.changes else []),
        )
        self._draw_head("reading", Tone.BUSY)

    @property
    def reader(self) -> FleetReader:
        """What reads the fleet; in the browser's thread."""
        # A job is done only once it is open.
        return cast("FleetReader", self._jobs.opened)

    def find_unit(self) -> Unit | None:
        """Return the unit that is looked at, as fleet told of it last."""
        return None if self._reading is None else self._reading.find_unit(self.looked_at)

    def do(self, job: Callable[[], None]) -> None:
        """Have something done in the browser's thread, after what is under way."""
        self._is_unread, self.problem.value = False, ""
        self._jobs.do(job)

    def read_again(self) -> None:
        """Read anew all that is shown; what is gone meanwhile is said to be. In the browser's thread."""
        self._read()
        self._draw_unit()
        if self._has_journal:
            self._hear()

    def read_journal(self) -> None:
        """Read what the unit that is looked at said last, on each machine that has it."""
        self.do(self._hear)

    def turn(self) -> None:
        """Begin to follow, or end it."""
        if self.follow.description == _FOLLOWING:
            self._following.close()
            self.follow.description = _FOLLOW
            return
        self.follow.description = _FOLLOWING
        self._following.enter_context(Ticker(self._follow_s, self._tick))

    def close(self) -> None:
        """End the thread, after what is under way, and close the way in."""
        self._following.close()
        for one in (*self.units.controls, self.lines, self.hear, self.again, self.follow, self.end):
            one.disabled = True
        self._jobs.close()

    def rest(self, timeout_s: float) -> bool:
        """Wait until all is done that was asked for; return whether it is."""
        return self._jobs.rest(timeout_s)

    def join(self, timeout_s: float | None = None) -> bool:
        """Wait for the end of the thread; return whether it has ended."""
        return self._jobs.join(timeout_s)

    def _tick(self) -> None:
        # A reading that takes longer than it may is not to have others wait behind it, nor a change.
        if self._jobs.are_done:
            self._jobs.do(self.read_again)

    def _read(self) -> None:
        try:
            self._reading = self.reader.read(names=[self.looked_at] if self.looked_at else [])
        except FleetkitError:
            self._is_unread = True
            raise
        if self._is_unread:
            self._is_unread, self.problem.value = False, ""
        self._draw()

    def _choose(self, name: str | None) -> None:
        if name is None:
            return
        self._wanted += 1
        wanted = self._wanted

        def look() -> None:
            # Whoever walks down the list by keyboard wants the last unit, and not each on the way.
            if wanted == self._wanted:
                self._look(name)

        self.do(look)

    def _look(self, name: str) -> None:
        self.looked_at, self._has_journal = name, False
        self.journal.value = ""
        if self.changes:
            self.changes.look()
        self._read()
        self._draw_unit()
        status = None if self._reading is None else self._reading.find_status(name)
        # A unit on one machine is what one looks at; of a global one each machine would be logged in to.
        if self._reading is not None and status is not None and self.reader.count_machines(self._reading, status) == 1:
            self._hear()

    def _hear(self) -> None:
        name, reading = self.looked_at, self._reading
        status = None if reading is None else reading.find_status(name)
        if reading is None or status is None:
            self.journal.value = ""
            return
        self._has_journal = True
        if not self.reader.has_journals:
            self.journal.value = _parts.box_html("a fleet that is reached by its endpoint leads to no journal")
        elif not self.reader.count_machines(reading, status):
            self.journal.value = _parts.box_html("no machine has it, and so nobody its journal")
        else:
            self.journal.value = journals_html(self.reader.read_journal(reading, name, lines=self.lines.value))

    def _draw(self) -> None:
        if self._reading is not None:
            self.units.draw(self._reading, looked_at=self.looked_at)

    def _draw_unit(self) -> None:
        reading, name = self._reading, self.looked_at
        if reading is None or not name:
            return
        status = reading.find_status(name)
        if status is None:
            self.unit.value, self.text.value, self.journal.value = gone_unit_html(name), "", ""
            self._has_journal = False
            return
        unit = reading.find_unit(name)
        self.unit.value, self.text.value = unit_html(reading, status, unit), text_html(unit)

    def _tell_rest(self) -> None:
        self._draw_head("may be changed" if self.changes else "read-only", Tone.QUIET)

    def _show_problem(self, error: BaseException) -> None:
        self.problem.value = _parts.problem_html(error)
        self._draw_head("trouble", Tone.BAD)

    def _draw_head(self, word: str, tone: Tone) -> None:
        reading = self._reading
        told = f", told by {escape(reading.asked)} at {escape(reading.at)}" if reading is not None else ""
        self.head.value = f"<strong>Units of {escape(self._owner)}</strong> {_parts.badge_html(word, tone)}{told}"
