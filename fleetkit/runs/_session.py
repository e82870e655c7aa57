"""One run under way, as the process that runs it sees it: what is written, and what is told."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fleetkit.core import format_duration, utc_now
from fleetkit.runs._stopping import TIME_LIMIT, Stopper
from fleetkit.runs._writing import RecordWriter
from fleetkit.runs.events import OnEvent, RunEvent, RunEventKind
from fleetkit.runs.outcome import Outcome, exit_of_error, outcome_of_error
from fleetkit.runs.record import RunError, RunRecord

__all__ = ["RunSession", "mark_cell", "titles_of"]


def titles_of(cells: list[Any]) -> dict[int, str]:
    """Return for each code cell, by its place among all cells, the heading that it stands under."""
    titles, heading = {}, ""
    for place, cell in enumerate(cells):
        source = cell["source"].strip()
        if cell["cell_type"] == "markdown" and source.startswith("#"):
            heading = source.split("\n", 1)[0].lstrip("#").strip()
        elif cell["cell_type"] == "code" and source:
            tags = cell.get("metadata", {}).get("tags", [])
            titles[place] = "Parameters" if {"parameters", "injected-parameters"} & set(tags) else heading
    return titles


def mark_cell(cell: Any, *, status: str, took_s: float | None = None) -> None:
    """Keep in a cell how it went, for the report."""
    facts = {"status": status}
    if took_s is not None:
        facts["took"] = format_duration(took_s)
    cell["metadata"]["fleetkit"] = facts


class RunSession:
    """Writes the record of a run while it goes on, and tells of its progress.

    Parameters
    ----------
    environ, folder
        Environment and working folder of the kernel.
    """

    def __init__(
        self,
        *,
        record: RunRecord,
        writer: RecordWriter,
        stopper: Stopper,
        environ: Mapping[str, str],
        folder: Path,
        on_event: OnEvent,
    ) -> None:
        self.record, self.writer, self.stopper = record, writer, stopper
        self.environ, self.folder = dict(environ), folder
        self.notebook: Any = None
        self._on_event = on_event
        self._finish: dict[str, str] = {}
        self.kernel_said = ""
        self._place = 0
        self._began_s = 0.0
        self._titles: dict[int, str] = {}
        self._lines: dict[str, str] = {}

    def begin(self, notebook: Any) -> None:
        """Write the record for the first time."""
        self.notebook = notebook
        self.writer.write_run(self.record)
        self.save(report=True)

    def save(self, *, report: bool = False) -> None:
        """Write the notebook as it is now, and the report too when asked."""
        self.writer.write_notebook(self.notebook)
        if report:
            self.writer.write_report(self.notebook, self.record)

    def hear(self, message: Mapping[str, Any]) -> None:
        """Take a message that the kernel sent to its runner."""
        self.writer.protect(message.get("protect", ()))
        self._finish.update(message.get("finish", {}))

    def start_cell(self, place: int) -> None:
        """Tell that a code cell begins; nothing for prose."""
        self._titles = titles_of(self.notebook["cells"])
        if place in self._titles:
            self.stopper.before_cell()
            self._place = place
            self._began_s = time.monotonic()
            mark_cell(self.notebook["cells"][place], status="running")
            self._tell(RunEventKind.CELL_STARTED, place)

    def end_cell(self, place: int, *, failed: bool) -> None:
        """Tell how a code cell ended, and write the record."""
        if place not in self._titles:
            return
        self.stopper.cell_ended()
        for text in self._lines.values():
            self._tell_line(text, place)
        self._lines.clear()
        took_s = time.monotonic() - self._began_s
        status = "done" if not failed else "interrupted" if self.stopper.reason else "failed"
        mark_cell(self.notebook["cells"][place], status=status, took_s=took_s)
        self.save(report=True)
        self._tell(RunEventKind.CELL_ENDED, place, took_s=took_s, failed=failed)

    def hear_stream(self, place: int, name: str, text: str) -> None:
        """Pass on what a cell prints, by whole lines: a secret may come in two pieces, but not on two lines."""
        *lines, self._lines[name] = (self._lines.get(name, "") + text).split("\n")
        for line in lines:
            self._tell_line(line, place)

    def _tell_line(self, line: str, place: int) -> None:
        shown = line.rstrip("\r").rsplit("\r", 1)[-1]
        if shown:
            self._tell(RunEventKind.OUTPUT, place, text=self.writer.redact(shown))

    def _tell(self, kind: RunEventKind, place: int, **facts: Any) -> None:
        number = list(self._titles).index(place) + 1
        self._on_event(RunEvent(kind=kind, cell=number, cells=len(self._titles), title=self._titles[place], **facts))

    def cell_error(self, *, kind: str, message: str) -> RunError:
        """Return the error that ended the cell which was begun last."""
        cell = self.notebook["cells"][self._place] if self._titles else {}
        title = self._titles.get(self._place, "")
        return RunError(kind=kind, message=message, cell=cell.get("execution_count") or 0, title=title)

    def end(self, error: RunError | None) -> RunRecord:
        """Judge the run, write the record for the last time, and return what it says."""
        ended, outcome, code = self._judge(error)
        self.record = dataclasses.replace(
            self.record,
            ended=utc_now(),
            outcome=outcome,
            exit=code,
            summary="" if ended else self._finish.get("summary", ""),
            error=ended,
        )
        self.save(report=True)
        self.writer.write_run(self.record)
        return self.record

    def _judge(self, error: RunError | None) -> tuple[RunError | None, Outcome, int]:
        reason = self.stopper.reason
        if reason:
            outcome = Outcome.FAILED if reason == TIME_LIMIT else Outcome.INTERRUPTED
            kind = "TimeLimit" if reason == TIME_LIMIT else "Interrupted"
            message = "the run reached its time limit" if reason == TIME_LIMIT else "the run was stopped by a signal"
            if error is not None and error.kind != "KeyboardInterrupt":
                message = f"{message}, and its cell ended with {error.kind}: {error.message}"
            return self.cell_error(kind=kind, message=message), outcome, outcome.exit
        if error is not None:
            return error, outcome_of_error(error.kind), exit_of_error(error.kind)
        outcome = Outcome(self._finish.get("outcome", Outcome.DONE))
        return None, outcome, outcome.exit
