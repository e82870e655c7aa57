"""What a snapshot's sender does not say: at which revision it was taken, and the hash of what it holds.

etcd's backend is a file of bbolt; its bucket ``key`` has every revision of every key, sorted by revision, so the last
entry of its last leaf bears the revision. Pages are read one by one, never the whole file.
Layout: go.etcd.io/bbolt v1.3, page.go, db.go (meta), bucket.go.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Callable, Iterator
from typing import IO, TypeVar

from fleetkit.core import EtcdError

__all__ = ["hash_backend", "read_backend_revision"]

T = TypeVar("T")

_MAGIC = 0xED0CDAED
_HEADER = struct.Struct("<QHHI")  # id, flags, count, overflow
_META = struct.Struct(
    "<IIIIQQQQQQ"
)  # magic, version, page size, flags, root, sequence, freelist, pages, txid, checksum
_BRANCH = struct.Struct("<IIQ")  # position, key size, page
_LEAF = struct.Struct("<IIII")  # flags, position, key size, value size
_REVISION = struct.Struct(">Q")
_IS_BRANCH, _IS_LEAF = 0x01, 0x02
_BUCKET = b"key"
_DEEPEST = 64


def read_backend_revision(stream: IO[bytes]) -> int:
    """Return the revision of the store in a backend file, as ``etcdutl snapshot status`` shows it; 0 when it is empty.

    Raises
    ------
    EtcdError
        When the file is no backend of etcd.
    """
    return _read(stream, _Pages.last_revision)


def hash_backend(stream: IO[bytes]) -> str:
    """Return the sha256 of all revisions of all keys in a backend file, in hex.

    Two files of the same contents have the same, whatever member or cluster they are of.

    Raises
    ------
    EtcdError
        When the file is no backend of etcd.
    """
    return _read(stream, _Pages.hash_entries)


def _read(stream: IO[bytes], look: Callable[[_Pages], T]) -> T:
    try:
        return look(_Pages(stream))
    except (struct.error, IndexError, OverflowError) as error:
        raise EtcdError("the file is no backend of etcd", seen=str(error) or type(error).__name__) from error


class _Pages:
    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        metas = [found for found in (self._meta(0), self._meta_after_first()) if found is not None]
        if not metas:
            raise EtcdError("the file is no backend of etcd", seen="neither of its first pages is bbolt's")
        # Two pages are written by turns; the one of the later transaction holds.
        self._size, self._root, _txid = max(metas, key=lambda meta: meta[2])

    def last_revision(self) -> int:
        root, inline = self._bucket()
        entries = self._last_leaf(root) if root else inline
        return int(_REVISION.unpack_from(entries[-1][1])[0]) if entries else 0

    def hash_entries(self) -> str:
        root, inline = self._bucket()
        digest = hashlib.sha256()
        for _flags, key, value in self._entries(root) if root else inline:
            # Sizes keep one entry's end from being taken for the next one's beginning.
            digest.update(b"%d %d " % (len(key), len(value)) + key + value)
        return digest.hexdigest()

    def _bucket(self) -> tuple[int, list[tuple[int, bytes, bytes]]]:
        """Return the page of the bucket's root, or 0 and what lies in it."""
        for flags, key, value in self._find_leaf(self._root, _BUCKET):
            if key == _BUCKET and flags & 1:
                root = int.from_bytes(value[:8], "little")
                # A small bucket lies within its parent's leaf, right after its own header of 16 bytes.
                return (root, []) if root else (0, self._leaf(value[16:]))
        return 0, []

    def _entries(self, number: int, depth: int = 0) -> Iterator[tuple[int, bytes, bytes]]:
        if depth > _DEEPEST:
            raise IndexError("its pages lead nowhere")
        page = self._page(number)
        if not _HEADER.unpack_from(page)[1] & _IS_BRANCH:
            yield from self._leaf(page)
            return
        for _first, child in self._branch(page):
            yield from self._entries(child, depth + 1)

    def _meta(self, at: int) -> tuple[int, int, int] | None:
        self._stream.seek(at + _HEADER.size)
        head = self._stream.read(_META.size)
        if len(head) < _META.size:
            return None
        magic, _version, size, _flags, root, _sequence, _free, _pages, txid, _checksum = _META.unpack(head)
        return (size, root, txid) if magic == _MAGIC else None

    def _meta_after_first(self) -> tuple[int, int, int] | None:
        first = self._meta(0)
        return None if first is None else self._meta(first[0])

    def _page(self, number: int) -> bytes:
        self._stream.seek(number * self._size)
        page = self._stream.read(self._size)
        overflow = _HEADER.unpack_from(page)[3]
        return page + self._stream.read(overflow * self._size)

    def _find_leaf(self, number: int, key: bytes) -> list[tuple[int, bytes, bytes]]:
        for _depth in range(_DEEPEST):
            page = self._page(number)
            if not _HEADER.unpack_from(page)[1] & _IS_BRANCH:
                return self._leaf(page)
            children = self._branch(page)
            number = ([child for first, child in children if first <= key] or [children[0][1]])[-1]
        raise IndexError("its pages lead nowhere")

    def _last_leaf(self, number: int) -> list[tuple[int, bytes, bytes]]:
        for _depth in range(_DEEPEST):
            page = self._page(number)
            if not _HEADER.unpack_from(page)[1] & _IS_BRANCH:
                return self._leaf(page)
            number = self._branch(page)[-1][1]
        raise IndexError("its pages lead nowhere")

    def _branch(self, page: bytes) -> list[tuple[bytes, int]]:
        count = _HEADER.unpack_from(page)[2]
        found = []
        for at in range(_HEADER.size, _HEADER.size + count * _BRANCH.size, _BRANCH.size):
            position, size, child = _BRANCH.unpack_from(page, at)
            found.append((page[at + position : at + position + size], child))
        return found

    def _leaf(self, page: bytes) -> list[tuple[int, bytes, bytes]]:
        _number, kind, count, _overflow = _HEADER.unpack_from(page)
        if not kind & _IS_LEAF:
            raise IndexError(f"a page of kind {kind:#x} where a leaf was expected")
        found = []
        for at in range(_HEADER.size, _HEADER.size + count * _LEAF.size, _LEAF.size):
            flags, position, key_size, value_size = _LEAF.unpack_from(page, at)
            start = at + position
            middle = start + key_size
            found.append((flags, page[start:middle], page[middle : middle + value_size]))
        return found
