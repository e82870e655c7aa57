"""One run under way, as the process that runs it sees it: what is written, and what is told."""

from __future__ import annotations

import dataclasses
import re
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fleetkit.core import format_duration, utc_now
from fleetkit.runs._stopping import CELL_TIME_LIMIT, INTERRUPTED, TIME_LIMIT, Stopper
from fleetkit.runs._writing import RecordWriter
from fleetkit.runs.events import OnEvent, RunEvent, RunEventKind
from fleetkit.runs.journal import EventKind
from fleetkit.runs.outcome import Outcome, exit_of_error, outcome_of_error
from fleetkit.runs.record import RunError, RunRecord
from fleetkit.runs.resuming import Resumption

__all__ = ["RunSession", "mark_cell", "titles_of"]

_KEY_BEGINS = re.compile(r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----(?!.*-----END )")
_KEY_LINE = re.compile(r"\s*[A-Za-z0-9+/=]*\s*|.*-----END [A-Z0-9 ]*PRIVATE KEY-----.*")

_STOPS = {
    CELL_TIME_LIMIT: ("CellTimeLimit", Outcome.FAILED, "the cell reached its time limit"),
    INTERRUPTED: ("Interrupted", Outcome.INTERRUPTED, "the run was stopped by a signal"),
    TIME_LIMIT: ("TimeLimit", Outcome.FAILED, "the run reached its time limit"),
}


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
    threads_s
        Seconds that the run's end waits for threads which still update a widget.
    resumption
        What the run takes over from an earlier one; None for a run of its own.
    """

    def __init__(
        self,
        *,
        record: RunRecord,
        writer: RecordWriter,
        stopper: Stopper,
        environ: Mapping[str, str],
        folder: Path,
        threads_s: float,
        on_event: OnEvent,
        resumption: Resumption | None = None,
    ) -> None:
        self.record, self.writer, self.stopper = record, writer, stopper
        self.environ, self.folder, self.threads_s = dict(environ), folder, threads_s
        self.notebook: Any = None
        self._on_event, self._resumption = on_event, resumption
        self._finish: dict[str, str] = {}
        self._transient = False
        self._place = 0
        self._began_s = 0.0
        self._titles: dict[int, str] = {}
        self._lines: dict[str, str] = {}
        self._keys: set[str] = set()

    def begin(self, notebook: Any, *, sha256: str) -> None:
        """Write what there is to say of the run before it begins; `save` writes the rest.

        Parameters
        ----------
        sha256
            SHA-256 of the notebook's file.
        """
        self.notebook = notebook
        self.writer.write_run(self.record)
        self.writer.record(EventKind.RUN_STARTED, self.record.to_start(notebook_sha256=sha256))

    def save(self) -> None:
        """Write the notebook and the report as they are now."""
        self.writer.write_notebook(self.notebook)
        self.writer.write_report(self.notebook, self.record)

    def hear(self, message: Mapping[str, Any]) -> None:
        """Take a message that the kernel sent to its runner."""
        self.writer.protect(message.get("protect", ()))
        self._finish.update(message.get("finish", {}))
        self._transient = message.get("transient", self._transient)

    def know_cells(self) -> None:
        """Read the titles of the cells that are executed, once for all of them."""
        self._titles = titles_of(self.notebook["cells"])

    def spares_cell(self, place: int) -> bool:
        """Tell whether a cell is left out, and tell of it: what it did in an earlier run was proven to hold."""
        cells = self.notebook["cells"]
        earlier = self._resumption
        if earlier is None or not earlier.spares(place, cells=cells, titles=self._titles):
            return False
        mark_cell(cells[place], status="proven")
        step = self._step(place)
        what = f"{step['step']}, as {earlier.run} left it"
        self.writer.record(EventKind.VERIFIED, {"what": what, "ok": True, **step, "run": earlier.run})
        self._tell(RunEventKind.CELL_SPARED, place)
        return True

    def start_cell(self, place: int) -> None:
        """Tell that a code cell begins; nothing for prose."""
        if place in self._titles:
            self.stopper.before_cell()
            self._place = place
            self._began_s = time.monotonic()
            mark_cell(self.notebook["cells"][place], status="running")
            self.writer.record(EventKind.STEP_STARTED, self._step(place))
            self._tell(RunEventKind.CELL_STARTED, place)

    def end_cell(self, place: int, *, failed: bool) -> None:
        """Tell how a code cell ended."""
        if place not in self._titles:
            return
        self.stopper.cell_ended()
        for name, text in self._lines.items():
            self._tell_line(text, place, name)
        self._lines.clear()
        self._keys.clear()
        took_s = time.monotonic() - self._began_s
        status = "done" if not failed else "interrupted" if self.stopper.reason else "failed"
        mark_cell(self.notebook["cells"][place], status=status, took_s=took_s)
        facts = {**self._step(place), "status": status, "took_s": round(took_s, 3)}
        self.writer.record(EventKind.STEP_ENDED, facts)
        self._tell(RunEventKind.CELL_ENDED, place, took_s=took_s, failed=failed)

    def hear_stream(self, place: int, name: str, text: str) -> None:
        """Pass on what a cell prints, by whole lines: a secret may come in two pieces, but not on two lines."""
        *lines, self._lines[name] = (self._lines.get(name, "") + text).split("\n")
        for line in lines:
            self._tell_line(line, place, name)

    def tell_waiting(self, text: str) -> None:
        """Tell what the run's end waits for."""
        self._on_event(RunEvent(kind=RunEventKind.WAITING, text=text))

    def _tell_line(self, line: str, place: int, stream: str) -> None:
        shown = line.rstrip("\r").rsplit("\r", 1)[-1]
        if shown and not self._is_in_key(shown, stream):
            self._tell(RunEventKind.OUTPUT, place, text=self.writer.redact(shown), stream=stream)

    def _is_in_key(self, line: str, stream: str) -> bool:
        """Tell whether a line belongs to a private key that was begun on one before; alone it looks like nothing."""
        inside = stream in self._keys and bool(_KEY_LINE.fullmatch(line))
        if _KEY_BEGINS.search(line):
            self._keys.add(stream)
        elif not inside:
            self._keys.discard(stream)
        return inside

    def _step(self, place: int) -> dict[str, Any]:
        return {"step": self._titles[place], "cell": list(self._titles).index(place) + 1}

    def _tell(self, kind: RunEventKind, place: int, **facts: Any) -> None:
        step = self._step(place)
        self._on_event(RunEvent(kind=kind, cell=step["cell"], cells=len(self._titles), title=step["step"], **facts))

    def cell_error(self, *, kind: str, message: str) -> RunError:
        """Return the error that ended the cell which was begun last."""
        cell = self.notebook["cells"][self._place] if self._titles else {}
        title = self._titles.get(self._place, "")
        count, passes = cell.get("execution_count") or 0, self._transient and not self.stopper.reason
        return RunError(kind=kind, message=message, cell=count, title=title, transient=passes)

    def cell_under_way(self, notebook: Any) -> Any:
        """Return the code cell of ``notebook`` that was begun last; the first one where none was."""
        code_cells = (cell for cell in notebook["cells"] if cell["cell_type"] == "code")
        return notebook["cells"][self._place] if self._titles else next(code_cells)

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
        if ended is not None:
            self.writer.record(EventKind.FAILED, ended.to_json())
        self.record = self.writer.write_closed(self.notebook, self.record)
        if self.writer.unsigned:
            text = f"the end of the record is not signed: {self.writer.unsigned}"
            self._on_event(RunEvent(kind=RunEventKind.UNSIGNED, text=text))
        return self.record

    def _judge(self, error: RunError | None) -> tuple[RunError | None, Outcome, int]:
        if self.stopper.reason:
            kind, outcome, message = _STOPS[self.stopper.reason]
            if error is not None and error.kind != "KeyboardInterrupt":
                message = f"{message}, and its cell ended with {error.kind}: {error.message}"
            return self.cell_error(kind=kind, message=message), outcome, outcome.exit
        if error is not None:
            return error, outcome_of_error(error.kind), exit_of_error(error.kind)
        outcome = Outcome(self._finish.get("outcome", Outcome.DONE))
        return None, outcome, outcome.exit
