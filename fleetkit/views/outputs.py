"""What a deployed cluster tells its users, as a table."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from fleetkit.views._frames import build_frame

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["outputs_frame"]


def outputs_frame(rows: Iterable[tuple[str, str, str]]) -> pd.DataFrame:
    """Return one row for each output, in the order given: ``output``, ``value``, ``what for``."""
    return build_frame(
        rows, [("output", lambda row: row[0]), ("value", lambda row: row[1]), ("what for", lambda row: row[2])]
    )
