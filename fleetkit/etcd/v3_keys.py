"""Keys of the v3 store, through the JSON gateway: read at one revision, changed by a transaction on a condition."""

from __future__ import annotations

import base64
import contextlib
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from fleetkit.core import EtcdError, SettingsError
from fleetkit.etcd import _paging
from fleetkit.etcd._asking import read_first
from fleetkit.etcd._changing import ask_change, plain_id
from fleetkit.etcd._following import follow
from fleetkit.etcd._http import Call
from fleetkit.etcd._paging import KeyPage
from fleetkit.etcd._reading import Fields
from fleetkit.etcd._v3_reading import read_key
from fleetkit.etcd._v3_watch import listen_v3
from fleetkit.etcd.contents import show_key
from fleetkit.etcd.endpoints import Endpoint, EtcdLimits, TlsFiles
from fleetkit.etcd.key_store import missing_key, moved_key
from fleetkit.etcd.stored_keys import KeyEvent, KeyListing, Store, StoredKey

__all__ = ["V3Keys"]

_PAGE = 1000
_MOST_OPERATIONS = 128
"""etcd's own limit for the operations of one transaction, --max-txn-ops."""


@dataclass(frozen=True, slots=True, kw_only=True)
class V3Keys:
    """The v3 store of one etcd; `KeyStore` says what each method does.

    Attributes
    ----------
    endpoints, tls, limits
        Its members, the certificates to call with, and seconds for one page or one change.
    page_keys
        Keys that are asked for at once.
    """

    endpoints: tuple[Endpoint, ...]
    tls: TlsFiles | None = None
    limits: EtcdLimits | None = None
    page_keys: int = _PAGE

    @property
    def store(self) -> Store:
        """The v3 store."""
        return Store.V3

    def get(self, key: bytes) -> StoredKey:
        """Read a key with its value and its time to live."""
        self._require_key(key)
        what = f"the key {show_key(key)}"
        found = self._read("/v3/kv/range", {"key": _encode(key)}, what=what).children("kvs")
        if not found:
            raise missing_key(self.store, StoredKey(store=self.store, key=key))
        return self._with_ttl(read_key(found[0], values=True))

    def require_fit(self, key: bytes, content: bytes | None) -> None:
        """Refuse a directory and an empty key, of which v3 has none."""
        self._require_key(key)
        if content is None:
            raise SettingsError("the v3 store has no directories", hint="a key whose name has a / needs none")

    def list_children(self, path: bytes, *, most: int, start: bytes | None = None, revision: int = 0) -> KeyListing:
        """List what lies directly below what keys begin with, up to the next ``/``."""
        return _paging.list_children(self._fetch, path, limit=self.page_keys, most=most, start=start, revision=revision)

    def walk(self, path: bytes, *, values: bool = False) -> Iterator[KeyListing]:
        """Yield all keys that begin with a path, a page at a time."""

        def fetch(start: bytes, end: bytes, *, limit: int, revision: int) -> KeyPage:
            return self._fetch(start, end, limit=limit, revision=revision, values=values)

        for page in _paging.walk_pages(fetch, path, limit=self.page_keys):
            yield KeyListing(path=path, revision=page.revision, keys=page.keys)

    def put(self, key: bytes, content: bytes | None, *, expected: int, ttl_s: int | None = None) -> StoredKey:
        """Write a key if it still has a revision; a lease that it has is kept unless another time to live is asked."""
        self.require_fit(key, content)
        written: dict[str, Any] = {"key": _encode(key), "value": _encode(content or b"")}
        what = f"the writing of {show_key(key)}"
        lease, granted_s = "", 0
        if ttl_s:
            granted = self._change("/v3/lease/grant", {"TTL": str(ttl_s)}, what=f"the lease for {show_key(key)}")
            # etcd gives no less than an election takes.
            lease, granted_s = granted.hex_id("ID"), granted.whole("TTL")
            written["lease"] = plain_id(lease)
        elif ttl_s is None and expected:
            written["ignore_lease"] = True
        # The same transaction tells what it left: a reading after it could find what somebody wrote since.
        success = [{"request_put": written}, {"request_range": {"key": _encode(key)}}]
        failure = [{"request_range": {"key": _encode(key), "keys_only": True}}]
        done = self._transact([_compare(key, expected)], success, failure, what=what)
        if not done.flag("succeeded"):
            if lease:
                self._revoke(lease)
            raise moved_key(
                StoredKey(store=self.store, key=key),
                expected=expected,
                found=_read_found(done.children("responses")[0]),
            )
        (found,) = done.children("responses")[1].child("response_range").children("kvs")
        left = read_key(found, values=True)
        if ttl_s is not None:
            return replace(left, ttl_s=granted_s or None)
        try:
            return self._with_ttl(left)
        except EtcdError:
            # It is written: that its lease could not be asked for its time makes no failure of that.
            return left

    def delete(
        self, keys: tuple[StoredKey, ...], *, on_deleted: Callable[[StoredKey], None] = lambda _key: None
    ) -> None:
        """Delete keys if they still have their revisions; up to 128 go together, or none of them."""
        for first in range(0, len(keys), _MOST_OPERATIONS):
            part = keys[first : first + _MOST_OPERATIONS]
            self._delete_together(part)
            for one in part:
                on_deleted(one)

    def watch(self, path: bytes, *, below: bool, stop: threading.Event, since: int = 0) -> Iterator[KeyEvent]:
        """Yield what happens to a key, or to all that begin with a path, until ``stop`` is set."""
        body: dict[str, Any] = {"key": _encode(path or b"\0")}
        if below:
            body["range_end"] = _encode(_paging.prefix_end(path))
        return follow(self.endpoints, listen_v3(body), stop=stop, since=since, tls=self.tls, limits=self.limits)

    def _delete_together(self, keys: tuple[StoredKey, ...]) -> None:
        what = f"the deletion of {keys[0].name}" + (f" and {len(keys) - 1} more" if len(keys) > 1 else "")
        compared = [_compare(one.key, one.revision) for one in keys]
        deleted = [{"request_delete_range": {"key": _encode(one.key)}} for one in keys]
        reads = [{"request_range": {"key": _encode(one.key), "keys_only": True}} for one in keys]
        answer = self._transact(compared, deleted, reads, what=what)
        if answer.flag("succeeded"):
            return
        found = [_read_found(one) for one in answer.children("responses")]
        for key, revision in zip(keys, found, strict=True):
            if key.revision != revision:
                raise moved_key(key, expected=key.revision, found=revision)

    def _fetch(self, start: bytes, end: bytes, *, limit: int, revision: int, values: bool = False) -> KeyPage:
        body = {
            "key": _encode(start),
            "range_end": _encode(end),
            "limit": str(limit),
            "revision": str(revision),
            "keys_only": not values,
        }
        answer = self._read("/v3/kv/range", body, what=f"keys from {show_key(start)} on")
        return KeyPage(
            keys=tuple(read_key(one, values=values) for one in answer.children("kvs")),
            more=answer.flag("more"),
            revision=answer.child("header").whole("revision"),
        )

    def _with_ttl(self, read: StoredKey) -> StoredKey:
        if not read.lease:
            return read
        asked = {"ID": plain_id(read.lease)}
        left = self._read("/v3/lease/timetolive", asked, what=f"the lease {read.lease}").whole("TTL")
        # A lease that ran out meanwhile has -1: its keys are about to go.
        return replace(read, ttl_s=max(0, left))

    def _read(self, path: str, body: dict[str, Any], *, what: str) -> Fields:
        def read(call: Call) -> Fields:
            return Fields(call.post(path, body))

        return read_first(self.endpoints, read, tls=self.tls, limits=self.limits, what=what)

    def _transact(
        self,
        compared: list[dict[str, Any]],
        success: list[dict[str, Any]],
        failure: list[dict[str, Any]],
        *,
        what: str,
    ) -> Fields:
        return self._change("/v3/kv/txn", {"compare": compared, "success": success, "failure": failure}, what=what)

    def _change(self, path: str, body: dict[str, Any], *, what: str) -> Fields:
        return ask_change(self.endpoints, path, body, tls=self.tls, limits=self.limits, what=what)

    def _revoke(self, lease: str) -> None:
        """Take back a lease that nobody needs; one that is left runs out by itself."""
        with contextlib.suppress(EtcdError):
            self._change("/v3/lease/revoke", {"ID": plain_id(lease)}, what=f"the end of the lease {lease}")

    def _require_key(self, key: bytes) -> None:
        if not key:
            raise SettingsError("the v3 store has no empty key", hint="name a key")


def _compare(key: bytes, revision: int) -> dict[str, str]:
    # A key that is not there has mod_revision 0, so that one comparison says "must not be there" too.
    return {"target": "MOD", "result": "EQUAL", "key": _encode(key), "mod_revision": str(revision)}


def _read_found(answer: Fields) -> int:
    found = answer.child("response_range").children("kvs")
    return found[0].whole("mod_revision") if found else 0


def _encode(content: bytes) -> str:
    return base64.b64encode(content).decode()
