"""One part of an inspection as it was read, before its findings are joined with those of others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Reading"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One part as it was read.

    Attributes
    ----------
    frame
        Its table; None when it could not be read, and ``unknown`` says why.
    data
        What it was made of, for other parts to draw on.
    facts
        What the record keeps of it, as plain JSON values; None where nothing was read.
    """

    frame: pd.DataFrame | None = None
    pictures: tuple[str, ...] = ()
    findings: tuple[str, ...] = ()
    unknown: str = ""
    data: Any = None
    facts: Mapping[str, Any] | None = None
