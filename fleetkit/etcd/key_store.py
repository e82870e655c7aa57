"""What both stores of etcd can do with keys, so that whoever shows or changes them need not know which it is."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Protocol

from fleetkit.core import NotFoundError, StalePlanError
from fleetkit.etcd.endpoints import Endpoint
from fleetkit.etcd.stored_keys import KeyEvent, KeyListing, Store, StoredKey, show_revision

__all__ = ["KeyStore", "missing_key", "moved_key"]


class KeyStore(Protocol):
    """One store of one etcd. Reads go through the quorum; a change is asked for once, and on a condition."""

    @property
    def store(self) -> Store:
        """Which one."""

    @property
    def endpoints(self) -> tuple[Endpoint, ...]:
        """Whose."""

    def get(self, key: bytes) -> StoredKey:
        """Read a key with its value and its time to live, or a directory of v2.

        Raises
        ------
        NotFoundError
            When it is not there.
        EtcdError
            When no member answered in time.
        """

    def require_fit(self, key: bytes, content: bytes | None) -> None:
        """Make sure that the store can hold this at all; None is a directory.

        Raises
        ------
        SettingsError
            When it cannot.
        """

    def list_children(self, path: bytes, *, most: int, start: bytes | None = None, revision: int = 0) -> KeyListing:
        """List what lies directly below a path, without values.

        Parameters
        ----------
        path
            Of v2 a directory, of v3 what the keys begin with; empty lists from the root.
        most
            Entries after which the listing ends, and says where it goes on.
        start, revision
            Where and as of when to go on, as an earlier listing said.

        Raises
        ------
        NotFoundError
            When v2 has no such directory.
        EtcdError
            When no member answered in time, or that revision was compacted meanwhile.
        """

    def walk(self, path: bytes, *, values: bool = False) -> Iterator[KeyListing]:
        """Yield all keys that lie below a path, a page at a time, all as of one revision; without directories of v3.

        Parameters
        ----------
        values
            Whether v3's values are read too; v2 has no reading without them.

        Raises
        ------
        As `list_children` does.
        """

    def put(self, key: bytes, content: bytes | None, *, expected: int, ttl_s: int | None = None) -> StoredKey:
        """Write a key if it still is what it was, and return what it is then.

        Parameters
        ----------
        content
            None makes a directory of v2.
        expected
            The revision that it has; 0 where it is to be created, and must not be there.
        ttl_s
            Seconds after which it expires, 0 for never; None keeps what it has.

        Raises
        ------
        StalePlanError
            When it has changed since.
        EtcdError
            When no member can take it, refuses it, or does not answer in time, itself or for the others: then whether
            it was done is not known, and its hint says so.
        SettingsError
            When that store cannot hold it.
        """

    def delete(
        self, keys: tuple[StoredKey, ...], *, on_deleted: Callable[[StoredKey], None] = lambda _key: None
    ) -> None:
        """Delete keys if they still are what they were.

        Of v3 up to 128 go together or none of them; of v2 one after the other, what lies in a directory before it, and
        a directory only when it is empty.

        Parameters
        ----------
        on_deleted
            Told each one once it is known to be gone: what was told is gone, whatever comes after.

        Raises
        ------
        StalePlanError
            When one has changed since.
        EtcdError
            As `put` does.
        """

    def watch(self, path: bytes, *, below: bool, stop: threading.Event, since: int = 0) -> Iterator[KeyEvent]:
        """Yield what happens to a key, or to all below a path, until ``stop`` is set.

        A connection that breaks or says nothing for long is opened anew, with another member where need be, and goes on
        where it was: nothing is missed without a `KeyEventKind.GAP` that says so.

        Parameters
        ----------
        since
            The revision after which it begins; now where not given.

        Raises
        ------
        EtcdError
            When no member can be asked any more.
        """


def missing_key(store: Store, key: StoredKey) -> NotFoundError:
    """Return the error for a key that is not there."""
    return NotFoundError(
        f"etcd's {store} store has no key {key.name}", hint="list what there is: fleetkit kv ls, with --store v2 or v3"
    )


def moved_key(key: StoredKey, *, expected: int, found: int | None) -> StalePlanError:
    """Return the error for a key that is not what it was.

    Parameters
    ----------
    found
        The revision that it has; 0 for one that is not there, None where etcd did not tell.
    """
    was = "it was not there" if not expected else f"it was at {show_revision(key.store, expected)}"
    now = "it has another by now" if found is None else f"it is at {found}" if found else "it is gone"
    if not expected:
        now = "it is there"
    return StalePlanError(
        f"the key {key.name} has changed since it was read",
        seen=f"{was}, and {now}",
        hint="read it again, and decide anew",
    )
