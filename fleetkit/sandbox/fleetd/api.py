"""What fleet's API answers, as values: a request in, a reply out.

Follows the recordings of fleet v1.0.0, not its documentation, where the two differ.
"""

from __future__ import annotations

import base64
import binascii
import json
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from fleetkit.core import EtcdError
from fleetkit.sandbox.fleetd.etcd import EtcdClient

__all__ = ["FleetApi", "Reply"]

_PREFIXES = ("/fleet/v1", "/v1-alpha")
_ONLY_GET = "only GET supported against this resource"
_ONLY_MACHINES = "only GET and PATCH supported against this resource"
_ONLY_UNIT = "only GET, PUT and DELETE supported against this resource"
_NO_UNIT = "unit does not exist"
_NO_SCHEDULING = "this emulator of fleet stores and schedules no units"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """A reply; ``hang_up`` is fleet's answer for the state of a unit that has none: no answer at all."""

    status: int = 200
    body: bytes = b""
    kind: str = "application/json"
    named: bool = True
    hang_up: bool = False


def _json(value: Any, *, status: int = 200) -> Reply:
    return Reply(status=status, body=json.dumps(value, separators=(",", ":")).encode())


def _error(status: int, message: str = "") -> Reply:
    return _json({"error": {"code": status, "message": message}}, status=status)


class FleetApi:
    """Answers requests.

    Parameters
    ----------
    etcd
        Where the cluster's state is.
    is_available
        Says whether fleetd has contact with etcd; without it everything is answered 503.
    leads_since
        Seconds since the epoch at which this fleetd became the engine's leader, or None.
    """

    def __init__(
        self,
        etcd: EtcdClient,
        *,
        is_available: Callable[[], bool],
        leads_since: Callable[[], float | None],
        token_limit: int,
    ) -> None:
        self._etcd = etcd
        self._is_available = is_available
        self._leads_since = leads_since
        self._limit = token_limit

    def answer(self, method: str, target: str, headers: Mapping[str, list[str]], body: bytes) -> Reply:
        """Answer one request; names of headers in lower case."""
        if not self._is_available():
            refused = _error(503, "fleet server unable to communicate with etcd")
            return Reply(status=refused.status, body=refused.body, named=False)
        place = urlsplit(target)
        if place.path == "/metrics":
            return self._metrics()
        prefix = next((one for one in _PREFIXES if place.path == one or place.path.startswith(f"{one}/")), None)
        if place.path == "/" or place.path == prefix:
            return _error(405)
        if prefix is None:
            return _error(404)
        # Split before decoding: a name with an encoded slash is no unit, as in fleet.
        parts = [unquote(part) for part in place.path.removeprefix(f"{prefix}/").split("/")]
        if any("/" in part for part in parts):
            return _error(404)
        try:
            return self._route(method, parts, parse_qs(place.query), headers, body)
        except EtcdError:
            return _error(500)

    def _route(
        self,
        method: str,
        parts: list[str],
        query: Mapping[str, list[str]],
        headers: Mapping[str, list[str]],
        body: bytes,
    ) -> Reply:
        match parts:
            case ["discovery"]:
                return self._discovery(method)
            case ["machines"]:
                if method != "GET":
                    return _error(501, _NO_SCHEDULING) if method == "PATCH" else _error(405, _ONLY_MACHINES)
                return self._page("machines", self._machines(), query, shown_empty=True)
            case ["units"] | ["state"]:
                if method != "GET":
                    return _error(405, _ONLY_GET)
                # A read that the cluster confirms, so that a lost quorum is seen here first, as in fleet.
                self._etcd.list_keys("job", quorum=parts == ["units"])
                return self._page("units" if parts == ["units"] else "states", [], query, shown_empty=False)
            case ["units", name] if name:
                return self._unit(method, headers, body)
            case ["state", name] if name:
                return Reply(hang_up=True) if method == "GET" else _error(405, _ONLY_GET)
            case _:
                return _error(404)

    def _unit(self, method: str, headers: Mapping[str, list[str]], body: bytes) -> Reply:
        if method in ("GET", "DELETE"):
            return _error(404, _NO_UNIT)
        if method != "PUT":
            return _error(405, _ONLY_UNIT)
        kinds = headers.get("content-type", [])
        if len(kinds) != 1:
            return _error(415, f"expected 1 Content-Type, got {len(kinds)}")
        if not body:
            return _error(400, "unable to decode body: EOF")
        try:
            unit, _ = json.JSONDecoder().raw_decode(body.decode().lstrip())
        except ValueError:
            return _error(400, "unable to decode body: unexpected EOF")
        if not (isinstance(unit, dict) and unit.get("options")):
            return _error(409, "unit does not exist and options field empty")
        return _error(501, _NO_SCHEDULING)

    def _machines(self) -> list[dict[str, Any]]:
        objects: dict[str, dict[str, Any]] = {}
        changed: dict[str, dict[str, str]] = {}
        for key in self._etcd.list_keys("machines", quorum=False):
            match key.name.split("/"):
                case [_, machine_id, "object"]:
                    objects[machine_id] = json.loads(key.value)
                case [_, machine_id, "metadata", name]:
                    changed.setdefault(machine_id, {})[name] = key.value
        found = []
        for machine_id in sorted(objects):
            metadata = {**(objects[machine_id].get("Metadata") or {}), **changed.get(machine_id, {})}
            shown: dict[str, Any] = {"id": machine_id}
            # An empty value is how fleet remembers that a key was removed.
            if kept := {name: value for name, value in sorted(metadata.items()) if value}:
                shown["metadata"] = kept
            if address := objects[machine_id].get("PublicIP"):
                shown["primaryIP"] = address
            found.append(shown)
        return found

    def _page(self, field: str, items: list[Any], query: Mapping[str, list[str]], *, shown_empty: bool) -> Reply:
        tokens = query.get("nextPageToken", [])
        if len(tokens) > 1:
            return _error(400, "too many values for page token")
        page = 1
        if tokens:
            try:
                limit, page = struct.unpack("<HH", base64.urlsafe_b64decode(tokens[0])[:4])
            except (binascii.Error, struct.error):
                return _error(400, "invalid page token")
            if limit != self._limit:
                return _error(400, f"token limit must be {self._limit}")
            if page == 0:
                return _error(400, "page must be greater than 0")
        shown = items[(page - 1) * self._limit : page * self._limit]
        answer: dict[str, Any] = {field: shown} if shown or shown_empty else {}
        if len(shown) == self._limit:
            answer["nextPageToken"] = base64.urlsafe_b64encode(struct.pack("<HH", self._limit, page + 1)).decode()
        return _json(answer)

    def _discovery(self, method: str) -> Reply:
        if method != "GET":
            return _error(400, "only HTTP GET supported against this resource")
        return Reply(body=resources.files(__package__).joinpath("discovery.json").read_bytes())

    def _metrics(self) -> Reply:
        since = self._leads_since()
        lines = [
            "# HELP fleet_engine_leader_start_time Start time of becoming an engine leader since epoch in seconds.",
            "# TYPE fleet_engine_leader_start_time gauge",
            f"fleet_engine_leader_start_time {since or 0:g}",
        ]
        return Reply(body=("\n".join(lines) + "\n").encode(), kind="text/plain; version=0.0.4")
