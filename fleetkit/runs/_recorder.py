"""The record of a run that no process of ours drives: the kernel listens to itself and writes it.

A thread of the kernel subscribes to the kernel's own output channel, as any front end does,
so the record holds what a front end was shown, whichever one that is.
"""

from __future__ import annotations

import atexit
import contextlib
import dataclasses
import os
import queue
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from fleetkit.core import FleetkitError, NotYet, Patience, utc_now, wait_until
from fleetkit.runs._document import ExecutedNotebook
from fleetkit.runs._session import mark_cell
from fleetkit.runs._steps import StepTeller, status_of
from fleetkit.runs._writing import RecordWriter
from fleetkit.runs.following import Follow, Follower, no_follower
from fleetkit.runs.journal import EventKind
from fleetkit.runs.notebook_files import NotebookFile, find_notebook
from fleetkit.runs.outcome import Outcome, exit_of_error, outcome_of_error
from fleetkit.runs.record import RunError, RunRecord, Way

__all__ = ["KernelRecorder"]

_SAVE_EVERY_S = 2.0
_LISTEN_S = 0.2
_ANSWER_WITHIN_S = 5.0
_LAST_WORDS_S = 1.0


class _DeafClient:
    """Stands where nbclient would answer the kernel: the real front end does that, and one answer is enough."""

    class _Channel:
        def send(self, *_message: Any, **_parts: Any) -> None:
            """Drop it."""

    class _Session:
        def msg(self, *_message: Any, **_parts: Any) -> None:
            """Make nothing."""

    def __init__(self) -> None:
        self.shell_channel, self.session = self._Channel(), self._Session()


