"""The notebook as its kernel sees it: built from what was executed, in the order of the notebook's own file."""

from __future__ import annotations

import copy
from typing import Any

__all__ = ["ExecutedNotebook"]


class ExecutedNotebook:
    """The cells of a notebook, filled in as they are executed.

    A kernel is told source text and, by some front ends, the cell's id.
    What was executed but stands in no file, as the parameters that papermill injects, gets a cell of its own.

    Parameters
    ----------
    source
        The notebook's file; None where it is not known.
    """

    def __init__(self, source: Any | None) -> None:
        from nbformat.v4 import new_notebook

        self.notebook: Any = new_notebook() if source is None else copy.deepcopy(source)  # type: ignore[no-untyped-call]
        self.notebook.metadata.pop("widgets", None)
        self._last = -1
        for cell in self.notebook.cells:
            if cell.cell_type == "code":
                cell.outputs, cell.execution_count = [], None

    def execute(self, code: str, *, count: int, cell_id: str | None = None) -> Any:
        """Return the cell that ``code`` is executed in, emptied."""
        place = self._find(code, cell_id)
        if place is None:
            from nbformat.v4 import new_code_cell

            place = self._last + 1
            self.notebook.cells.insert(place, new_code_cell(code))  # type: ignore[no-untyped-call]
        cell = self.notebook.cells[place]
        cell.source, cell.outputs, cell.execution_count = code, [], count
        self._last = place
        return cell

    def title_for(self, code: str, cell_id: str | None = None) -> str:
        """Return the heading under which ``code`` would be executed now."""
        from fleetkit.runs._session import titles_of

        place = self._find(code, cell_id)
        return titles_of(self.notebook.cells).get(self._last if place is None else place, "")

    def title_of(self, cell: Any) -> str:
        """Return the heading that ``cell`` stands under."""
        from fleetkit.runs._session import titles_of

        cells = self.notebook.cells
        place = next(index for index, other in enumerate(cells) if other is cell)
        return titles_of(cells).get(place, "")

    def _find(self, code: str, cell_id: str | None) -> int | None:
        cells = list(enumerate(self.notebook.cells))
        code_cells = [(place, cell) for place, cell in cells if cell.cell_type == "code"]
        if cell_id:
            for place, cell in code_cells:
                if cell.get("id") == cell_id:
                    return place
        same = [(place, cell) for place, cell in code_cells if cell.source.strip() == code.strip()]
        fresh = [place for place, cell in same if cell.execution_count is None]
        later = [place for place in fresh if place > self._last]
        return next(iter([*later, *fresh, *(place for place, _ in same)]), None)
