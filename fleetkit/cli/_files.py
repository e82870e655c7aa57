"""Writing a file that a command was asked for: whole, or not at all."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from fleetkit.core import SettingsError

__all__ = ["require_place", "write_whole"]

_MODE = 0o644


def require_place(path: Path) -> None:
    """Refuse a file that could not be written, before the work is done that it is to hold.

    Raises
    ------
    SettingsError
        When it is a folder, or its own folder is not there or lets nobody write into it.
    """
    folder = path.resolve().parent
    if path.is_dir():
        raise SettingsError(f"{path} cannot be written", seen="it is a folder", hint="name a file in it")
    if not folder.is_dir():
        raise SettingsError(f"{path} cannot be written", seen=f"{folder} is no folder", hint="make it first")
    if (not path.exists() or path.is_file()) and not os.access(folder, os.W_OK | os.X_OK):
        raise SettingsError(
            f"{path} cannot be written",
            seen=f"you may not write into {folder}",
            hint="look at the owner and the mode of that folder, or name another",
        )


def write_whole(path: Path, text: str) -> None:
    """Write a file in place of what is there; whoever reads it meanwhile sees the one or the other.

    Raises
    ------
    OSError
        When it cannot be written: a full disk, a folder that is not there; what was there stays.
    """
    # Through a link to the file it leads to, which would be cut off else.
    path = path.resolve()
    try:
        if path.exists() and not path.is_file():
            # A pipe, or /dev/stdout: nothing there that could be left half.
            path.write_text(text, encoding="utf-8")
            return
        mode = path.stat().st_mode & 0o777 if path.exists() else _MODE & ~_umask()
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        temporary = Path(name)
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
                stream.write(text)
                os.fchmod(stream.fileno(), mode)
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        # The temporary file is nobody's business: what was asked for is named.
        raise OSError(error.errno, error.strerror, str(path)) from error


def _umask() -> int:
    """Return the mask of new files, which can be read by setting it alone."""
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
