"""Reading keys of a cluster's etcd: trees of both stores, opened as far as is asked; changes nothing."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from fleetkit.core import NotFoundError
from fleetkit.etcd import EtcdLimits, KeyListing, Store, StoredKey, V2Keys, V3Keys
from fleetkit.runs import EventKind
from fleetkit.views import KeyBrowser, frame_html, keys_frame
from fleetkit.workflows._reporting import Reporter
from fleetkit.workflows._shown import Shown
from fleetkit.workflows._workspace import Workspace
from fleetkit.workflows.changing_keys import KeyPlace
from fleetkit.workflows.way_in import open_way_in

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["KeyTree", "KeyTrees", "find_keys", "open_key_places", "read_key_tree", "read_key_trees"]

_MOST_ENTRIES = 1000
_LIMITS = EtcdLimits(total_s=10)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class KeyTree(Shown):
    """A tree of keys, as far as it was opened.

    Attributes
    ----------
    browser
        The tree.
    whole
        Whether all of it is there, down to every key.
    values
        Whether its table shows values.
    """

    browser: KeyBrowser
    whole: bool
    values: bool = False

    @property
    def frame(self) -> pd.DataFrame:
        """One row for each key and directory; values only where they were asked for."""
        return keys_frame(self.browser.keys, values=self.values)

    @property
    def summary(self) -> str:
        """One sentence."""
        keys = self.browser.keys
        directories = sum(one.is_dir for one in keys)
        rest = "" if self.whole else "; there is more than was opened"
        store, revision = self.browser.store, self.browser.revision
        told = f"{_count(len(keys) - directories, 'key', 'keys')} and {_count(directories, 'directory', 'directories')}"
        return f"{store}: {told} at revision {revision}{rest}"

    def __str__(self) -> str:
        return "\n".join([*self.browser.lines, self.summary])

    def _repr_html_(self) -> str:
        return f"<p>{self.summary}</p>{frame_html(self.frame)}"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class KeyTrees(Shown):
    """The trees of both stores.

    Attributes
    ----------
    cluster
        Whose.
    v2, v3
        The trees.
    """

    cluster: str
    v2: KeyTree
    v3: KeyTree

    @property
    def outcome(self) -> str:
        """``done``: what could not be read is an error."""
        return "done"

    @property
    def summary(self) -> str:
        """One sentence."""
        return f"{self.cluster}: {self.v2.summary}, {self.v3.summary}"

    def __str__(self) -> str:
        return f"{self.v2}\n{self.v3}"


@contextlib.contextmanager
def open_key_places(workspace: Workspace) -> Iterator[Mapping[Store, KeyPlace]]:
    """Open both stores of a cluster's etcd for the length of a block.

    Raises
    ------
    FleetkitError
        When the way in cannot be opened.
    """
    cluster = workspace.cluster
    with open_way_in(workspace) as way:
        v2 = V2Keys(endpoints=way.endpoints, tls=way.tls, limits=_LIMITS, roots=cluster.etcd.v2_roots)
        v3 = V3Keys(endpoints=way.endpoints, tls=way.tls, limits=_LIMITS)
        yield {
            keys.store: KeyPlace(keys=keys, owner=cluster.name, rules=cluster.approval, workspace=workspace)
            for keys in (v2, v3)
        }


def read_key_tree(
    place: KeyPlace,
    *,
    path: bytes | None = None,
    depth: int | None = None,
    most: int = _MOST_ENTRIES,
    values: bool = False,
) -> KeyTree:
    """Open a tree, one directory after the other.

    Parameters
    ----------
    path
        Where it begins; at the root where not given.
    depth
        How many directories deep; all of them where not given.
    most
        Entries after which no further directory is opened.
    values
        Whether its table shows values, and those of v3 are read.

    Raises
    ------
    NotFoundError
        When v2 has no such directory.
    EtcdError
        When etcd cannot be read.
    """
    browser = KeyBrowser(place.keys.store, root=path)
    whole, waiting, count = True, [(browser.root, 1)], 0
    while waiting:
        directory, level = waiting.pop(0)
        try:
            listing = place.keys.list_children(directory, most=max(1, most - count))
        except NotFoundError:
            if directory == browser.root:
                raise
            # It was there a moment ago: what is gone is not part of the tree any more.
            continue
        browser.take(_with_values(place, listing) if values else listing)
        count += len(listing.keys)
        below = [(one.key, level + 1) for one in listing.keys if one.is_dir]
        whole = whole and listing.following is None and not (below and level == depth)
        waiting += below if level != depth else []
        if waiting and count >= most:
            whole = False
            break
    return KeyTree(browser=browser, whole=whole, values=values)


def read_key_trees(
    workspace: Workspace,
    *,
    values: bool = False,
    report: Reporter | None = None,
) -> KeyTrees:
    """Read the trees of both stores.

    Parameters
    ----------
    values
        As for `read_key_tree`; they come into whatever record shows the trees.

    Raises
    ------
    FleetkitError
        When the way in cannot be opened, or etcd cannot be read.
    """
    told = report or Reporter()
    with open_key_places(workspace) as places:
        told.note("reading the v2 store")
        v2 = read_key_tree(places[Store.V2], values=values)
        told.note("reading the v3 store")
        v3 = read_key_tree(places[Store.V3], values=values)
    trees = KeyTrees(cluster=workspace.cluster.name, v2=v2, v3=v3)
    told.record(EventKind.FACT, {"about": "key-trees", "v2": v2.summary, "v3": v3.summary, "values": values})
    return trees


def find_keys(place: KeyPlace, text: str, *, path: bytes = b"", most: int) -> tuple[tuple[StoredKey, ...], bool]:
    """Return the keys below a path in whose names a text stands, upper or lower case, and whether these are all.

    Raises
    ------
    EtcdError
        When etcd cannot be read.
    """
    found: list[StoredKey] = []
    sought = text.casefold()
    for listing in place.keys.walk(path):
        for one in listing.keys:
            if sought not in one.name.casefold():
                continue
            if len(found) == most:
                return tuple(found), False
            found.append(replace(one, content=None))
    return tuple(found), True


def _count(number: int, one: str, several: str) -> str:
    return f"{number} {one if number == 1 else several}"


def _with_values(place: KeyPlace, listing: KeyListing) -> KeyListing:
    if place.keys.store is Store.V2:
        return listing
    kept = []
    for one in listing.keys:
        try:
            kept.append(one if one.is_dir else place.keys.get(one.key))
        except NotFoundError:
            continue
    return replace(listing, keys=tuple(kept))
