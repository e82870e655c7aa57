"""A bucket in memory that can be out of reach, for tests of what is sent to one and in which order."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field
from hashlib import md5

from fleetkit.core import AwsError, NotFoundError, utc_now
from fleetkit.runs import ObjectFacts

__all__ = ["Bucket"]


@dataclass(slots=True)
class Bucket:
    """Objects by their keys.

    Attributes
    ----------
    written
        Keys of what was written, in order.
    reachable_for
        How many more calls are answered; None for any number.
    """

    content: dict[str, bytes] = field(default_factory=dict)
    changed: dict[str, dt.datetime] = field(default_factory=dict)
    written: list[str] = field(default_factory=list)
    read: list[str] = field(default_factory=list)
    reachable_for: int | None = None
    address: str = "s3://records/team"

    def _answer(self) -> None:
        if self.reachable_for is not None:
            if self.reachable_for == 0:
                raise AwsError("cannot ask AWS for the records", transient=True, seen="no route")
            self.reachable_for -= 1

    def list_objects(self, prefix: str = "") -> dict[str, ObjectFacts]:
        self._answer()
        return {
            key: ObjectFacts(etag=md5(content, usedforsecurity=False).hexdigest(), changed=self.changed[key])
            for key, content in self.content.items()
            if key.startswith(prefix)
        }

    def read_object(self, key: str) -> bytes:
        self._answer()
        self.read.append(key)
        try:
            return self.content[key]
        except KeyError as error:
            raise NotFoundError(f"no object {key}") from error

    def create_object(self, key: str, content: bytes) -> bool:
        self._answer()
        if key in self.content:
            return False
        self.content[key], self.changed[key] = content, utc_now()
        self.written.append(key)
        return True

    def write_object(self, key: str, content: bytes) -> None:
        self._answer()
        self.content[key], self.changed[key] = content, utc_now()
        self.written.append(key)

    def delete_objects(self, keys: Iterable[str]) -> None:
        self._answer()
        for key in keys:
            del self.content[key]

    def names(self) -> set[str]:
        """Return the names of the files that were written since the last time that this was asked."""
        names = {key.rpartition("/")[2] for key in self.written}
        self.written.clear()
        return names
