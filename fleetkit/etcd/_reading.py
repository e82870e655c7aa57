"""Reading JSON from etcd: each field by its name, its type checked, its path in the error."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fleetkit.core import EtcdError

__all__ = ["Fields"]


class Fields:
    """The fields of one JSON object, with the path at which it stands.

    etcd's gateway leaves out what is zero, false or empty, so an absent field reads as such;
    64-bit integers come as strings, because JSON's numbers cannot hold them.
    """

    __slots__ = ("_found", "_path")

    def __init__(self, found: Any, *, path: str = "") -> None:
        if not isinstance(found, Mapping):
            raise _unexpected(path or "the answer", "an object", found)
        self._found = found
        self._path = path

    def has(self, name: str) -> bool:
        """Return whether the field is there, and is not null."""
        return self._found.get(name) is not None

    def names(self) -> tuple[str, ...]:
        """Return the names of the fields that are there."""
        return tuple(str(name) for name in self._found)

    def text(self, name: str) -> str:
        """Read a string; empty where absent."""
        value = self._found.get(name, "")
        if not isinstance(value, str):
            raise _unexpected(self._at(name), "a string", value)
        return value

    def texts(self, name: str) -> tuple[str, ...]:
        """Read a list of strings; empty where absent."""
        values = self._list(name)
        for index, value in enumerate(values):
            if not isinstance(value, str):
                raise _unexpected(f"{self._at(name)}[{index}]", "a string", value)
        return tuple(values)

    def whole(self, name: str) -> int:
        """Read an integer, also one that comes as a string; 0 where absent."""
        value = self._found.get(name, 0)
        if isinstance(value, str) and value.isascii() and value.lstrip("-").isdigit():
            return int(value)
        if isinstance(value, bool) or not isinstance(value, int):
            raise _unexpected(self._at(name), "an integer", value)
        return value

    def number(self, name: str) -> float:
        """Read a number; 0 where absent."""
        value = self._found.get(name, 0)
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise _unexpected(self._at(name), "a number", value)
        return float(value)

    def numbers(self, name: str) -> dict[str, float]:
        """Read an object of numbers; empty where absent."""
        inner = self.child(name)
        return {str(key): inner.number(key) for key in inner._found}

    def flag(self, name: str) -> bool:
        """Read a truth value; false where absent."""
        value = self._found.get(name, False)
        if not isinstance(value, bool):
            raise _unexpected(self._at(name), "true or false", value)
        return value

    def hex_id(self, name: str) -> str:
        """Read an id as etcdctl shows it: hex without leading zeros; empty where absent or 0."""
        value = self.whole(name)
        return f"{value:x}" if value else ""

    def child(self, name: str) -> Fields:
        """Read an object; one without fields where absent."""
        return Fields(self._found.get(name, {}), path=self._at(name))

    def children(self, name: str) -> tuple[Fields, ...]:
        """Read a list of objects; empty where absent."""
        return tuple(Fields(value, path=f"{self._at(name)}[{index}]") for index, value in enumerate(self._list(name)))

    def by_name(self, name: str) -> dict[str, Fields]:
        """Read an object of objects; empty where absent."""
        inner = self.child(name)
        return {str(key): Fields(value, path=inner._at(str(key))) for key, value in inner._found.items()}

    def reject(self, name: str, expected: str) -> EtcdError:
        """Return the error for a field whose value is not one of the legal ones."""
        return _unexpected(self._at(name), expected, self._found.get(name))

    def _list(self, name: str) -> list[Any]:
        values = self._found.get(name, [])
        if not isinstance(values, list):
            raise _unexpected(self._at(name), "a list", values)
        return values

    def _at(self, name: str) -> str:
        return f"{self._path}.{name}" if self._path else name


def _unexpected(path: str, expected: str, seen: Any) -> EtcdError:
    shown = repr(seen)
    shown = shown if len(shown) <= 80 else f"{shown[:77]}..."
    return EtcdError("etcd's answer has an unexpected form", seen=f"{path}: expected {expected}, found {shown}")
