"""Watching keys of the v3 store: the gateway answers one call with a line of JSON for each thing that happens."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from typing import Any

from fleetkit.core import EtcdError, SettingsError
from fleetkit.etcd._following import IDLE_S, Heard, Listen
from fleetkit.etcd._http import Call
from fleetkit.etcd._reading import Fields
from fleetkit.etcd._v3_reading import read_key
from fleetkit.etcd.stored_keys import KeyEvent, KeyEventKind, Store, StoredKey
from fleetkit.etcd.values import MemberStatus
from fleetkit.etcd.versions import EtcdVersion

__all__ = ["listen_v3"]

_TELLS_PROGRESS = EtcdVersion(3, 5, 8)
"""From this version on etcd tells how far a watch has come only once all up to there was sent (etcd, CHANGELOG-3.5)."""

_CATCHING_UP_S = 0.3
"""etcd brings a watch of what was before up to date every tenth of a second, and tells no progress until then."""

_WHOLE_STREAM = -1
"""etcd's id of a watch in an answer that is of none in particular: that of progress."""


def listen_v3(wanted: Mapping[str, Any]) -> Listen:
    """Return what listens to what happens to a key or a range of them.

    Parameters
    ----------
    wanted
        The key, and the end of the range, as the gateway takes them.
    """

    def listen(call: Call, cursor: int) -> Iterator[Heard]:
        # Of a quiet key etcd tells nothing, and one day what was after its last change is compacted. A watch that
        # goes on asks how far it has come, so that the next one need not begin where nothing is known any more.
        requests = _list_requests(wanted, cursor, progress=cursor > 0 and _tells_progress(call))
        for answer in _read_lines(call.stream("/v3/watch", requests, idle_s=IDLE_S)):
            cursor, events = _read_answer(answer, cursor)
            yield cursor, events
            if any(one.kind is KeyEventKind.GAP for one in events):
                return

    return listen


def _tells_progress(call: Call) -> bool:
    version = MemberStatus.from_json(call.post("/v3/maintenance/status", {})).version
    try:
        return EtcdVersion.parse(version) >= _TELLS_PROGRESS
    except SettingsError:
        # A build of one's own has no number that would say what it does.
        return False


def _list_requests(wanted: Mapping[str, Any], cursor: int, *, progress: bool) -> Iterator[dict[str, Any]]:
    begin = {"start_revision": str(cursor + 1)} if cursor else {}
    yield {"create_request": {**wanted, **begin}}
    if progress:
        time.sleep(_CATCHING_UP_S)
        yield {"progress_request": {}}


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
    told = result.child("header").whole("revision")
    if result.whole("watch_id") == _WHOLE_STREAM:
        return max(cursor, told), ()
    # Without a revision to begin at, etcd begins after the one that it tells first.
    return max([cursor or told, *(one.revision for one in events)]), events


def _read_event(fields: Fields) -> KeyEvent:
    gone = fields.text("type") == "DELETE"
    key = read_key(fields.child("kv"), values=not gone)
    return KeyEvent(kind=KeyEventKind.DELETE if gone else KeyEventKind.PUT, key=key, revision=key.revision)
