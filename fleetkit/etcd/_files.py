"""Files that bear their name only once they are whole."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from fleetkit.core import FleetkitError

__all__ = ["writing_whole"]


@contextlib.contextmanager
def writing_whole(target: Path, *, what: str) -> Iterator[IO[bytes]]:
    """Write a file beside its target for the length of a block, and rename it when the block ends well.

    It is for its owner alone: what etcd stores may be secret. Nothing of it stays when the block fails.

    Parameters
    ----------
    what
        What the file is, for messages.

    Raises
    ------
    FleetkitError
        When it cannot be written, as on a disk that is full.
    """
    half = target.with_name(f".{target.name}.part")
    try:
        with os.fdopen(os.open(half, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600), "wb+") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        half.replace(target)
    except BaseException as error:
        with contextlib.suppress(OSError):
            half.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise FleetkitError(
                f"the {what} {target} cannot be written",
                seen=error.strerror or str(error),
                hint="see that the folder is there and may be written to, and that its disk has room",
            ) from error
        raise
