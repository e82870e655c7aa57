"""Tables out of plain values: one place that reads a field, and says ``unknown`` where it was not read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["UNKNOWN_TEXT", "Column", "build_frame", "frame_html", "read_field"]

UNKNOWN_TEXT = "unknown"
"""Stands where a value could not be read; an empty cell would look like an answer."""

Column = str | tuple[str, Callable[[Any], Any]]
"""A field's name, which is the heading too, or a heading with a function of the item."""


def read_field(item: Any, name: str) -> Any:
    """Return the field ``name`` of a mapping or an object; None when it has none."""
    return item.get(name) if isinstance(item, Mapping) else getattr(item, name, None)


def build_frame(
    items: Iterable[Any], columns: Sequence[Column], *, sort_by: Sequence[str] = (), numbers: Sequence[str] = ()
) -> pd.DataFrame:
    """Return a table with one row per item, and all its columns even when there is no item.

    Parameters
    ----------
    columns
        Field names, or headings with functions.
    sort_by
        Headings to sort by, for the same order on every reading.
    numbers
        Headings of numbers, which stay numbers; a missing one is NA. In any other column it is ``unknown``.
    """
    import pandas as pd

    names = [column if isinstance(column, str) else column[0] for column in columns]
    rows = [[_cell(item, column) for column in columns] for item in items]
    frame = pd.DataFrame(rows, columns=names, dtype=object)
    for name in names:
        if name in numbers:
            frame[name] = pd.to_numeric(frame[name]).convert_dtypes()
        else:
            known = [UNKNOWN_TEXT if value is None else value for value in frame[name]]
            frame[name] = pd.Series(known, dtype=object)
    if sort_by:
        # By text, because an "unknown" may stand among other kinds.
        frame = frame.sort_values(list(sort_by), key=lambda column: column.map(str), kind="stable")
    return frame.reset_index(drop=True)


def _cell(item: Any, column: Column) -> Any:
    return read_field(item, column) if isinstance(column, str) else column[1](item)


def frame_html(frame: pd.DataFrame) -> str:
    """Return the table in HTML, aligned to the left: JupyterLab sets words to the right, where eyes lose the row."""
    text: str = frame.to_html(index=False, border=0)
    # What cells hold is escaped, so these tags are the table's own.
    for cell in ("td", "th"):
        text = text.replace(f"<{cell}>", f'<{cell} style="text-align: left">')
    return text.replace('<tr style="text-align: right;">', "<tr>")
