"""The page of a fleet: its machines and units, and each unit with its text, its states and what it said last."""

from __future__ import annotations

import re

from flask import Blueprint, Flask, render_template, request

from fleetkit.core import NotFoundError, SettingsError
from fleetkit.fleet import UnitVerdict, check_unit_name, list_loads
from fleetkit.views import UNIT_COLUMNS, UnitFilter, count_verdicts, name_machine, tell_next_step, unit_rows
from fleetkit.web._fleet_changes import make_unit_changes
from fleetkit.web.app import PageSettings, make_app, read_refresh
from fleetkit.workflows import NAMED_ACTIONS, FleetReader, UnitGate

__all__ = ["make_fleet_app"]

_REFRESH_S = 10
_LINES = 20
_MOST_LINES = 1000


def make_fleet_app(reader: FleetReader, settings: PageSettings, *, gate: UnitGate | None = None) -> Flask:
    """Return the application that shows a fleet, and changes its units where it is started for that.

    Parameters
    ----------
    gate
        When a unit that was changed counts as being there.
    """
    app = make_app(settings, title="fleet")
    app.register_blueprint(_make_pages(reader))
    if settings.desk is not None:
        app.register_blueprint(make_unit_changes(reader, settings.desk, gate=gate or UnitGate()))
    return app


def _make_pages(reader: FleetReader) -> Blueprint:
    pages = Blueprint("fleet", __name__)

    @pages.get("/")
    def show_fleet() -> str:
        chosen = UnitFilter.of(request.args)
        reading = reader.read()
        picked = chosen.pick(reading.statuses, units=reading.units)
        refresh = read_refresh(_REFRESH_S)
        return render_template(
            "fleet.html",
            reading=reading,
            chosen=chosen,
            loads=list_loads(reading.machines, units=reading.units, states=reading.states),
            statuses={one.name: one for one in reading.statuses},
            columns=UNIT_COLUMNS,
            rows=unit_rows(picked, units=reading.units, machines=reading.machines),
            counts=count_verdicts(picked),
            verdicts=list(UnitVerdict),
            refresh=refresh,
            refresh_s=_REFRESH_S,
        )

    @pages.get("/units/<name>")
    def show_unit(name: str) -> str:
        if check_unit_name(name):
            raise _unknown(name)
        reading = reader.read(names=[name])
        status = reading.find_status(name)
        if status is None:
            raise _unknown(name)
        machines = reader.count_machines(reading, status)
        # A unit on one machine is what one looks at; of a global one each machine would be logged in to.
        lines = _read_lines(_LINES if machines == 1 else 0)
        return render_template(
            "unit.html",
            reading=reading,
            status=status,
            unit=reading.find_unit(name),
            next_step=tell_next_step(status.verdict, name=name),
            tell_machine=lambda machine_id: name_machine(machine_id, reading.machines),
            machines=machines,
            actions=NAMED_ACTIONS,
            has_journals=reader.has_journals,
            lines=lines,
            most_lines=_MOST_LINES,
            journals=reader.read_journal(reading, name, lines=lines) if lines and machines else {},
            refresh=read_refresh(0),
            refresh_s=_REFRESH_S,
        )

    return pages


def _read_lines(otherwise: int) -> int:
    asked = request.args.get("lines", "")
    if not asked:
        return otherwise
    if not re.fullmatch("[0-9]{1,4}", asked) or int(asked) > _MOST_LINES:
        raise SettingsError(f"{asked!r} is no number of lines", hint=f"0 to {_MOST_LINES}")
    return int(asked)


def _unknown(name: str) -> NotFoundError:
    return NotFoundError(
        f"neither fleet nor a machine knows a unit {name!r}", hint="it may be gone; the list has all that there are"
    )
