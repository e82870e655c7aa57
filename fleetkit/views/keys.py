"""Keys of etcd as rows and facts for people; a value stands in none of them unless it is asked for."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from fleetkit.core import format_bytes
from fleetkit.etcd import KeyEvent, Store, StoredKey, decode_content, show_content, show_revision, tell_kind
from fleetkit.views._frames import build_frame

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "KEY_COLUMNS",
    "key_facts",
    "key_rows",
    "keys_frame",
    "tell_event",
    "tell_key",
    "tell_lifetime",
    "value_facts",
]

KEY_COLUMNS = ("key", "kind", "size", "revision", "expires")
"""What is told of each key."""


def key_rows(keys: Iterable[StoredKey], *, whole_names: bool = False) -> list[tuple[str, str, str, str, str]]:
    """Return one row for each key, as `KEY_COLUMNS` names its cells.

    Parameters
    ----------
    whole_names
        Whether the whole key stands there, and not its last part alone.
    """
    return [
        (
            one.name if whole_names else one.label,
            _tell_kind(one),
            "" if one.content is None else format_bytes(len(one.content)),
            str(one.revision or ""),
            tell_lifetime(one),
        )
        for one in keys
    ]


def keys_frame(keys: Sequence[StoredKey], *, values: bool = False) -> pd.DataFrame:
    """Return one row for each key: ``key kind size revision expires``, and ``value`` where values are asked for."""
    rows = [dict(zip(KEY_COLUMNS, row, strict=True)) for row in key_rows(keys, whole_names=True)]
    if not values:
        return build_frame(rows, KEY_COLUMNS)
    shown = ["" if one.content is None else show_content(one.content) for one in keys]
    rows = [{**row, "value": value} for row, value in zip(rows, shown, strict=True)]
    return build_frame(rows, (*KEY_COLUMNS, "value"))


def key_facts(key: StoredKey, *, value: bool = True) -> dict[str, Any]:
    """Return what is known of a key, as JSON has it.

    ``key`` and ``value`` are text; of bytes that are none they are null, and ``key_base64`` or ``value_base64`` has
    them.
    """
    facts: dict[str, Any] = {"store": key.store.value, **_text_or_base64("key", key.key), "is_dir": key.is_dir}
    facts |= {} if key.content is None else value_facts(key.content, value=value)
    facts |= {"revision": key.revision, "created": key.created}
    if key.store is Store.V3:
        facts |= {"version": key.version, "lease": key.lease}
    return {**facts, "ttl_s": key.ttl_s}


def value_facts(content: bytes | None, *, value: bool = True) -> dict[str, Any]:
    """Return what a value is, as JSON has it; None is a directory."""
    if content is None:
        return {"is_dir": True}
    facts = {"kind": str(tell_kind(content)), "size_bytes": len(content)}
    return {**facts, **_text_or_base64("value", content)} if value else facts


def tell_key(key: StoredKey) -> str:
    """Return what is known of a key beside its value, in one line."""
    told = [show_revision(key.store, key.revision), f"created at {key.created}"]
    told += [f"version {key.version}"] if key.version else []
    told += [_tell_kind(key)]
    told += [] if key.content is None else [format_bytes(len(key.content))]
    lifetime = tell_lifetime(key)
    return ", ".join([*told, "never expires" if lifetime == "never" else f"expires {lifetime}"])


def tell_lifetime(key: StoredKey) -> str:
    """Say when a key expires: ``in 27 s``, ``never``, or with which lease; of v3's directories nothing."""
    if key.ttl_s is not None:
        return f"in {key.ttl_s} s"
    if key.lease:
        return f"with lease {key.lease}"
    return "" if key.is_dir and key.store is Store.V3 else "never"


def tell_event(event: KeyEvent) -> str:
    """Return what happened, in one line, and the value that was written below it."""
    head = f"{event.kind} {event.key.name} at {event.revision}"
    if event.key.content is None:
        return f"{head} (directory)" if event.key.is_dir and event.kind == "put" else head
    return f"{head}: {show_content(event.key.content)}"


def _tell_kind(key: StoredKey) -> str:
    if key.is_dir:
        return "directory"
    # v3 lists keys without values, so what they are is told of each that is read.
    return "" if key.kind is None else str(key.kind)


def _text_or_base64(name: str, content: bytes) -> dict[str, str | None]:
    text = decode_content(content)
    if text is not None:
        return {name: text}
    return {name: None, f"{name}_base64": base64.b64encode(content).decode()}