class KernelRecorder:
    """Follows the kernel that it lives in, and writes the record."""

    _current: KernelRecorder | None = None
    _told = 0
    """Number of the last cell that an earlier recorder of this kernel has told of."""

    def __init__(self, shell: Any, record: RunRecord, writer: RecordWriter, source: NotebookFile | None) -> None:
        from nbclient import NotebookClient
        from nbformat.v4 import new_notebook

        self._shell, self._record, self._writer = shell, record, writer
        self._document = ExecutedNotebook(None if source is None else source.read())
        self._source_sha256 = "" if source is None else source.sha256()
        # nbclient's own reading of messages, over a list of cells that only grows, so that places stay as they are.
        self._reader = NotebookClient(new_notebook(), record_timing=False)  # type: ignore[no-untyped-call]
        self._reader.kc = cast(Any, _DeafClient())
        self._reader.clear_before_next_output = False
        self._places: dict[str, int] = {}
        self._cell_ids: dict[str, str] = {}
        self._began_s: dict[int, float] = {}
        self._beside = contextlib.ExitStack()
        self._follower: Follower | None = None
        self._finished = False
        self._dirty = False
        self._lock = threading.Lock()
        self._steps = StepTeller(shell, writer, title_for=self._title_for)
        self._stop = threading.Event()
        self._heard = threading.Event()
        self._thread = threading.Thread(target=self._listen, name="run-recorder", daemon=True)

    @classmethod
    def start(
        cls, shell: Any, record: RunRecord, writer: RecordWriter, *, notebook: str, follow: Follow = no_follower
    ) -> KernelRecorder:
        """Begin to record; a run of the same kernel that was under way ends."""
        if cls._current is not None:
            cls._current.close()
        recorder = cls(shell, record, writer, _find_source(notebook, record.way))
        writer.write_run(record)
        writer.record(EventKind.RUN_STARTED, record.to_start(notebook_sha256=recorder._source_sha256))
        recorder._take_history()
        shell.events.register("pre_run_cell", recorder._note_cell_id)
        atexit.register(recorder.close)
        recorder._write(report=True)
        recorder._follower = recorder._beside.enter_context(follow(writer.folder))
        recorder._thread.start()
        recorder._wait_until_heard()
        cls._current = recorder
        return recorder

    def protect(self, values: list[str]) -> None:
        """Keep ``values`` out of what is written."""
        self._writer.protect(values)

    def record(self, kind: EventKind, data: Mapping[str, Any]) -> None:
        """Write an event into the journal."""
        self._writer.record(kind, data)

    def finish(self, outcome: Outcome, summary: str) -> str:
        """Note how the run ended, and return what to know of a record that cannot be sent, or be signed.

        The record is closed when the cell that says so has ended, soon where none does. What is sent then
        nobody may be there to hear of, so it is tried before.
        """
        unsent = "" if self._follower is None else self._follower.send()
        unsigned = self._writer.unsigned and f"the record could not be signed lately: {self._writer.unsigned}"
        with self._lock:
            self._record = dataclasses.replace(
                self._record, outcome=outcome, exit=outcome.exit, summary=summary, ended=utc_now(), error=None
            )
            self._finished = True
            if not self._began_s:
                # A widget's thread says so, after its cell: what it shows of that is still on its way.
                threading.Timer(_LAST_WORDS_S, self._stop.set).start()
        return "\n".join(filter(None, (unsent, unsigned)))

    def close(self) -> None:
        """Hear what is still under way, and write the record for the last time."""
        sys.stdout.flush()
        sys.stderr.flush()
        self._stop.set()
        # Also where the thread ends by itself: a kernel that exits now would cut its last write in two.
        self._thread.join(_ANSWER_WITHIN_S)

    def _wait_until_heard(self) -> None:
        """Repeat to the front ends that the kernel is busy until the recorder hears it too.

        A subscription takes effect when it pleases, and what was said before is lost.
        """
        kernel = self._shell.kernel

        def look() -> bool | NotYet[bool]:
            kernel.session.send(
                kernel.iopub_socket, "status", {"execution_state": "busy"}, parent=kernel.get_parent("shell")
            )
            return self._heard.is_set() or NotYet("nothing heard")

        wait_until(look, what="the kernel to hear itself", patience=Patience(deadline_s=10.0, interval_s=0.02))

    def _take_history(self) -> None:
        """Fill in the cells that were executed before the recorder began: the parameters, and the set-up cell."""
        request = self._shell.kernel.get_parent("shell")
        cell_id = request.get("metadata", {}).get("cellId")
        sources = list(self._shell.user_ns.get("In", ()))
        for count, code in enumerate(sources[:-1]):
            if code.strip() and count > KernelRecorder._told:
                mark_cell(self._document.execute(code, count=count), status="done")
        message = request["header"]["msg_id"]
        self._steps.begin(sources[-1], len(sources) - 1, cell_id)
        self._begin_cell(message, sources[-1], len(sources) - 1, cell_id)

    def _note_cell_id(self, info: Any) -> None:
        if cell_id := getattr(info, "cell_id", None):
            self._cell_ids[self._shell.kernel.get_parent("shell")["header"]["msg_id"]] = cell_id

    def _title_for(self, code: str, cell_id: str | None) -> str:
        with self._lock:
            return self._document.title_for(code, cell_id)

    def _listen(self) -> None:
        from ipykernel.connect import get_connection_file
        from jupyter_client.blocking.client import BlockingKernelClient

        client = BlockingKernelClient(connection_file=get_connection_file())
        client.load_connection_file()
        client.start_channels(shell=False, iopub=True, stdin=False, hb=False, control=False)
        try:
            self._follow(client)
        except BaseException as error:
            self._end_with(Outcome.FAILED, RunError(kind=type(error).__name__, message=f"the recorder failed: {error}"))
            raise
        finally:
            client.stop_channels()
            self._close_record()

    def _follow(self, client: Any) -> None:
        saved_s = time.monotonic()
        while True:
            try:
                message = client.get_iopub_msg(timeout=_LISTEN_S)
            except queue.Empty:
                if self._stop.is_set():
                    return
            else:
                self._heard.set()
                with self._lock:
                    self._hear(message)
            if self._dirty and time.monotonic() - saved_s > _SAVE_EVERY_S:
                self._write(report=False)
                saved_s = time.monotonic()

    def _hear(self, message: dict[str, Any]) -> None:
        from nbclient.exceptions import CellExecutionComplete
        from nbformat.v4 import new_code_cell

        kind, parent = message["msg_type"], message["parent_header"].get("msg_id", "")
        if kind == "shutdown_reply":
            # Python's own exit first waits for threads that still ask somebody, longer than a kernel is given.
            self._stop.set()
        if kind == "execute_input":
            content = message["content"]
            self._begin_cell(parent, content["code"], content["execution_count"], self._cell_ids.pop(parent, None))
        place = self._places.get(parent)
        if place is not None:
            cell = self._reader.nb.cells[place]
        elif kind.startswith("comm") or self._reader.output_hook_stack.get(parent):
            cell, place = new_code_cell(), len(self._reader.nb.cells)  # type: ignore[no-untyped-call]
        else:
            return
        self._dirty = True
        try:
            self._reader.process_message(message, cell, place)
        except CellExecutionComplete:
            self._end_cell(place, cell)

    def _begin_cell(self, message: str, code: str, count: int, cell_id: str | None) -> None:
        cell = self._document.execute(code, count=count, cell_id=cell_id)
        KernelRecorder._told = count
        cells = self._reader.nb.cells
        place = next((index for index, other in enumerate(cells) if other is cell), len(cells))
        if place == len(cells):
            cells.append(cell)
        self._places[message], self._began_s[place] = place, time.monotonic()
        mark_cell(cell, status="running")
        if not self._finished:
            self._record = dataclasses.replace(self._record, outcome=Outcome.RUNNING, exit=None, ended=None, error=None)

    def _end_cell(self, place: int, cell: Any) -> None:
        error = next((output for output in cell.outputs if output.output_type == "error"), None)
        took_s = time.monotonic() - self._began_s.pop(place, time.monotonic())
        if error is None:
            mark_cell(cell, status="done", took_s=took_s)
        else:
            outcome = outcome_of_error(error.ename)
            mark_cell(cell, status=status_of(outcome), took_s=took_s)
            count, title = cell.execution_count or 0, self._document.title_of(cell)
            self._end_with(outcome, RunError(kind=error.ename, message=error.evalue, cell=count, title=title))
        self._write(report=True)
        if self._finished:
            self._stop.set()

    def _write(self, *, report: bool) -> None:
        self._dirty = False
        notebook = self._gather_widgets()
        self._writer.write_notebook(notebook)
        if report:
            self._writer.write_report(notebook, self._record)

    def _gather_widgets(self) -> Any:
        """Return the notebook with what its widgets show now."""
        notebook = self._document.notebook
        self._reader.set_widgets_metadata()
        if "widgets" in self._reader.nb.metadata:
            notebook.metadata["widgets"] = self._reader.nb.metadata.widgets
        return notebook

    def _end_with(self, outcome: Outcome, error: RunError) -> None:
        self._dirty = True
        self._record = dataclasses.replace(
            self._record, outcome=outcome, exit=exit_of_error(error.kind), ended=utc_now(), error=error
        )
        self._writer.record(EventKind.FAILED, error.to_json())

    def _close_record(self) -> None:
        self._shell.events.unregister("pre_run_cell", self._note_cell_id)
        self._steps.close()
        if self._record.outcome is Outcome.RUNNING:
            message = "the kernel ended before the notebook's last cell"
            self._end_with(Outcome.INTERRUPTED, RunError(kind="Interrupted", message=message))
        with contextlib.closing(self._writer), self._beside:
            self._record = self._writer.write_closed(self._gather_widgets(), self._record)
        # The last of all: until here the kernel has to wait for what is written.
        atexit.unregister(self.close)


def _find_source(notebook: str, way: Way) -> NotebookFile | None:
    """Return the notebook's file as it lies on disk, for its prose and its order; None where it is not found."""
    # JupyterLab names the notebook to its kernel; what a kernel starts inherits the name, so it counts by hand alone.
    live = Path(os.environ.get("JPY_SESSION_NAME", ""))
    if way is Way.BY_HAND and live.suffix == ".ipynb" and live.is_file():
        return NotebookFile(path=live)
    with contextlib.suppress(FleetkitError):  # prose is welcome in a record, and its want no reason to go without one
        return find_notebook(notebook)
    return None
