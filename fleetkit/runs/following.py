"""What goes on beside a run, for as long as its record grows: sending that record elsewhere, for one."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Protocol

__all__ = ["Follow", "Follower", "no_follower"]


class Follower(Protocol):
    """Sends a record to where it is to be kept as well."""

    def send(self) -> str:
        """Send what there is of it now; return what a person should know where that fails, else an empty text."""


Follow = Callable[[Path], AbstractContextManager[Follower]]
"""Given the folder of a record, what follows its run: entered when that begins, left after the record's last word."""


class _Nobody:
    def send(self) -> str:
        return ""


def no_follower(_folder: Path) -> AbstractContextManager[Follower]:
    """Let the run go on alone."""
    return nullcontext(_Nobody())
