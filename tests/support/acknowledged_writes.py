"""A writer of both stores of etcd that counts what was acknowledged, and looks afterwards whether all is there."""

from __future__ import annotations

import base64
import http.client
import itertools
import json
import ssl
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from fleetkit.core import NotYet, Patience, wait_until

_REQUEST_S = 2.0
_PAUSE_S = 0.02
_PREFIX = "drills/"
_PATIENCE = Patience(deadline_s=120, interval_s=0.2)


@dataclass(frozen=True, slots=True)
class Lost:
    """Ids of writes that were acknowledged and are not there, by store."""

    v3: frozenset[int]
    v2: frozenset[int]

    @property
    def count(self) -> int:
        return len(self.v3) + len(self.v2)

    def __and__(self, others: Mapping[str, frozenset[int]]) -> Lost:
        """Return those of them that are among others."""
        return Lost(v3=self.v3 & others["v3"], v2=self.v2 & others["v2"])


@dataclass(slots=True)
class Writer:
    """Writes id after id to each store in a thread of its own, a member after the other in turn.

    A write that was refused, or whose answer did not come, may be there or not; only what was acknowledged counts.

    Parameters
    ----------
    ports
        Where the members' client ports are on 127.0.0.1, which their certificates name as well.
    """

    ports: Sequence[int]
    context: ssl.SSLContext
    acknowledged: dict[str, list[int]] = field(default_factory=lambda: {"v3": [], "v2": []})
    refused: dict[str, int] = field(default_factory=lambda: {"v3": 0, "v2": 0})
    _ids: itertools.count[int] = field(default_factory=lambda: itertools.count(1))
    _ended: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list)

    def start(self) -> None:
        """Begin, or go on after `stop`."""
        self._ended = threading.Event()
        writes = (("v3", self._write_v3), ("v2", self._write_v2))
        self._threads = [threading.Thread(target=self._run, args=one, name=f"writer-{one[0]}") for one in writes]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Write no more; returns when what was under way has its answer, or none."""
        self._ended.set()
        for thread in self._threads:
            thread.join()

    def wait_for_more(self) -> None:
        """Wait until both stores acknowledge writes that begin after this call."""
        before = {store: len(ids) for store, ids in self.acknowledged.items()}

        def look() -> bool | NotYet[bool]:
            # The first may have been under way before.
            late = [store for store, ids in self.acknowledged.items() if len(ids) < before[store] + 2]
            return NotYet(f"nothing more was acknowledged by {', '.join(late)}") if late else True

        wait_until(look, what="both stores to take writes", patience=_PATIENCE)

    def list_acknowledged(self) -> dict[str, frozenset[int]]:
        """Return what was acknowledged so far, by store."""
        return {store: frozenset(ids) for store, ids in self.acknowledged.items()}

    def forget(self, lost: Lost) -> None:
        """Count no more what was lost and may be, while nothing is written."""
        for store, ids in (("v3", lost.v3), ("v2", lost.v2)):
            self.acknowledged[store] = [one for one in self.acknowledged[store] if one not in ids]

    def find_lost(self) -> Lost:
        """Read all that is there through the quorum, and return what was acknowledged and is not."""
        return Lost(
            v3=frozenset(self.acknowledged["v3"]) - self._read(self._list_v3),
            v2=frozenset(self.acknowledged["v2"]) - self._read(self._list_v2),
        )

    def _run(self, store: str, write: Callable[[int, int], bool]) -> None:
        for port in itertools.cycle(self.ports):
            if self._ended.wait(_PAUSE_S):
                return
            number = next(self._ids)
            try:
                taken = write(port, number)
            except (OSError, http.client.HTTPException):
                taken = False
            if taken:
                self.acknowledged[store].append(number)
            else:
                self.refused[store] += 1

    def _write_v3(self, port: int, number: int) -> bool:
        body = json.dumps({"key": _b64(_key(number)), "value": _b64(str(number))})
        status, _ = self._ask(port, "POST", "/v3/kv/put", body)
        return status == http.HTTPStatus.OK

    def _write_v2(self, port: int, number: int) -> bool:
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        status, _ = self._ask(port, "PUT", f"/v2/keys/{_key(number)}", f"value={number}", headers=form)
        return status == http.HTTPStatus.CREATED

    def _read(self, listing: Callable[[int], frozenset[int]]) -> frozenset[int]:
        def look() -> frozenset[int] | NotYet[frozenset[int]]:
            for port in self.ports:
                try:
                    return listing(port)
                except (OSError, http.client.HTTPException) as error:
                    last = repr(error)
            return NotYet(last)

        return wait_until(look, what="a whole listing", patience=_PATIENCE)

    def _list_v3(self, port: int) -> frozenset[int]:
        asked = {"key": _b64(_PREFIX), "range_end": _b64(_PREFIX[:-1] + chr(ord(_PREFIX[-1]) + 1))}
        status, found = self._ask(port, "POST", "/v3/kv/range", json.dumps(asked))
        if status != http.HTTPStatus.OK:
            raise http.client.HTTPException(f"{status}: {found}")
        return _numbers({_text(one["key"]): _text(one["value"]) for one in found.get("kvs", [])})

    def _list_v2(self, port: int) -> frozenset[int]:
        status, found = self._ask(port, "GET", f"/v2/keys/{_PREFIX}?recursive=true&quorum=true")
        if status != http.HTTPStatus.OK:
            raise http.client.HTTPException(f"{status}: {found}")
        return _numbers({one["key"].lstrip("/"): one["value"] for one in found["node"].get("nodes", [])})

    def _ask(
        self, port: int, method: str, path: str, body: str | None = None, *, headers: Mapping[str, str] = {}
    ) -> tuple[int, Any]:
        connection = http.client.HTTPSConnection("127.0.0.1", port, timeout=_REQUEST_S, context=self.context)
        try:
            connection.request(method, path, body, dict(headers))
            answer = connection.getresponse()
            text = answer.read().decode()
        finally:
            connection.close()
        return answer.status, json.loads(text) if text.startswith("{") else text


def _key(number: int) -> str:
    return f"{_PREFIX}{number:08}"


def _b64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def _text(encoded: str) -> str:
    return base64.b64decode(encoded).decode()


def _numbers(found: Mapping[str, str]) -> frozenset[int]:
    """Return the ids whose key and value both are as they were written."""
    return frozenset(int(value) for key, value in found.items() if value.isdecimal() and key == _key(int(value)))
