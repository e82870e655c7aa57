"""A browser of keys as plain state: a tree that opens directory by directory, a search, and the key that is looked at.

Listings are handed in; nothing is read here. What was not opened was not read.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from fleetkit.etcd import KeyListing, Store, StoredKey, show_key

__all__ = ["BranchState", "KeyBrowser", "TreeRow", "root_path"]


class BranchState(enum.Enum):
    """What a row of the tree is."""

    KEY = "key"
    CLOSED = "closed"
    OPEN = "open"
    MORE = "more"
    """Stands where a directory holds more than was listed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TreeRow:
    """One row of the tree.

    Attributes
    ----------
    state
        What it is.
    path
        The key, or the directory; where there is more, of which.
    depth
        How far it stands in.
    label
        What it says.
    key
        The key or directory itself; None where there is more.
    """

    state: BranchState
    path: bytes
    depth: int
    label: str
    key: StoredKey | None = None


def root_path(store: Store) -> bytes:
    """Return where a tree begins: v2's root directory, and what all keys of v3 begin with."""
    return b"/" if store is Store.V2 else b""


class KeyBrowser:
    """What a browser of one store shows.

    Parameters
    ----------
    store
        Which.
    root
        Where the tree begins; at the store's own root where not given.
    """

    def __init__(self, store: Store, *, root: bytes | None = None) -> None:
        self.store = store
        self.root = root_path(store) if root is None else root
        self.selected: StoredKey | None = None
        self.sought = ""
        self.hits: tuple[StoredKey, ...] = ()
        self.hits_are_whole = True
        self._listings: dict[bytes, KeyListing] = {}

    @property
    def is_read(self) -> bool:
        """Whether anything was read yet."""
        return self.root in self._listings

    @property
    def revision(self) -> int:
        """The latest revision, or index in v2, at which a part of it was read."""
        return max((one.revision for one in self._listings.values()), default=0)

    def take(self, listing: KeyListing, *, goes_on: bool = False) -> None:
        """Take what lies directly in a directory, which opens it.

        Parameters
        ----------
        goes_on
            Whether it belongs behind what was listed of it before.
        """
        before = self._listings.get(listing.path)
        if goes_on and before is not None:
            listing = replace(listing, keys=before.keys + listing.keys)
        self._listings[listing.path] = listing

    def close(self, path: bytes) -> None:
        """Close a directory; what it holds is read anew when it is opened again."""
        self._listings = {
            one: listing for one, listing in self._listings.items() if one == self.root or not _is_within(one, path)
        }

    def forget(self) -> None:
        """Forget all that was read, for a new reading; what was open is told by `open_paths` before."""
        self._listings.clear()

    @property
    def open_paths(self) -> tuple[bytes, ...]:
        """The directories that are open, each before those in it."""
        return tuple(sorted(self._listings, key=lambda one: (len(one.rstrip(b"/").split(b"/")), one)))

    def listing_of(self, path: bytes) -> KeyListing | None:
        """Return what was listed of a directory; None where it is closed."""
        return self._listings.get(path)

    def select(self, key: StoredKey | None) -> None:
        """Look at a key, read with its value; None looks at none."""
        self.selected = key

    def take_hits(self, sought: str, hits: Iterable[StoredKey], *, whole: bool) -> None:
        """Take what a search has found; an empty one ends it.

        Parameters
        ----------
        whole
            Whether these are all.
        """
        self.sought, self.hits, self.hits_are_whole = sought, tuple(hits) if sought else (), whole

    def rows(self) -> list[TreeRow]:
        """Return the tree as rows, what is in a directory below it."""
        return list(self._rows_of(self.root, depth=0))

    @property
    def keys(self) -> Sequence[StoredKey]:
        """The keys and directories that were listed, in the order of the rows."""
        return [row.key for row in self.rows() if row.key is not None]

    @property
    def lines(self) -> list[str]:
        """The tree in plain lines."""
        return ["  " * row.depth + row.label for row in self.rows()]

    def _rows_of(self, path: bytes, *, depth: int) -> Iterator[TreeRow]:
        listing = self._listings.get(path)
        if listing is None:
            return
        for one in listing.keys:
            state = BranchState.KEY
            if one.is_dir:
                state = BranchState.OPEN if one.key in self._listings else BranchState.CLOSED
            yield TreeRow(state=state, path=one.key, depth=depth, label=one.label, key=one)
            if one.is_dir:
                yield from self._rows_of(one.key, depth=depth + 1)
        if listing.following is not None:
            label = f"… and more from {show_key(listing.following)} on"
            yield TreeRow(state=BranchState.MORE, path=path, depth=depth, label=label)


def _is_within(path: bytes, directory: bytes) -> bool:
    return path == directory or path.startswith(directory.rstrip(b"/") + b"/")
