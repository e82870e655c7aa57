"""Keys of the v2 store, in which fleet keeps its state: a tree, whose hidden parts no listing shows."""

from __future__ import annotations

import http
import threading
import urllib.parse
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from fleetkit.core import EtcdError, NotFoundError, SettingsError
from fleetkit.etcd._answers import Answer
from fleetkit.etcd._asking import read_first
from fleetkit.etcd._changing import send_change
from fleetkit.etcd._following import follow
from fleetkit.etcd._http import Call
from fleetkit.etcd._reading import Fields
from fleetkit.etcd._v2_watch import listen_v2
from fleetkit.etcd.contents import show_key
from fleetkit.etcd.endpoints import Endpoint, EtcdLimits, TlsFiles
from fleetkit.etcd.key_store import missing_key, moved_key
from fleetkit.etcd.keys import KeyNode, key_path, read_node
from fleetkit.etcd.stored_keys import KeyEvent, KeyListing, Store, StoredKey, from_node
from fleetkit.etcd.tree import V2_ROOTS

__all__ = ["V2Keys"]

_MISSING, _DIFFERS, _NO_FILE, _NO_DIRECTORY, _EXISTS, _ROOT, _NOT_EMPTY = 100, 101, 102, 104, 105, 107, 108
"""etcd's v2 error codes (client/v2, errors)."""

