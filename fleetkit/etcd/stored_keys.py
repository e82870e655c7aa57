"""Keys of both stores of etcd as values: what one is, what lies below a path, and what happened to one."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from fleetkit.core import SettingsError
from fleetkit.etcd.contents import ContentKind, show_key, tell_kind
from fleetkit.etcd.keys import KeyNode

__all__ = [
    "KeyEvent",
    "KeyEventKind",
    "KeyListing",
    "Store",
    "StoredKey",
    "from_node",
    "normalize_key",
    "show_revision",
    "split_key",
]


class Store(enum.StrEnum):
    """Which of etcd's two stores: they share nothing but the members."""

    V2 = "v2"
    """A tree of directories, in which fleet keeps its state."""
    V3 = "v3"
    """Keys in one row, in which a ``/`` means nothing but to whoever reads it."""


class KeyEventKind(enum.StrEnum):
    """What happened to a key."""

    PUT = "put"
    DELETE = "delete"
    EXPIRE = "expire"
    GAP = "gap"
    """What happened is no longer known: etcd had dropped it when it was asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredKey:
    """A key, or a directory.

    Attributes
    ----------
    store
        Where it is.
    key
        All of it, from the root on. That of a directory ends with ``/``, but for v2's, which do not.
    is_dir
        Whether it is a directory: of v2 one that is there, of v3 what several keys begin with.
    content
        Its value; None for a directory, and where it was not read.
    revision
        Of its last change: v3's mod_revision, v2's modifiedIndex; 0 for a directory of v3.
    created
        Of its first one: create_revision, createdIndex.
    version
        How often it was put since; 0 in v2, which does not count.
    lease
        v3's lease in hex; empty for none.
    ttl_s
        Seconds until it expires; None where it does not, and where that was not read.
    """

    store: Store
    key: bytes
    is_dir: bool = False
    content: bytes | None = None
    revision: int = 0
    created: int = 0
    version: int = 0
    lease: str = ""
    ttl_s: int | None = None

    @property
    def name(self) -> str:
        """The key for a person."""
        return show_key(self.key)

    @property
    def label(self) -> str:
        """The last part of its name, with a ``/`` where it is a directory."""
        last = split_key(self.key)[1]
        return show_key(last.rstrip(b"/") + b"/" if self.is_dir else last) or "(empty)"

    @property
    def kind(self) -> ContentKind | None:
        """What its value is; None for a directory, and where it was not read."""
        return None if self.content is None else tell_kind(self.content)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyListing:
    """What lies below a path, as of one revision.

    Attributes
    ----------
    path
        What was listed.
    revision
        The store's revision, or its index in v2, at which it was read.
    keys
        In the order of their keys.
    following
        Where the next listing has to begin; None where this one is whole.
    """

    path: bytes
    revision: int
    keys: tuple[StoredKey, ...]
    following: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyEvent:
    """Something that happened.

    Attributes
    ----------
    kind
        What.
    key
        To what; of what is gone, without its value.
    revision
        The store's revision, or its index in v2, that this made.
    """

    kind: KeyEventKind
    key: StoredKey
    revision: int


def from_node(node: KeyNode, *, is_gone: bool = False) -> StoredKey:
    """Return a node of the v2 store as a key, without what a directory holds.

    Parameters
    ----------
    is_gone
        Whether the node tells of what was deleted, and has no value any more.
    """
    return StoredKey(
        store=Store.V2,
        key=node.key.encode(),
        is_dir=node.is_dir,
        content=None if node.is_dir or is_gone else node.value.encode(),
        revision=node.modified_index,
        created=node.created_index,
        ttl_s=node.ttl_s,
    )


def normalize_key(text: str, *, store: Store) -> bytes:
    """Return a key as its store has it.

    Parameters
    ----------
    text
        As a person wrote it; bytes that are no text as Python has them in a program's arguments.

    Raises
    ------
    SettingsError
        When it can be no key of that store.
    """
    try:
        key = text.encode("utf-8", "surrogateescape")
        if store is Store.V3:
            return key
        parts = [part for part in key.decode("utf-8").split("/") if part]
    except ValueError as error:
        raise SettingsError(f"{show_key(text.encode('utf-8', 'replace'))} is no key", seen=str(error)) from error
    if dots := [part for part in parts if part in (".", "..")]:
        # etcd's HTTP server would take them for a way through the tree, as a file system does.
        raise SettingsError(f"{text!r} is no key of the v2 store", seen=f"a part of it is {dots[0]}")
    return "/".join(["", *parts]).encode() or b"/"


def split_key(key: bytes) -> tuple[bytes, bytes]:
    """Return the directory that a key lies in, with its ``/``, and the last part of its name."""
    inner = key[:-1] if key.endswith(b"/") else key
    cut = inner.rfind(b"/") + 1
    return key[:cut], key[cut:]


def show_revision(store: Store, revision: int) -> str:
    """Return a revision by the name that its store gives it: ``mod_revision 7``, ``modifiedIndex 7``."""
    return f"{'modifiedIndex' if store is Store.V2 else 'mod_revision'} {revision}"
