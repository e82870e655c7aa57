"""fleet's API of units and their states: /units and /state."""

from __future__ import annotations

import http
from collections.abc import Mapping
from typing import Any

from fleetkit.core import SettingsError
from fleetkit.sandbox.fleetd.bodies import SentUnit, decode_unit
from fleetkit.sandbox.fleetd.registry import Job, PublishedState, Registry
from fleetkit.sandbox.fleetd.replies import Reply, Request, error_reply, json_reply, page_reply
from fleetkit.sandbox.fleetd.rules import refuse_name, refuse_options
from fleetkit.sandbox.fleetd.units import Unit, Wanted, serialize

__all__ = ["UnitsApi"]

_ONLY_GET = "only GET supported against this resource"
_ONLY_UNIT = "only GET, PUT and DELETE supported against this resource"
_NO_UNIT = "unit does not exist"
_NO_UNITS = "this emulator of fleet stores and schedules no units"


class UnitsApi:
    """Answers for units.

    Parameters
    ----------
    limit
        How many entries a page has.
    takes_units
        Whether there is something that could run a unit; a request that would store one is refused otherwise, with
        status 501, which fleet never gives.
    """

    def __init__(self, registry: Registry, *, limit: int, takes_units: bool) -> None:
        self._registry = registry
        self._limit = limit
        self._takes_units = takes_units

    def list_units(self, request: Request) -> Reply:
        """Answer for /units."""
        if request.method != "GET":
            return error_reply(405, _ONLY_GET)
        jobs = self._registry.read_jobs()
        states = {(one.name, one.machine_id): one for one in self._registry.read_states()} if jobs else {}
        items = [_render_unit(job, states.get((job.name, job.machine_id)), listed=True) for job in jobs]
        return page_reply("units", items, request.query, limit=self._limit, shown_empty=False)

    def list_states(self, request: Request) -> Reply:
        """Answer for /state."""
        if request.method != "GET":
            return error_reply(405, _ONLY_GET)
        units, machines = request.query.get("unitName", [""])[0], request.query.get("machineID", [""])[0]
        items = [
            _render_state(one)
            for one in self._registry.read_states()
            if (not units or one.name == units) and (not machines or one.machine_id == machines)
        ]
        return page_reply("states", items, request.query, limit=self._limit, shown_empty=False)

    def answer_state(self, name: str, request: Request) -> Reply:
        """Answer for /state/NAME."""
        if request.method != "GET":
            return error_reply(405, _ONLY_GET)
        state = self._registry.read_state(name)
        return Reply(hang_up=True) if state is None else json_reply(_render_state(state))

    def answer_unit(self, name: str, request: Request) -> Reply:
        """Answer for /units/NAME."""
        if request.method == "PUT":
            return self._put(name, request)
        if request.method not in ("GET", "DELETE"):
            return error_reply(405, _ONLY_UNIT)
        job = self._registry.read_job(name)
        if job is None:
            return error_reply(404, _NO_UNIT)
        if request.method == "GET":
            states = {one.machine_id: one for one in self._registry.read_states() if one.name == name}
            return json_reply(_render_unit(job, states.get(job.machine_id), listed=False))
        self._registry.destroy(name)
        return Reply(status=http.HTTPStatus.NO_CONTENT, kind="")

    def _put(self, name: str, request: Request) -> Reply:
        kinds = request.headers.get("content-type", [])
        if len(kinds) != 1:
            return error_reply(415, f"expected 1 Content-Type, got {len(kinds)}")
        if kinds[0].partition(";")[0].strip() != "application/json":
            return error_reply(415, "only acceptable Content-Type is application/json")
        try:
            sent = decode_unit(request.body)
        except SettingsError as error:
            return error_reply(400, f"unable to decode body: {error}")
        if sent.name not in ("", name):
            return error_reply(400, f'name in URL "{name}" differs from unit name in request body "{sent.name}"')
        refused = refuse_name(name)
        return error_reply(400, refused) if refused else self._store(name, sent)

    def _store(self, name: str, sent: SentUnit) -> Reply:
        job = self._registry.read_job(name)
        if job is None and not sent.options:
            return error_reply(409, "unit does not exist and options field empty")
        unit = Unit(raw=serialize(sent.options))
        if sent.options and (job is None or job.unit.unit_hash != unit.unit_hash):
            return self._create(name, sent, unit)
        if not sent.desired:
            return error_reply(409, "must provide DesiredState to update existing unit")
        if "@." in name and sent.desired != Wanted.INACTIVE:
            return error_reply(400, f'cannot activate template "{name}"')
        self._registry.want(name, sent.desired)
        return Reply(status=http.HTTPStatus.NO_CONTENT, kind="")

    def _create(self, name: str, sent: SentUnit, unit: Unit) -> Reply:
        refused = refuse_options(sent.options)
        if refused:
            return error_reply(400, refused)
        if not self._takes_units:
            return error_reply(501, _NO_UNITS)
        try:
            desired = Wanted(sent.desired or Wanted.INACTIVE)
        except ValueError:
            # Unlike a state that is wanted of a unit that is there, fleet looks at this one, and has no words for it.
            return error_reply(500)
        self._registry.create(name, unit, desired)
        return Reply(status=http.HTTPStatus.CREATED, kind="")


def _render_unit(job: Job, state: PublishedState | None, *, listed: bool) -> dict[str, Any]:
    is_global = job.wish.is_global
    current = "" if is_global and not listed else str(_current_state(job, state))
    shown = {
        "currentState": current,
        "desiredState": str(job.desired or ""),
        "machineID": "" if is_global else job.machine_id,
        "name": job.name,
        "options": [
            _without_empty({"section": one.section, "name": one.name, "value": one.value}) for one in job.unit.options
        ],
    }
    return _without_empty(shown)


def _current_state(job: Job, state: PublishedState | None) -> Wanted:
    if not job.machine_id or state is None:
        return Wanted.INACTIVE
    return Wanted.LAUNCHED if job.heartbeat == job.machine_id else Wanted.LOADED


def _render_state(state: PublishedState) -> dict[str, str]:
    return {
        "hash": state.unit_hash,
        "machineID": state.machine_id,
        "name": state.name,
        "systemdActiveState": state.active,
        "systemdLoadState": state.load,
        "systemdSubState": state.sub,
    }


def _without_empty(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out what is empty, as fleet does, in the order of names."""
    return {name: value for name, value in sorted(fields.items()) if value}
