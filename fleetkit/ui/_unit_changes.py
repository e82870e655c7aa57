"""Changing units from the browser: show what would be, take an approval, send it, and look what came of it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from html import escape
from pathlib import Path
from typing import Any, Protocol

import ipywidgets as widgets

from fleetkit.core import NotFoundError, SettingsError
from fleetkit.fleet import DesiredState, Unit, parse_unit_file, read_unit_files
from fleetkit.runs import UNRECORDED
from fleetkit.ui import _parts
from fleetkit.ui._approving import Approving
from fleetkit.views import UNIT_SKELETON
from fleetkit.workflows import (
    NAMED_ACTIONS,
    Approved,
    FleetReader,
    Reporter,
    UnitAction,
    UnitGate,
    UnitsPlan,
    apply_units,
    plan_unit_deploy,
    plan_units,
    verify_units,
)

__all__ = ["UnitChanges"]

_NOTES = 5
_WIDE = "44em"


class _Browser(Protocol):
    @property
    def reader(self) -> FleetReader:
        """Reads the fleet whose units are changed."""

    @property
    def looked_at(self) -> str:
        """Name of the unit that is looked at; empty where none is."""

    def find_unit(self) -> Unit | None:
        """Return the unit that is looked at, as fleet told of it last."""

    def do(self, job: Callable[[], None]) -> None:
        """Have something done in the browser's thread."""

    def read_again(self) -> None:
        """Read anew what is shown."""


class UnitChanges:
    """Buttons for the unit that is looked at, a form for a new one, and the plan of either with its approval.

    Parameters
    ----------
    browser
        Whose units they are.
    folder
        The folder from which paths of files are seen.
    report
        Told of plans, approvals and changes.
    gate
        When a unit that was changed counts as being there.
    """

    def __init__(self, browser: _Browser, *, folder: Path, report: Reporter, gate: UnitGate) -> None:
        self._browser, self._folder, self._report, self._gate = browser, folder, report, gate
        self.actions = {
            one: _parts.button(
                one.capitalize(),
                partial(self._show_action, one),
                style="danger" if one is UnitAction.DESTROY else "",
                tooltip="Of the unit that is looked at; the plan is shown first",
            )
            for one in NAMED_ACTIONS
        }
        layout = widgets.Layout(width=_WIDE, max_width="100%")
        # As with approvals: a press of a button must not overtake what was typed.
        self.file = widgets.Text(
            description="file", placeholder=f"a unit file, seen from {folder}", layout=layout, continuous_update=False
        )
        self.take_file = _parts.button("Take it from the file", lambda: browser.do(self._take_file))
        self.take_unit = _parts.button("Take it from the unit", lambda: browser.do(self._take_unit))
        self.name = widgets.Text(
            description="name", placeholder="with its type: web.service", layout=layout, continuous_update=False
        )
        self.text = widgets.Textarea(
            value=UNIT_SKELETON,
            description="text",
            rows=10,
            layout=widgets.Layout(width=_WIDE, max_width="100%"),
            continuous_update=False,
        )
        self.text.add_class(UNRECORDED)
        self.desired = widgets.Dropdown(
            options=[(str(one), one) for one in DesiredState], value=DesiredState.LAUNCHED, description="asked of it"
        )
        self.send = _parts.button("Show what is sent", lambda: browser.do(self._plan_text), style="primary")
        self.approving = Approving(browser.do)
        self.notes = _parts.html()
        self._told: list[str] = []
        self.widget = _parts.card(
            _parts.html("<strong>Change the unit that is looked at</strong>"),
            _parts.row(*self.actions.values()),
            _parts.html("<strong>Send a unit from its text</strong>"),
            _parts.row(self.file, self.take_file, self.take_unit),
            self.name,
            self.text,
            _parts.row(self.desired, self.send),
            *self.approving.parts,
            self.notes,
        )

    def look(self) -> None:
        """Take that another unit is looked at: a plan for the one before is not to be taken for this one's."""
        self.approving.forget()
        self._forget_notes()

    def _show_action(self, action: UnitAction) -> None:
        # Which unit it was when the button was pressed: another may be looked at when its turn comes.
        name = self._browser.looked_at

        def show() -> None:
            self.look()
            if not name:
                raise SettingsError("no unit is looked at", hint="choose one in the list")
            reader = self._browser.reader
            self._show(plan_units(reader.source, [name], action, limits=reader.limits, report=self._report))

        self._browser.do(show)

    def _plan_text(self) -> None:
        self.look()
        name = self.name.value.strip()
        files = parse_unit_file(name, self.text.value)
        reader = self._browser.reader
        plan = plan_unit_deploy(
            reader.source, files, desired=self.desired.value, limits=reader.limits, report=self._report
        )
        self._show(plan, remarks=tuple(str(one) for one in files.findings))

    def _show(self, plan: UnitsPlan, *, remarks: tuple[str, ...] = ()) -> None:
        self.approving.show(plan, self._carry_out, remarks=remarks)

    def _carry_out(self, approved: Approved[UnitsPlan]) -> tuple[Any, Any]:
        reader = self._browser.reader
        self._forget_notes()
        told = Reporter(note=self._note, record=self._report.record)
        try:
            applied = apply_units(reader.source, approved, gate=self._gate, limits=reader.limits, report=told)
            verified = verify_units(reader.source, approved.plan, limits=reader.limits, report=told)
        finally:
            # What broke off may have sent some of it.
            self._forget_notes()
        self._browser.read_again()
        return applied, verified

    def _take_file(self) -> None:
        path = self._folder / Path(self.file.value.strip()).expanduser()
        if not path.is_file():
            raise NotFoundError(f"{path} is no file", hint="name one unit file")
        try:
            files = read_unit_files([path])
        except OSError as error:
            raise SettingsError(f"{path} cannot be read", seen=str(error)) from error
        if path.name not in files.units:
            raise SettingsError(f"{path} cannot be taken", seen="; ".join(str(one) for one in files.findings))
        self.name.value, self.text.value = path.name, files.units[path.name].text

    def _take_unit(self) -> None:
        unit = self._browser.find_unit()
        if unit is None:
            raise SettingsError("fleet tells no text of a unit that is looked at", hint="choose one in the list")
        self.name.value, self.text.value = unit.name, unit.text.text
        self.desired.value = DesiredState.parse(unit.desired_state or DesiredState.INACTIVE)

    def _note(self, line: str) -> None:
        self._told.append(line)
        self.notes.value = f'<div role="status">{"<br>".join(map(escape, self._told[-_NOTES:]))}</div>'

    def _forget_notes(self) -> None:
        self._told.clear()
        self.notes.value = ""
