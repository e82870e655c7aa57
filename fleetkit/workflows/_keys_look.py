"""Looking at keys before they are changed: what is there, whether it is what was seen, and what lies below it."""

from __future__ import annotations

from fleetkit.core import NotFoundError, SettingsError, StalePlanError
from fleetkit.etcd import KeyStore, Store, StoredKey, show_key, show_revision

__all__ = ["find_key", "gather_keys", "require_revision"]

_MOST_KEYS = 1000
"""Keys of one plan: more are not looked through by anybody before they approve."""


def find_key(keys: KeyStore, key: bytes) -> StoredKey | None:
    """Return a key; None where it is not there."""
    try:
        return keys.get(key)
    except NotFoundError:
        return None


def require_revision(key: bytes, found: StoredKey | None, wanted: int | None, *, store: Store) -> None:
    """Make sure that a key is at the revision that is wanted: 0 for not there, None for any.

    Raises
    ------
    StalePlanError
        When it is not.
    """
    has = 0 if found is None else found.revision
    if wanted is None or wanted == has:
        return
    seen = f"it is at {show_revision(store, has)}" if has else "it is not there"
    if not wanted:
        raise StalePlanError(
            f"{show_key(key)} is there already", seen=seen, hint="name another key, or change this one"
        )
    raise StalePlanError(
        f"{show_key(key)} has changed since it was at {wanted}", seen=seen, hint="read it again, and decide anew"
    )


def gather_keys(keys: KeyStore, path: bytes, *, values: bool) -> list[StoredKey]:
    """Return what lies below a path, and of v2 the directory itself too; a directory before what it holds.

    Raises
    ------
    NotFoundError
        When there is nothing.
    SettingsError
        When there is more than anybody looks through.
    """
    found: list[StoredKey] = []
    if keys.store is Store.V2:
        root = keys.get(path)
        # The root of all cannot be deleted or written, only what it holds.
        found += [root] if path.strip(b"/") else []
        if not root.is_dir:
            return found
    for listing in keys.walk(path, values=values):
        found += listing.keys
        if len(found) > _MOST_KEYS:
            raise SettingsError(
                f"more than {_MOST_KEYS} keys lie below {show_key(path)}",
                hint="take them in parts, each by a longer path: nobody looks through so many before they approve",
            )
    if not found:
        raise NotFoundError(f"no key of the {keys.store} store begins with {show_key(path)}", hint="fleetkit kv ls")
    return found
