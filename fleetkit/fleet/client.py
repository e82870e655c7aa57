"""A client of fleet's API, over whatever socket it is handed."""

from __future__ import annotations

import http
import http.client
import json
import urllib.parse
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from fleetkit.core import FleetError
from fleetkit.fleet.requests import ROOT, unit_body, unit_path
from fleetkit.fleet.unit_text import UnitText
from fleetkit.fleet.values import DesiredState, Machine, Unit, UnitState, read_page

__all__ = ["FleetClient", "FleetLimits", "SocketLike"]

_MOST_PAGES = 1000
"""fleet itself is good for a hundred machines; beyond this, a server is telling tokens without an end."""


_MOST_READINGS = 5
"""How often a list of several pages is read until two readings agree."""

_DONE = (http.HTTPStatus.CREATED, http.HTTPStatus.NO_CONTENT)

T = TypeVar("T")


class SocketLike(Protocol):
    """What is needed of a socket."""

    def settimeout(self, value: float | None, /) -> None:
        """Limit each wait, in seconds."""

    def sendall(self, data: Any, /) -> None:
        """Send all of ``data``."""

    def makefile(self, mode: Any, /) -> Any:
        """Make a file to read from."""

    def close(self) -> None:
        """Close it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetLimits:
    """How long a call may take.

    Attributes
    ----------
    wait_s
        Seconds for each wait for fleet. While fleet's etcd changes its leader, it takes some seconds to answer.
    """

    wait_s: float = 10.0


class FleetClient:
    """Asks one machine's fleet.

    Parameters
    ----------
    connect
        Opens a socket to fleet's API; called once for each request, since fleet hangs up when it stumbles.
    limits
        How long a call may take.
    """

    def __init__(self, connect: Callable[[], SocketLike], *, limits: FleetLimits | None = None) -> None:
        self._connect = connect
        self._limits = limits or FleetLimits()

    def list_machines(self) -> tuple[Machine, ...]:
        """List the machines that have joined, as the machine that is asked knows them.

        A machine that died is listed until its time to live has passed.

        Returns
        -------
        tuple of Machine
            Sorted by id, each once, of all pages.

        Raises
        ------
        FleetError
            When fleet cannot be asked, refuses, or has lost its etcd; never an empty list instead.
        """
        return self._list("machines", Machine.from_json, key=lambda one: (one.id,))

    def list_units(self) -> tuple[Unit, ...]:
        """List all units, with what they are made of; one that was spoiled by a wrong state is not told.

        Returns
        -------
        tuple of Unit
            Sorted by name, each once, of all pages.

        Raises
        ------
        FleetError
            When fleet cannot be asked, refuses, or has lost its etcd, or units come and go faster than they are read.
        """
        return self._list("units", Unit.from_json, key=lambda one: (one.name,))

    def list_states(self) -> tuple[UnitState, ...]:
        """List what systemd makes of each unit on each machine; the rows of a machine that died stay for a while.

        Returns
        -------
        tuple of UnitState
            Sorted by name and machine, each once, of all pages.

        Raises
        ------
        FleetError
            When fleet cannot be asked, refuses, or has lost its etcd, or units come and go faster than they are read.
        """
        return self._list("state", UnitState.from_json, listed="states", key=lambda one: (one.name, one.machine_id))

    def read_unit(self, name: str) -> Unit | None:
        """Read one unit; None where there is none.

        Raises
        ------
        FleetError
            When fleet cannot be asked or refuses; a unit that was spoiled by a wrong state it refuses for ever.
        """
        status, answer = self._ask("GET", unit_path(name))
        if status == http.HTTPStatus.NOT_FOUND:
            return None
        return Unit.from_json(_expect(status, answer, f"GET {unit_path(name)}"), path="the unit")

    def stumbles_over(self, name: str) -> bool:
        """Whether fleet answers 500 for a unit, as it does for ever for one that was spoiled by a wrong state.

        While its etcd chooses a leader it does so for any unit: that the list is answered before or after says that
        it is this one.

        Raises
        ------
        FleetError
            When fleet cannot be asked.
        """
        status, _ = self._ask("GET", unit_path(name))
        return status == http.HTTPStatus.INTERNAL_SERVER_ERROR

    def put_unit(self, name: str, unit: UnitText, desired: DesiredState) -> None:
        """Create a unit, or replace one of that name that is made of something else, and ask for a state of it.

        Raises
        ------
        FleetError
            When fleet cannot be asked, or refuses it; says why, as far as fleet does.
        """
        self._change("PUT", name, unit_body(unit, desired))

    def set_desired_state(self, name: str, desired: DesiredState) -> None:
        """Ask for another state of a unit that is there.

        Raises
        ------
        FleetError
            When fleet cannot be asked, or there is no such unit.
        """
        self._change("PUT", name, {"desiredState": str(desired)})

    def destroy_unit(self, name: str) -> bool:
        """Have fleet forget a unit, wherever it runs; return whether there was one.

        Raises
        ------
        FleetError
            When fleet cannot be asked, or refuses.
        """
        status, answer = self._ask("DELETE", unit_path(name))
        if status == http.HTTPStatus.NOT_FOUND:
            return False
        _expect(status, answer, f"DELETE {unit_path(name)}")
        return True

    def _list(
        self, resource: str, read: Callable[..., T], *, key: Callable[[T], tuple[str, ...]], listed: str = ""
    ) -> tuple[T, ...]:
        """Read a list until two readings of it agree on what is in it.

        A page is a stretch of the list as it is at that moment: whatever goes meanwhile draws another over the border
        between two pages, unread.
        """
        before: frozenset[tuple[str, ...]] | None = None
        for _ in range(_MOST_READINGS):
            found, pages = self._read_once(resource, read, key=key, listed=listed or resource)
            if pages == 1 or frozenset(found) == before:
                return tuple(found[one] for one in sorted(found))
            before = frozenset(found)
        raise FleetError(
            f"fleet's list of {listed or resource} changes faster than it is read",
            seen=f"no two of {_MOST_READINGS} readings were the same",
            transient=True,
        )

    def _read_once(
        self, resource: str, read: Callable[..., T], *, key: Callable[[T], tuple[str, ...]], listed: str
    ) -> tuple[dict[tuple[str, ...], T], int]:
        found: dict[tuple[str, ...], T] = {}
        token = ""
        for page in range(1, _MOST_PAGES + 1):
            query = f"?{urllib.parse.urlencode({'nextPageToken': token})}" if token else ""
            path = f"{ROOT}/{resource}{query}"
            status, answer = self._ask("GET", path)
            entries, token = read_page(_expect(status, answer, f"GET {ROOT}/{resource}"), listed, read)
            found |= {key(one): one for one in entries}
            if not token:
                return found, page
        raise FleetError(f"fleet's list of {listed} does not end", seen=f"{_MOST_PAGES} pages")

    def _change(self, method: str, name: str, body: dict[str, Any]) -> None:
        status, answer = self._ask(method, unit_path(name), body)
        _expect(status, answer, f"{method} {unit_path(name)}")

    def _ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection("localhost")
        # Never dialled anew behind our back: "localhost" is only the name in the request's header.
        connection.auto_open = 0
        headers = {} if body is None else {"Content-Type": "application/json"}
        try:
            opened = self._connect()
            opened.settimeout(self._limits.wait_s)
            connection.sock = opened
            connection.request(method, path, None if body is None else json.dumps(body).encode(), headers)
            with connection.getresponse() as response:
                return response.status, response.read()
        except TimeoutError as error:
            raise FleetError(
                "fleet did not answer in time", transient=True, seen=f"nothing within {self._limits.wait_s:g} s"
            ) from error
        except (http.client.HTTPException, OSError, EOFError) as error:
            # fleet closes the connection without an answer when its handler panics or its process ends.
            raise FleetError(
                "the connection to fleet was closed before an answer",
                transient=True,
                seen=str(error) or type(error).__name__,
                hint="see fleet.service's journal on that machine",
            ) from error
        finally:
            connection.close()


def _expect(status: int, content: bytes, asked: str) -> Any:
    """Return what an answer holds, where it is one of success."""
    try:
        answer = json.loads(content) if content else None
    except (ValueError, RecursionError):
        answer = None
    if status in _DONE or (status == http.HTTPStatus.OK and answer is not None):
        return answer
    said = content[:80].decode("utf-8", "replace")
    if isinstance(answer, dict) and isinstance(answer.get("error"), dict):
        # fleet names no reason for most of what it fails at itself.
        said = str(answer["error"].get("message", ""))
    unavailable = status == http.HTTPStatus.SERVICE_UNAVAILABLE
    raise FleetError(
        f"fleet answered {asked} with {status}",
        transient=status >= http.HTTPStatus.INTERNAL_SERVER_ERROR,
        seen=said or "without a word",
        hint="fleet has lost its etcd: look at etcd's health first" if unavailable else None,
    )
