"""Reading a JSON document of ours strictly: what is missing or of another kind is an error that names the field."""

from __future__ import annotations

from typing import Any

from fleetkit.core import FleetkitError

__all__ = ["FieldReader"]


class FieldReader:
    """Takes fields out of a JSON object, and names the one that is not as it should be.

    Parameters
    ----------
    document
        What JSON was read into.
    where
        File that it came from, for the error.
    path
        Where in the document it stands, with a dot at the end.
    hint
        What the error tells to do next.
    """

    def __init__(self, document: object, where: str, path: str = "", *, hint: str) -> None:
        self._where, self._path, self._hint = where, path, hint
        if not isinstance(document, dict):
            raise self.refuse("", f"{type(document).__name__} where an object belongs")
        self._document = document

    def refuse(self, name: str, seen: str) -> FleetkitError:
        """Return the error for a field."""
        field_path = f"{self._path}{name}" or "the document"
        return FleetkitError(f"the record {self._where} cannot be read", seen=f"{field_path}: {seen}", hint=self._hint)

    def get(self, name: str, *kinds: type | None) -> Any:
        """Return a field that must be there, and of one of the kinds; None stands for null."""
        if name not in self._document:
            raise self.refuse(name, "missing")
        value = self._document[name]
        if not any(value is None if kind is None else isinstance(value, kind) for kind in kinds):
            legal = " or ".join("null" if kind is None else kind.__name__ for kind in kinds)
            raise self.refuse(name, f"{type(value).__name__} where {legal} belongs")
        return value

    def get_or(self, name: str, *kinds: type | None, default: Any) -> Any:
        """Return a field, or ``default`` where there is none."""
        return self.get(name, *kinds) if name in self._document else default

    def convert(self, name: str, convert: Any) -> Any:
        """Return a field of text, read by ``convert``."""
        try:
            return convert(self.get(name, str))
        except ValueError as error:
            raise self.refuse(name, str(error)) from error

    def convert_or_none(self, name: str, convert: Any) -> Any:
        """Return a field of text read by ``convert``, or None where it is null."""
        return None if self.get(name, str, None) is None else self.convert(name, convert)

    def inner(self, name: str) -> FieldReader:
        """Return a reader of the object in a field."""
        return FieldReader(self.get(name, dict), self._where, f"{self._path}{name}.", hint=self._hint)

    def optional_inner(self, name: str) -> FieldReader | None:
        """Return a reader of the object in a field, or None where it is null."""
        return None if self.get(name, dict, None) is None else self.inner(name)

    def each(self, name: str) -> list[FieldReader]:
        """Return a reader of each object in the list in a field."""
        listed = self.get(name, list)
        return [
            FieldReader(one, self._where, f"{self._path}{name}[{place}].", hint=self._hint)
            for place, one in enumerate(listed)
        ]
