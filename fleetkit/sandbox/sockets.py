"""Unix sockets in any folder: the kernel allows 108 bytes for the path of one, and a folder's may be longer."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

__all__ = ["open_short_path"]


@contextlib.contextmanager
def open_short_path(place: Path) -> Iterator[str]:
    """Yield another name of ``place`` that is short wherever it lies, for the time of the block.

    Raises
    ------
    OSError
        When its folder cannot be opened.
    """
    folder = os.open(place.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{folder}/{place.name}"
    finally:
        os.close(folder)
