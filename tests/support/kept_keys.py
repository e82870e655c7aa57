"""A store of keys in memory, for whoever shows and changes keys and does not care where they lie.

What etcd does with a condition, this does; that etcd really does so is shown by the tests against a real one.
"""

from __future__ import annotations

import contextlib
import queue
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from fleetkit.etcd import Endpoint, KeyEvent, KeyEventKind, KeyListing, Store, StoredKey, parse_endpoint
from fleetkit.etcd._paging import KeyPage, list_children
from fleetkit.etcd.key_store import missing_key, moved_key
from fleetkit.workflows import KeyPlace

__all__ = ["KeptKeys", "place_of"]


@dataclass(slots=True)
class KeptKeys:
    """Keys of either store; of v2 the directories are there that its keys lie in."""

    store: Store = Store.V3
    endpoints: tuple[Endpoint, ...] = (parse_endpoint("127.0.0.1:1"),)
    kept: dict[bytes, StoredKey] = field(default_factory=dict)
    revision: int = 1
    asked: list[bytes] = field(default_factory=list)
    before_change: Callable[[], None] = lambda: None
    events: queue.SimpleQueue[KeyEvent] = field(default_factory=queue.SimpleQueue)

    @classmethod
    def of(cls, values: Mapping[str, bytes], *, store: Store = Store.V3) -> KeptKeys:
        made = cls(store=store)
        for name, content in values.items():
            made.put(name.encode(), content, expected=0)
        return made

    def get(self, key: bytes) -> StoredKey:
        found = self.kept.get(key)
        if found is None and self.store is Store.V2 and any(self._below(key)):
            return StoredKey(store=self.store, key=key, is_dir=True, revision=1)
        if found is None:
            raise missing_key(self.store, StoredKey(store=self.store, key=key))
        return found

    def require_fit(self, key: bytes, content: bytes | None) -> None:
        """Hold anything."""

    def list_children(self, path: bytes, *, most: int, start: bytes | None = None, revision: int = 0) -> KeyListing:
        self.asked.append(path)
        prefix = path.rstrip(b"/") + b"/" if self.store is Store.V2 else path
        listing = list_children(self._fetch, prefix, limit=3, most=most, start=start, revision=revision)
        if self.store is Store.V3:
            return listing
        if not listing.keys and path != b"/":
            raise missing_key(self.store, StoredKey(store=self.store, key=path))
        keys = tuple(self.get(one.key.rstrip(b"/")) for one in listing.keys)
        return KeyListing(path=path, revision=listing.revision, keys=keys, following=listing.following)

    def walk(self, path: bytes, *, values: bool = False) -> Iterator[KeyListing]:
        del values
        keys = [one for key, one in sorted(self.kept.items()) if key.startswith(path)]
        for first in range(0, len(keys), 2):
            yield KeyListing(path=path, revision=self.revision, keys=tuple(keys[first : first + 2]))

    def put(self, key: bytes, content: bytes | None, *, expected: int, ttl_s: int | None = None) -> StoredKey:
        self.before_change()
        self._require(key, expected)
        self.revision += 1
        before = self.kept.get(key)
        kept = StoredKey(
            store=self.store,
            key=key,
            is_dir=content is None,
            content=content,
            revision=self.revision,
            created=before.created if before else self.revision,
            ttl_s=(before.ttl_s if before else None) if ttl_s is None else ttl_s or None,
        )
        self.kept[key] = kept
        self.events.put(KeyEvent(kind=KeyEventKind.PUT, key=kept, revision=self.revision))
        return kept

    def delete(
        self, keys: tuple[StoredKey, ...], *, on_deleted: Callable[[StoredKey], None] = lambda _key: None
    ) -> None:
        upwards = sorted(keys, key=lambda one: one.key.split(b"/"), reverse=True)
        for part in [keys] if self.store is Store.V3 and keys else [(one,) for one in upwards]:
            self.before_change()
            for one in part:
                if not one.is_dir:
                    self._require(one.key, one.revision)
            for one in part:
                self.kept.pop(one.key, None)
                self.revision += 1
                on_deleted(one)

    def watch(self, path: bytes, *, below: bool, stop: threading.Event, since: int = 0) -> Iterator[KeyEvent]:
        del below, since
        while not stop.is_set():
            with contextlib.suppress(queue.Empty):
                event = self.events.get(timeout=0.05)
                if event.key.key.startswith(path):
                    yield event

    def _require(self, key: bytes, expected: int) -> None:
        found = self.kept[key].revision if key in self.kept else 0
        if found != expected:
            raise moved_key(StoredKey(store=self.store, key=key), expected=expected, found=found)

    def _below(self, path: bytes) -> Iterator[StoredKey]:
        beginning = path.rstrip(b"/") + b"/"
        return (one for key, one in self.kept.items() if key.startswith(beginning))

    def _fetch(self, start: bytes, end: bytes, *, limit: int, revision: int) -> KeyPage:
        del revision
        keys = [one for key, one in sorted(self.kept.items()) if key >= start and (end == b"\0" or key < end)]
        return KeyPage(keys=tuple(keys[:limit]), more=len(keys) > limit, revision=self.revision)


def place_of(keys: KeptKeys, **known: object) -> KeyPlace:
    """Return where keys are changed, for a cluster called demo."""
    return KeyPlace(keys=keys, owner="demo", **known)  # type: ignore[arg-type]
