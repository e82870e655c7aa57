"""What a run tells while it goes on."""

from __future__ import annotations

import enum
from collections.abc import Callable
from dataclasses import dataclass

__all__ = ["OnEvent", "RunEvent", "RunEventKind"]


class RunEventKind(enum.StrEnum):
    """What happened."""

    CELL_STARTED = "cell started"
    CELL_ENDED = "cell ended"
    CELL_SPARED = "cell spared"
    OUTPUT = "output"
    STOPPING = "stopping"
    UNSIGNED = "unsigned"
    WAITING = "waiting"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunEvent:
    """One thing that happened while a notebook ran.

    Attributes
    ----------
    cell, cells
        Number of the code cell, from 1, and how many there are.
    title
        Heading that the cell stands under.
    text
        A whole line that the cell printed, or why the run is being stopped, waits or has no signed end; redacted.
    stream
        ``stdout`` or ``stderr``; only with ``output``.
    took_s
        Seconds that the cell took; only with ``cell ended``.
    failed
        Whether the cell ended with an error.
    """

    kind: RunEventKind
    cell: int = 0
    cells: int = 0
    title: str = ""
    text: str = ""
    stream: str = ""
    took_s: float | None = None
    failed: bool = False


OnEvent = Callable[[RunEvent], None]
