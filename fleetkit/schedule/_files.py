"""Files that are written whole, and taken away only while they are what was written."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

from fleetkit.core import PreconditionError, SettingsError

__all__ = ["is_as_written", "remove_written", "require_free", "require_unchanged", "sha256_of", "write_whole"]


def write_whole(file: Path, text: str) -> None:
    """Put ``text`` in place as a whole: whoever reads sees the old file or the new one.

    Raises
    ------
    OSError
        When it cannot be written; what was there stays.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
    temporary = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            stream.write(text)
            os.fchmod(stream.fileno(), 0o644)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(file)
    finally:
        temporary.unlink(missing_ok=True)


def is_as_written(file: Path, sha256: str) -> bool:
    """Return whether a file is there, and still as it was written."""
    return file.is_file() and hashlib.sha256(file.read_bytes()).hexdigest() == sha256


def require_free(file: Path, wrote: Mapping[str, str]) -> None:
    """Make sure that nothing of anybody's would be written over.

    Parameters
    ----------
    wrote
        What was written before, by its SHA-256.

    Raises
    ------
    SettingsError
        When there is a file that was never written by us.
    PreconditionError
        When there is one that somebody has changed since.
    """
    if not file.exists():
        return
    if str(file) not in wrote:
        raise SettingsError(f"there is a file {file} already", hint="choose another name for the schedule: --name NAME")
    require_unchanged(file, wrote[str(file)])


def require_unchanged(file: Path, sha256: str) -> None:
    """Make sure that a file is as it was written, or gone.

    Raises
    ------
    PreconditionError
        When somebody has changed it since.
    """
    if file.exists() and not is_as_written(file, sha256):
        raise PreconditionError(
            f"{file} is not what was written there, and is left as it is",
            hint="look at what was changed, and remove the file yourself; then run the same again",
        )


def sha256_of(text: str) -> str:
    """Return the SHA-256, in hex, by which a file is known again."""
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def remove_written(file: Path, sha256: str) -> bool:
    """Remove a file that is still as it was written; False where it is gone already.

    Raises
    ------
    PreconditionError
        When somebody has changed it since.
    """
    require_unchanged(file, sha256)
    try:
        file.unlink()
    except FileNotFoundError:
        return False
    return True
