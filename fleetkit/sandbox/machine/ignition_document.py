"""The JSON of an Ignition configuration, read strictly: places are known, keys that nobody asked for are refused.

What the keys mean is `fleetkit.sandbox.machine.ignition`'s to say.
"""

from __future__ import annotations

import base64
import binascii
import gzip
import hashlib
import json
import urllib.parse
from collections.abc import Sequence
from typing import Any

__all__ = ["IgnitionError", "Node", "read_resource"]

_HIGHEST_MODE = 0o7777
_HASHES = {"sha256": 64, "sha512": 128}


class IgnitionError(ValueError):
    """The configuration cannot be applied; the text names the place in it and what was seen."""


class Node:
    """A JSON object that knows its place and which of its keys were asked for."""

    def __init__(self, value: Any, place: str) -> None:
        if not isinstance(value, dict):
            raise IgnitionError(f"{place}: an object was expected, seen {json.dumps(value)[:60]}")
        self._value: dict[str, Any] = value
        self.place = place

    def only(self, *names: str, known_but_not_done: Sequence[str] = ()) -> None:
        """Refuse every other key."""
        for key in self._value:
            if key in known_but_not_done and self._value[key] not in (None, [], {}):
                raise IgnitionError(f"{self.place}.{key}: the stand-in for Ignition does not do this")
            if key not in (*names, *known_but_not_done):
                raise IgnitionError(f"{self.place}.{key}: no such key; known here: {', '.join(sorted(names))}")

    def get(self, key: str, kind: type | tuple[type, ...], default: Any = None) -> Any:
        """Return a value of that type, or the default where there is none."""
        value = self._value.get(key)
        if value is None:
            return default
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is int):
            raise IgnitionError(f"{self.place}.{key}: wrong type, seen {json.dumps(value)[:60]}")
        return value

    def node(self, key: str) -> Node:
        """Return the object under a key; an empty one where there is none."""
        return Node(self._value.get(key) or {}, f"{self.place}.{key}")

    def nodes(self, key: str) -> list[Node]:
        """Return the objects of the list under a key."""
        return [Node(one, f"{self.place}.{key}.{n}") for n, one in enumerate(self.get(key, list, []))]

    def path(self) -> str:
        """Return its path, which must be absolute."""
        path: str | None = self.get("path", str)
        if not path or not path.startswith("/"):
            raise IgnitionError(f"{self.place}.path: path not absolute: {path!r}")
        return path

    def mode(self, default: int) -> int:
        """Return its file mode."""
        mode: int = self.get("mode", int, default)
        if not 0 <= mode <= _HIGHEST_MODE:
            raise IgnitionError(f"{self.place}.mode: illegal file mode {mode} (decimal, as Ignition reads it)")
        return mode

    def owner(self, key: str) -> str:
        """Return the name or number of the user or group under a key; 0 where there is none."""
        owner = self.node(key)
        owner.only("id", "name")
        number, name = owner.get("id", int), owner.get("name", str)
        if number is not None and name is not None:
            raise IgnitionError(f"{owner.place}: both id and name are set")
        return str(number if number is not None else name or 0)


def read_resource(node: Node) -> bytes | None:
    """Return the content that a resource carries in itself, or None where it names none.

    Raises
    ------
    IgnitionError
        When the content lies elsewhere, cannot be read, or is not what its hash says.
    """
    node.only("source", "compression", "verification", known_but_not_done=("httpHeaders",))
    source: str | None = node.get("source", str)
    if source is None:
        return None
    content = _read_data_url(source, place=f"{node.place}.source")
    compression = node.get("compression", str, "")
    if compression not in ("", "gzip"):
        raise IgnitionError(f"{node.place}.compression: invalid compression method {compression!r}")
    if compression:
        try:
            content = gzip.decompress(content)
        except (OSError, EOFError) as error:
            raise IgnitionError(f"{node.place}.source: not gzip: {error}") from error
    verification = node.node("verification")
    verification.only("hash")
    _verify(content, verification.get("hash", str), place=verification.place)
    return content


def _read_data_url(source: str, *, place: str) -> bytes:
    if not source.startswith("data:"):
        scheme = source.partition(":")[0]
        raise IgnitionError(f"{place}: the stand-in for Ignition reads data: URLs, not {scheme}:")
    kind, comma, data = source.removeprefix("data:").partition(",")
    if not comma:
        raise IgnitionError(f"{place}: unable to parse data URL: no comma")
    raw = urllib.parse.unquote_to_bytes(data)
    if not kind.endswith(";base64"):
        return raw
    try:
        return base64.b64decode(raw, validate=True)
    except binascii.Error as error:
        raise IgnitionError(f"{place}: illegal base64 data: {error}") from error


def _verify(content: bytes, wish: str | None, *, place: str) -> None:
    if wish is None:
        return
    kind, _, digest = wish.partition("-")
    if kind not in _HASHES or len(digest) != _HASHES[kind]:
        raise IgnitionError(f"{place}.hash: not sha256-<64 hex> or sha512-<128 hex>: {wish!r}")
    seen = hashlib.new(kind, content).hexdigest()
    if seen != digest:
        raise IgnitionError(f"{place}.hash: hash verification failed (calculated {seen} but expected {digest})")
