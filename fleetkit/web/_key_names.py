"""Keys in addresses and forms: a key is any bytes, and both of them carry text."""

from __future__ import annotations

import urllib.parse

from fleetkit.etcd import Store, normalize_key

__all__ = ["read_key", "write_key"]


def write_key(key: bytes) -> str:
    """Return a key as a word of ASCII letters that loses nothing of it: what is no plain letter as ``%ff``."""
    return urllib.parse.quote_from_bytes(key, safe="/:@._-")


def read_key(word: str, *, store: Store) -> bytes:
    """Return the key that a word stands for.

    Raises
    ------
    SettingsError
        When it can be no key of that store.
    """
    key = urllib.parse.unquote_to_bytes(word)
    # What a person would type is held to the same: v2 takes a part of .. for a way through its tree.
    return normalize_key(key.decode("utf-8", "surrogateescape"), store=store)
