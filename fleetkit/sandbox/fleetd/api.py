"""What fleet's API answers, as values: a request in, a reply out.

Follows the recordings of fleet v1.0.0, not its documentation, where the two differ.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from importlib import resources
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from fleetkit.core import EtcdError, SettingsError
from fleetkit.sandbox.fleetd.bodies import decode_changes
from fleetkit.sandbox.fleetd.registry import PoisonedError, Registry
from fleetkit.sandbox.fleetd.replies import Reply, Request, error_reply, page_reply
from fleetkit.sandbox.fleetd.units_api import UnitsApi

__all__ = ["FleetApi"]

_PREFIXES = ("/fleet/v1", "/v1-alpha")
_ONLY_MACHINES = "only GET and PATCH supported against this resource"
_OPERATIONS = ("add", "remove", "replace")
_METADATA_PATH = re.compile(r"/([^/]+)/metadata/([A-Za-z0-9_.-]+)")


class FleetApi:
    """Answers requests.

    Parameters
    ----------
    registry
        The cluster's state.
    is_available
        Says whether fleetd has contact with etcd; without it everything is answered 503.
    leads_since
        Seconds since the epoch at which this fleetd became the engine's leader, or None.
    limit
        How many entries a page has.
    takes_units
        Whether units can be stored; see `UnitsApi`.
    """

    def __init__(
        self,
        registry: Registry,
        *,
        is_available: Callable[[], bool],
        leads_since: Callable[[], float | None],
        limit: int,
        takes_units: bool,
    ) -> None:
        self._registry = registry
        self._is_available = is_available
        self._leads_since = leads_since
        self._limit = limit
        self._units = UnitsApi(registry, limit=limit, takes_units=takes_units)

    def answer(self, method: str, target: str, headers: Mapping[str, list[str]], body: bytes) -> Reply:
        """Answer one request; names of headers in lower case."""
        if not self._is_available():
            refused = error_reply(503, "fleet server unable to communicate with etcd")
            return Reply(status=refused.status, body=refused.body, named=False)
        place = urlsplit(target)
        if place.path == "/metrics":
            return self._metrics()
        prefix = next((one for one in _PREFIXES if place.path == one or place.path.startswith(f"{one}/")), None)
        if place.path == "/" or place.path == prefix:
            return error_reply(405)
        if prefix is None:
            return error_reply(404)
        # Split before decoding: a name with an encoded slash is no unit, as in fleet.
        parts = [unquote(part) for part in place.path.removeprefix(f"{prefix}/").split("/")]
        if any("/" in part for part in parts):
            return error_reply(404)
        request = Request(method=method, query=parse_qs(place.query), headers=headers, body=body)
        try:
            return self._route(parts, request)
        except (EtcdError, PoisonedError):
            return error_reply(500)

    def _route(self, parts: list[str], request: Request) -> Reply:
        match parts:
            case ["discovery"]:
                return _answer_discovery(request)
            case ["machines"]:
                return self._answer_machines(request)
            case ["units"]:
                return self._units.list_units(request)
            case ["state"]:
                return self._units.list_states(request)
            case ["units", name] if name:
                return self._units.answer_unit(name, request)
            case ["state", name] if name:
                return self._units.answer_state(name, request)
            case _:
                return error_reply(404)

    def _answer_machines(self, request: Request) -> Reply:
        if request.method == "PATCH":
            return self._change_metadata(request)
        if request.method != "GET":
            return error_reply(405, _ONLY_MACHINES)
        items: list[dict[str, Any]] = []
        for one in self._registry.read_machines():
            shown = {"id": one.id, "metadata": dict(one.metadata), "primaryIP": one.public_ip}
            items.append({name: value for name, value in shown.items() if value})
        return page_reply("machines", items, request.query, limit=self._limit, shown_empty=True)

    def _change_metadata(self, request: Request) -> Reply:
        try:
            changes = decode_changes(request.body)
        except SettingsError as error:
            return error_reply(400, str(error))
        for change in changes:
            if change.operation not in _OPERATIONS:
                return error_reply(400, "invalid op: expect add, remove, or replace")
            if _METADATA_PATH.fullmatch(change.path) is None:
                return error_reply(400, "machine metadata path invalid")
            if change.operation != "remove" and not change.value:
                return error_reply(400, "invalid value: add and replace require a value")
        for change in changes:
            _, machine_id, _, name = change.path.split("/")
            self._registry.set_metadata(machine_id, name, "" if change.operation == "remove" else change.value)
        return Reply(status=204)

    def _metrics(self) -> Reply:
        since = self._leads_since()
        lines = [
            "# HELP fleet_engine_leader_start_time Start time of becoming an engine leader since epoch in seconds.",
            "# TYPE fleet_engine_leader_start_time gauge",
            f"fleet_engine_leader_start_time {since or 0:g}",
        ]
        return Reply(body=("\n".join(lines) + "\n").encode(), kind="text/plain; version=0.0.4")


def _answer_discovery(request: Request) -> Reply:
    if request.method != "GET":
        return error_reply(400, "only HTTP GET supported against this resource")
    return Reply(body=resources.files(__package__).joinpath("discovery.json").read_bytes())
