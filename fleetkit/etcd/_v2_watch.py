"""Watching keys of the v2 store: one call for each thing that happens, from the index after the last one on."""

from __future__ import annotations

import http
import urllib.parse
from collections.abc import Iterator

from fleetkit.etcd._answers import Answer
from fleetkit.etcd._following import IDLE_S, Heard, Listen
from fleetkit.etcd._http import Call
from fleetkit.etcd._reading import Fields
from fleetkit.etcd.keys import KeyNode, key_path
from fleetkit.etcd.stored_keys import KeyEvent, KeyEventKind, Store, StoredKey, from_node

__all__ = ["listen_v2"]

_OUTDATED = 401
"""etcd's v2 error code for an index whose event it has dropped: it keeps a thousand of them."""

_KINDS = {
    "delete": KeyEventKind.DELETE,
    "compareAndDelete": KeyEventKind.DELETE,
    "expire": KeyEventKind.EXPIRE,
}


def listen_v2(path: bytes, *, below: bool) -> Listen:
    """Return what listens to what happens to a key, or to all below a directory."""
    asked = key_path(path.decode())

    def listen(call: Call, cursor: int) -> Iterator[Heard]:
        while True:
            begin = {"waitIndex": str(cursor + 1)} if cursor else {}
            query = urllib.parse.urlencode({"wait": "true", "recursive": str(below).lower(), **begin})
            index, answer = call.poll(f"{asked}?{query}", idle_s=IDLE_S)
            if answer is None or not answer.body:
                # What happened up to that index would have been told at once. Without it a quiet key would be asked
                # for by an index that is dropped when others are busy.
                yield max(cursor, index), ()
                return
            cursor, events = _read_answer(call, answer, cursor)
            yield cursor, events

    return listen


def _read_answer(call: Call, answer: Answer, cursor: int) -> Heard:
    fields = Fields(answer.body)
    if fields.whole("errorCode") == _OUTDATED:
        now = max(cursor + 1, fields.whole("index"))
        return now, (KeyEvent(kind=KeyEventKind.GAP, key=StoredKey(store=Store.V2, key=b"/"), revision=now),)
    if answer.status != http.HTTPStatus.OK:
        raise call.refused(answer)
    kind = _KINDS.get(fields.text("action"), KeyEventKind.PUT)
    key = from_node(KeyNode.from_json(fields.child("node")), is_gone=kind is not KeyEventKind.PUT)
    return key.revision, (KeyEvent(kind=kind, key=key, revision=key.revision),)
