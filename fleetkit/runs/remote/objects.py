"""What records need of a bucket: four verbs, whoever implements them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

__all__ = ["ObjectFacts", "RecordObjects"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectFacts:
    """What a listing tells of an object.

    Attributes
    ----------
    etag
        A name that changes with its content: the content's MD5, in hex, where it was put as we put it,
        which is in one piece and under S3's own key.
    changed
        When it was written last, by the bucket's clock.
    """

    etag: str
    changed: dt.datetime


class RecordObjects(Protocol):
    """The objects below one prefix of a bucket; keys are ``<cluster>/<record>/<file>``.

    What fails raises `FleetkitError`: a bucket that cannot be reached is never an empty one.
    """

    @property
    def address(self) -> str:
        """Where they are, as ``s3://bucket/prefix``."""

    def list_objects(self, prefix: str = "") -> Mapping[str, ObjectFacts]:
        """Return the objects whose keys begin with ``prefix``."""

    def read_object(self, key: str) -> bytes:
        """Return an object's content."""

    def create_object(self, key: str, content: bytes) -> bool:
        """Put an object where there is none of that key yet; return False where there is one."""

    def write_object(self, key: str, content: bytes) -> None:
        """Put an object, whole or not at all."""

    def delete_objects(self, keys: Iterable[str]) -> None:
        """Remove objects."""