_REFUSALS = {
    _NO_FILE: "it is a directory, and those have no value",
    _NO_DIRECTORY: "what is to be its directory is a key with a value",
    _ROOT: "the root itself cannot be changed",
    _NOT_EMPTY: "it is a directory that holds something; keys that begin with _ are in no listing of it",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class V2Keys:
    """The v2 store of one etcd; `KeyStore` says what each method does.

    Attributes
    ----------
    endpoints, tls, limits
        Its members, the certificates to call with, and seconds for one reading or one change.
    roots
        All roots: ``/``, and those that are hidden, which are shown where they belong.
    """

    endpoints: tuple[Endpoint, ...]
    tls: TlsFiles | None = None
    limits: EtcdLimits | None = None
    roots: tuple[str, ...] = V2_ROOTS

    @property
    def store(self) -> Store:
        """The v2 store."""
        return Store.V2

    def get(self, key: bytes) -> StoredKey:
        """Read a key with its value, or a directory without what it holds."""
        node, _ = self._read(key)
        return from_node(node)

    def require_fit(self, key: bytes, content: bytes | None) -> None:
        """Refuse a value that is no text: v2 would keep something else."""
        try:
            (content or b"").decode("utf-8")
        except UnicodeDecodeError as error:
            raise SettingsError(
                f"the value for {show_key(key)} is no text", seen=str(error), hint="the v2 store holds text alone"
            ) from error

    def list_children(self, path: bytes, *, most: int, start: bytes | None = None, revision: int = 0) -> KeyListing:
        """List what lies directly in a directory, and the hidden roots that begin there; ``revision`` is of no use."""
        del revision  # v2 tells of nothing but now
        node, index = self._read(path or b"/")
        if not node.is_dir:
            raise SettingsError(f"{show_key(path)} is no directory", hint="fleetkit kv get shows a key")
        listed = {one.key: one for one in map(from_node, node.nodes)}
        listed |= {one.key: one for one in self._read_hidden(path)}
        keys = [listed[key] for key in sorted(listed) if start is None or key >= start]
        following = keys[most].key if len(keys) > most else None
        return KeyListing(path=path, revision=index, keys=tuple(keys[:most]), following=following)

    def walk(self, path: bytes, *, values: bool = False) -> Iterator[KeyListing]:
        """Yield all keys and directories below a directory, and then those of each hidden root below it.

        Each is one reading, whole in itself.
        """
        del values  # v2 has no reading without them
        for root in (path or b"/", *self._hidden_below(path)):
            try:
                node, index = self._read(root, recursive=True)
            except NotFoundError:
                if root == (path or b"/"):
                    raise
                continue
            yield KeyListing(path=root, revision=index, keys=tuple(_flatten(node, root=root == (path or b"/"))))

    def put(self, key: bytes, content: bytes | None, *, expected: int, ttl_s: int | None = None) -> StoredKey:
        """Write a key if it still has an index; seconds that it has left are kept unless others are asked for."""
        self.require_fit(key, content)
        form = {"dir": "true"} if content is None else {"value": content.decode()}
        if ttl_s is None and expected:
            ttl_s = self._read_ttl(key, expected=expected)
        if ttl_s:
            form["ttl"] = str(ttl_s)
        form |= {"prevIndex": str(expected)} if expected else {"prevExist": "false"}
        answer = self._change("PUT", key, form, what=f"the writing of {show_key(key)}")
        self._require_done(answer, StoredKey(store=self.store, key=key), expected=expected)
        return from_node(KeyNode.from_json(Fields(answer.body).child("node")))

    def delete(
        self, keys: tuple[StoredKey, ...], *, on_deleted: Callable[[StoredKey], None] = lambda _key: None
    ) -> None:
        """Delete keys if they still have their indexes, each before the directory that it lies in."""
        for one in sorted(keys, key=lambda one: one.key.split(b"/"), reverse=True):
            query = {"dir": "true"} if one.is_dir else {"prevIndex": str(one.revision)}
            answer = self._change("DELETE", one.key, {}, query=query, what=f"the deletion of {one.name}")
            self._require_done(answer, one, expected=one.revision)
            on_deleted(one)

    def watch(self, path: bytes, *, below: bool, stop: threading.Event, since: int = 0) -> Iterator[KeyEvent]:
        """Yield what happens to a key, or to all below a directory, until ``stop`` is set; hidden keys below it apart.

        etcd keeps its last 1,000 events alone: whoever asks for more gets a gap.
        """
        listen = listen_v2(path or b"/", below=below)
        return follow(self.endpoints, listen, stop=stop, since=since, tls=self.tls, limits=self.limits)

    def _read(self, key: bytes, *, recursive: bool = False) -> tuple[KeyNode, int]:
        """Return what is at a path, and the store's index."""
        path = key_path(key.decode(), quorum=True, recursive=recursive)
        what = f"the key {show_key(key)}"
        found = read_first(
            self.endpoints, lambda call: read_node(call, path), tls=self.tls, limits=self.limits, what=what
        )
        if found is None:
            raise missing_key(self.store, StoredKey(store=self.store, key=key))
        return found

    def _read_ttl(self, key: bytes, *, expected: int) -> int | None:
        try:
            return self.get(key).ttl_s
        except NotFoundError as error:
            raise moved_key(StoredKey(store=self.store, key=key), expected=expected, found=0) from error

    def _read_hidden(self, path: bytes) -> Iterator[StoredKey]:
        """Yield the first hidden part of each root that begins in a directory, where it is there."""
        depth = len(_parts(path))
        names = {b"/" + b"/".join(_parts(root)[: depth + 1]) for root in self._hidden_below(path)}
        for name in sorted(names):
            if not name.rpartition(b"/")[2].startswith(b"_"):
                continue
            try:
                yield self.get(name)
            except NotFoundError:
                continue

    def _hidden_below(self, path: bytes) -> list[bytes]:
        """Return the hidden roots that lie below a directory, and are in no listing of it."""
        depth, parts = len(_parts(path)), _parts(path)
        roots = [root.encode() for root in self.roots]
        below = [root for root in roots if _parts(root)[:depth] == parts and len(_parts(root)) > depth]
        return [root for root in below if any(part.startswith(b"_") for part in _parts(root)[depth:])]

    def _change(
        self, method: str, key: bytes, form: Mapping[str, str], *, query: Mapping[str, str] | None = None, what: str
    ) -> Answer:
        path = key_path(key.decode()) + (f"?{urllib.parse.urlencode(query)}" if query else "")

        def send(call: Call) -> Answer:
            answer = call.ask(method, path, form=form or None)
            if answer.status >= http.HTTPStatus.INTERNAL_SERVER_ERROR:
                raise call.refused(answer)
            return answer

        return send_change(self.endpoints, send, tls=self.tls, limits=self.limits, what=what)

    def _require_done(self, answer: Answer, key: StoredKey, *, expected: int) -> None:
        if answer.status in (http.HTTPStatus.OK, http.HTTPStatus.CREATED):
            return
        said = Fields(answer.body)
        code = said.whole("errorCode")
        if code in (_MISSING, _DIFFERS, _EXISTS):
            # "[7 != 9]": what was expected, and what is there.
            found = said.text("cause").rpartition(" ")[2].rstrip("]")
            known = 0 if code == _MISSING else int(found) if found.isdecimal() else None
            raise moved_key(key, expected=expected, found=known)
        if code in _REFUSALS:
            raise SettingsError(f"etcd's v2 store does not take {key.name}", seen=_REFUSALS[code])
        raise EtcdError(f"etcd's v2 store does not take {key.name}", seen=said.text("message"))


def _flatten(node: KeyNode, *, root: bool) -> Iterator[StoredKey]:
    if not root:
        yield from_node(node)
    for child in node.nodes:
        yield from _flatten(child, root=False)


def _parts(path: bytes) -> Sequence[bytes]:
    return [part for part in path.split(b"/") if part]
