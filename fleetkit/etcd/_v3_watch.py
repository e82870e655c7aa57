"""Watching keys of the v3 store: the gateway answers one call with a line of JSON for each thing that happens."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from fleetkit.core import EtcdError
from fleetkit.etcd._following import IDLE_S, Heard, follow
from fleetkit.etcd._http import Call
from fleetkit.etcd._reading import Fields
from fleetkit.etcd._v3_reading import read_key
from fleetkit.etcd.endpoints import Endpoint, EtcdLimits, TlsFiles
from fleetkit.etcd.stored_keys import KeyEvent, KeyEventKind, Store, StoredKey

__all__ = ["watch_v3"]


def watch_v3(
    endpoints: Sequence[Endpoint],
    wanted: Mapping[str, Any],
    *,
    stop: threading.Event,
    since: int,
    tls: TlsFiles | None,
    limits: EtcdLimits | None,
) -> Iterator[KeyEvent]:
    """Yield what happens to a key or a range of them.

    Parameters
    ----------
    wanted
        The key, and the end of the range, as the gateway takes them.
    """

    def listen(call: Call, cursor: int) -> Iterator[Heard]:
        begin = {"start_revision": str(cursor + 1)} if cursor else {}
        pieces = call.stream("/v3/watch", {"create_request": {**wanted, **begin}}, idle_s=IDLE_S)
        for answer in _read_lines(pieces):
            cursor, events = _read_answer(answer, cursor)
            yield cursor, events
            if any(one.kind is KeyEventKind.GAP for one in events):
                return

    return follow(endpoints, listen, stop=stop, since=since, tls=tls, limits=limits)


def _read_lines(pieces: Iterator[bytes]) -> Iterator[Fields]:
    rest = b""
    for piece in pieces:
        *lines, rest = (rest + piece).split(b"\n")
        for line in lines:
            if line.strip():
                yield Fields(_parse(line))


def _parse(line: bytes) -> Any:
    try:
        return json.loads(line)
    except ValueError as error:
        raise EtcdError("etcd's answer to a watch is no JSON", seen=repr(line[:80])) from error


def _read_answer(answer: Fields, cursor: int) -> Heard:
    if answer.has("error"):
        raise EtcdError("etcd ended a watch", seen=answer.child("error").text("message"), transient=True)
    result = answer.child("result")
    if compacted := result.whole("compact_revision"):
        # Watching begins anew at what is left of the history.
        lost = StoredKey(store=Store.V3, key=b"")
        return compacted - 1, (KeyEvent(kind=KeyEventKind.GAP, key=lost, revision=compacted),)
    if result.flag("canceled"):
        raise EtcdError("etcd ended a watch", seen=result.text("cancel_reason") or "it gave no reason", transient=True)
    events = tuple(_read_event(one) for one in result.children("events"))
    # Without a revision to begin at, etcd begins after the one that it tells first.
    told = cursor or result.child("header").whole("revision")
    return max([told, *(one.revision for one in events)]), events


def _read_event(fields: Fields) -> KeyEvent:
    gone = fields.text("type") == "DELETE"
    key = read_key(fields.child("kv"), values=not gone)
    return KeyEvent(kind=KeyEventKind.DELETE if gone else KeyEventKind.PUT, key=key, revision=key.revision)
