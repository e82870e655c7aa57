"""Facts of what machines start from: what they are given, and their images."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = ["GivenFact", "ImageFact"]


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenFact:
    """What a machine or a launch template has as user data.

    Attributes
    ----------
    resource
        What people call the machine; a template by its pool and version.
    texts
        Each place in it, a file's path where it is one, to the text there; never shown.
    """

    resource: str
    resource_id: str
    texts: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageFact:
    """An image that machines run from.

    Attributes
    ----------
    machines
        Which do.
    name
        As its publisher named it; empty where AWS does not have it any more.
    available
        Whether machines can be started from it.
    created, deprecated
        When it was published, and when it is or was to be deprecated; None where that is not told.
    newest, newest_created
        Name of the newest image of the same publisher, and when that was published; None where the publisher is none
        that is known.
    """

    image_id: str
    machines: tuple[str, ...]
    name: str
    available: bool
    created: dt.datetime | None = None
    deprecated: dt.datetime | None = None
    newest: str = ""
    newest_created: dt.datetime | None = None
