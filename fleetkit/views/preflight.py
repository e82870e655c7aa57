"""What a preflight saw, as a table."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from fleetkit.views._frames import build_frame

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["checks_frame"]


def checks_frame(lines: Iterable[Any]) -> pd.DataFrame:
    """Return one row per line: ``status``, ``check``, ``seen``, ``next``; what must be mended stands first.

    Parameters
    ----------
    lines
        Mappings or objects with ``status``, ``check_id``, ``seen`` and ``mend``.
    """
    worst_first = sorted(lines, key=lambda line: ("failure", "warning", "ok").index(str(line.status)))
    return build_frame(
        worst_first,
        [
            ("status", lambda line: str(line.status)),
            ("check", lambda line: line.check_id),
            "seen",
            ("next", lambda line: line.mend),
        ],
    )
