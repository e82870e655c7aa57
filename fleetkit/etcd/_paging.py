"""Walking the keys of the v3 store page by page: all at one revision, so that none is missed and none comes twice.

Only what is asked of whom is known here; who is asked is handed in.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from fleetkit.etcd.stored_keys import KeyListing, Store, StoredKey

__all__ = ["Fetch", "KeyPage", "list_children", "prefix_end", "walk_pages"]

_FIRST = b"\0"
"""The first key that can be; as an end it stands for none."""
_SLASH, _AFTER_SLASH = b"/", b"0"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyPage:
    """One answer to a range: its keys, whether more follow, and the revision that it tells of."""

    keys: tuple[StoredKey, ...]
    more: bool
    revision: int


class Fetch(Protocol):
    """Reads one page."""

    def __call__(self, start: bytes, end: bytes, *, limit: int, revision: int) -> KeyPage:
        """Return the first ``limit`` keys from ``start`` up to before ``end``, as of a revision; 0 is the newest."""


def prefix_end(prefix: bytes) -> bytes:
    """Return the first key after all that begin with a prefix; etcd's own word for "no end" where there is none."""
    kept = prefix.rstrip(b"\xff")
    return kept[:-1] + bytes([kept[-1] + 1]) if kept else _FIRST


def walk_pages(fetch: Fetch, prefix: bytes, *, limit: int, revision: int = 0) -> Iterator[KeyPage]:
    """Yield all keys that begin with a prefix, in pages as of one revision.

    Parameters
    ----------
    limit
        Keys of one page.
    revision
        Which; that of the first answer where not given.
    """
    start, end = prefix or _FIRST, prefix_end(prefix)
    while True:
        page = fetch(start, end, limit=limit, revision=revision)
        yield page
        if not page.more or not page.keys:
            return
        # What follows a key is the same with a zero byte: nothing fits between the two.
        start, revision = page.keys[-1].key + b"\0", revision or page.revision


def list_children(
    fetch: Fetch, prefix: bytes, *, limit: int, most: int, start: bytes | None = None, revision: int = 0
) -> KeyListing:
    """List what lies directly below a prefix: keys, and what several keys share up to the next ``/`` as directories.

    What lies below a directory is passed over, and not read but for the rest of a page.

    Parameters
    ----------
    limit
        Keys of one page.
    most
        Entries after which the listing ends, and says where it goes on.
    start
        Where to go on, as an earlier listing said; its ``revision`` belongs to it.
    """
    found: list[StoredKey] = []
    cursor, end = start or prefix or _FIRST, prefix_end(prefix)
    while True:
        page = fetch(cursor, end, limit=limit, revision=revision)
        revision = revision or page.revision
        for one in page.keys:
            if one.key < cursor:
                # The rest of the page still lies in the directory that was just found.
                continue
            if len(found) == most:
                return KeyListing(path=prefix, revision=revision, keys=tuple(found), following=one.key)
            head, slash, _ = one.key[len(prefix) :].partition(_SLASH)
            if slash:
                found.append(StoredKey(store=Store.V3, key=prefix + head + _SLASH, is_dir=True))
                cursor = prefix + head + _AFTER_SLASH
            else:
                found.append(one)
                cursor = one.key + b"\0"
        if not page.more or not page.keys:
            return KeyListing(path=prefix, revision=revision, keys=tuple(found))
