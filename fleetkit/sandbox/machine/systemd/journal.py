"""What units and their manager say, one file per unit on the machine's own disk.

A unit's programs write to its file directly; lines of the manager carry its name in front.
"""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime
from pathlib import Path

__all__ = ["Journal"]


class Journal:
    """The journal of a machine.

    Parameters
    ----------
    folder
        Where the files are; one for each unit.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def path(self, unit: str) -> Path:
        """Return the file of a unit, whether or not it is there."""
        return self.folder / f"{unit.replace('/', '-')}.log"

    def open(self, unit: str) -> int:
        """Return a descriptor that appends to the unit's file; the caller closes it."""
        return os.open(self.path(unit), os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o640)

    def say(self, unit: str | None, text: str) -> None:
        """Write a line of the manager to the console and, where it is about a unit, to the unit's file."""
        moment = datetime.now(UTC).strftime("%FT%TZ")
        subject = "" if unit is None else f"{unit}: "
        sys.stderr.write(f"{moment} {subject}{text}\n")
        sys.stderr.flush()
        if unit is not None:
            with self.path(unit).open("a", encoding="utf-8") as file:
                file.write(f"{moment} systemd: {text}\n")

    def tail(self, unit: str, *, lines: int | None) -> str:
        """Return the last ``lines`` lines of a unit's file, all when None."""
        path = self.path(unit)
        if not path.exists():
            return ""
        text = path.read_text(encoding="utf-8", errors="replace")
        if lines is None:
            return text
        return "".join(text.splitlines(keepends=True)[-lines:]) if lines else ""
