"""A client of fleet's API, over whatever socket it is handed."""

from __future__ import annotations

import http
import http.client
import json
import urllib.parse
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from fleetkit.core import FleetError
from fleetkit.fleet.values import Machine, MachinePage

__all__ = ["FleetClient", "FleetLimits", "SocketLike"]

_MOST_PAGES = 1000
"""fleet itself is good for a hundred machines; beyond this, a server is telling tokens without an end."""


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
        machines: dict[str, Machine] = {}
        token = ""
        for _ in range(_MOST_PAGES):
            query = f"?{urllib.parse.urlencode({'nextPageToken': token})}" if token else ""
            page = MachinePage.from_json(self._get(f"/fleet/v1/machines{query}"))
            machines |= {machine.id: machine for machine in page.machines}
            token = page.next_token
            if not token:
                return tuple(machines[key] for key in sorted(machines))
        raise FleetError("fleet's list of machines does not end", seen=f"{_MOST_PAGES} pages")

    def _get(self, path: str) -> Any:
        connection = http.client.HTTPConnection("localhost")
        # Never dialled anew behind our back: "localhost" is only the name in the request's header.
        connection.auto_open = 0
        try:
            opened = self._connect()
            opened.settimeout(self._limits.wait_s)
            connection.sock = opened
            connection.request("GET", path)
            with connection.getresponse() as response:
                return _read(response, path)
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


def _read(response: http.client.HTTPResponse, path: str) -> Any:
    content = response.read()
    try:
        answer = json.loads(content)
    except ValueError:
        answer = None
    if response.status == http.HTTPStatus.OK and answer is not None:
        return answer
    said = ""
    if isinstance(answer, dict) and isinstance(answer.get("error"), dict):
        said = str(answer["error"].get("message", ""))
    unavailable = response.status == http.HTTPStatus.SERVICE_UNAVAILABLE
    raise FleetError(
        f"fleet answered GET {path.partition('?')[0]} with {response.status}",
        transient=response.status >= http.HTTPStatus.INTERNAL_SERVER_ERROR,
        seen=said or content[:80].decode("utf-8", "replace") or "without a word",
        hint="fleet has lost its etcd: look at etcd's health first" if unavailable else None,
    )
