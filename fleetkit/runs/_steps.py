"""Telling the journal of the cells that a kernel executes, as it begins and ends them.

The kernel's own hooks call at the very moment:
what a cell tells the journal itself stands between its beginning and its end.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from fleetkit.runs._writing import RecordWriter
from fleetkit.runs.journal import EventKind
from fleetkit.runs.outcome import Outcome, outcome_of_error

__all__ = ["StepTeller", "status_of"]


def status_of(outcome: Outcome) -> str:
    """Return the status of a cell whose error earned ``outcome``."""
    return "interrupted" if outcome is Outcome.INTERRUPTED else "failed"


class StepTeller:
    """Follows the cells of a kernel.

    Parameters
    ----------
    title_for
        Told a cell's source, and its id where that is known; returns the heading that it stands under.
    """

    def __init__(self, shell: Any, writer: RecordWriter, *, title_for: Callable[[str, str | None], str]) -> None:
        self._shell, self._writer, self._title_for = shell, writer, title_for
        self._step: dict[str, Any] = {}
        self._began_s = 0.0
        shell.events.register("pre_run_cell", self._hear_begin)
        shell.events.register("post_run_cell", self._hear_end)

    def begin(self, code: str, count: int, cell_id: str | None) -> None:
        """Tell that the cell with this execution number begins."""
        self._step, self._began_s = {"step": self._title_for(code, cell_id), "cell": count}, time.monotonic()
        self._writer.record(EventKind.STEP_STARTED, self._step)

    def close(self) -> None:
        """Tell no more."""
        self._shell.events.unregister("pre_run_cell", self._hear_begin)
        self._shell.events.unregister("post_run_cell", self._hear_end)

    def _hear_begin(self, info: Any) -> None:
        # The shell's own count has moved on here, or has not: that depends on IPython's version.
        count = len(self._shell.history_manager.input_hist_parsed)
        self.begin(info.raw_cell, count, getattr(info, "cell_id", None))

    def _hear_end(self, result: Any) -> None:
        error = result.error_before_exec or result.error_in_exec
        status = "done" if error is None else status_of(outcome_of_error(type(error).__name__))
        took_s = round(time.monotonic() - self._began_s, 3)
        self._writer.record(EventKind.STEP_ENDED, {**self._step, "status": status, "took_s": took_s})
