"""What the browser of units shows of a whole fleet: machines as cards, and the units that the filter lets through."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from html import escape
from typing import Any

import ipywidgets as widgets

from fleetkit.fleet import UnitVerdict, list_loads
from fleetkit.ui import _parts
from fleetkit.ui._unit_shown import label_units, unit_table_html
from fleetkit.views import UnitFilter, count_verdicts, machine_cards_html, name_machine, unit_rows
from fleetkit.workflows import UnitReading

__all__ = ["UnitList"]

_ANY = "any"


class UnitList:
    """Cards, filter, table, and the list in which a unit is chosen.

    Parameters
    ----------
    filtered
        Told that another filter is asked for.
    chosen
        Told the name of a unit that somebody chose.
    """

    def __init__(self, *, filtered: Callable[[], None], chosen: Callable[[str], None]) -> None:
        self._filtered, self._chosen = filtered, chosen
        self._drawing = False
        self.machines, self.note, self.table = _parts.html(), _parts.html(), _parts.html()
        self.sought = widgets.Text(
            description="filter",
            placeholder="part of a name, then Enter",
            continuous_update=False,
            layout=widgets.Layout(width="24em"),
        )
        self.verdict = widgets.Dropdown(
            options=[(_ANY, ""), *((str(one), str(one)) for one in UnitVerdict)],
            description="verdict",
            layout=widgets.Layout(width="16em"),
        )
        self.machine = widgets.Dropdown(
            options=[(_ANY, "")], description="machine", layout=widgets.Layout(width="18em")
        )
        self.list = widgets.Select(
            description="units", options=[], rows=12, layout=widgets.Layout(flex="1 1 26em", min_width="20em")
        )
        # JupyterLab takes the arrow keys of a list for its own, and goes to another cell; those of a button it leaves.
        self.previous = _parts.button("Previous unit", lambda: self._step(-1))
        self.next = _parts.button("Next unit", lambda: self._step(1))
        for one in (self.sought, self.verdict, self.machine):
            one.observe(lambda _change: self._heard(self._filtered), "value")
        self.list.observe(lambda change: self._heard(lambda: self._chosen(change["new"])), "value")

    @property
    def controls(self) -> tuple[Any, ...]:
        """What somebody works with."""
        return (self.sought, self.verdict, self.machine, self.list, self.previous, self.next)

    def draw(self, reading: UnitReading, *, looked_at: str) -> None:
        """Show a reading, with the unit that is looked at chosen where the filter lets it through."""
        loads = list_loads(reading.machines, units=reading.units, states=reading.states)
        self.machines.value = _parts.box_html(machine_cards_html(loads, statuses=reading.statuses))
        places = sorted((name_machine(one.id, reading.machines), one.id) for one in reading.machines)
        # With the list of a machine that is gone nobody would know why it is empty.
        kept = self.machine.value if self.machine.value in {machine_id for _, machine_id in places} else ""
        self._offer(self.machine, [(_ANY, ""), *places], kept)
        asked = {"name": self.sought.value, "verdict": self.verdict.value, "machine": self.machine.value}
        chosen = UnitFilter.of(asked)
        picked = chosen.pick(reading.statuses, units=reading.units)
        rows = unit_rows(picked, units=reading.units, machines=reading.machines)
        self.table.value = _parts.box_html(unit_table_html(rows))
        names = {name for name, *_ in rows}
        self._offer(self.list, label_units(rows), looked_at if looked_at in names else None)
        told = [f"{count_verdicts(picked)} {chosen.tell(reading.machines)}".strip()]
        told += [f"passed over: {one}" for one in reading.passed_over]
        told += [reading.unheard] if reading.unheard else []
        self.note.value = f'<div role="status">{"<br>".join(map(escape, told))}</div>'

    def _step(self, by: int) -> None:
        count = len(self.list.options)
        if count:
            at = self.list.index
            first = 0 if by > 0 else count - 1
            self.list.index = first if at is None else max(0, min(count - 1, at + by))

    def _heard(self, tell: Callable[[], None]) -> None:
        if not self._drawing:
            tell()

    def _offer(self, control: Any, options: Sequence[tuple[str, str]], value: str | None) -> None:
        with self._redrawn():
            # A list that is set anew scrolls back to its top below whoever reads it.
            if list(control.options) != list(options):
                control.options = options
            control.value = value

    @contextlib.contextmanager
    def _redrawn(self) -> Iterator[None]:
        self._drawing = True
        try:
            yield
        finally:
            self._drawing = False
