"""papermill's engine for recorded runs.

It differs from papermill's own in what a record needs: every save is whole and redacted, and made by a clock;
a kernel that died marks its cell as failed; a run can be stopped gently, and waits for what still moves at its end.
Importing this module imports papermill, so only what runs a notebook does.
"""

from __future__ import annotations

import asyncio
import time
from typing import Any

from nbclient.exceptions import CellExecutionError
from papermill.clientwrap import PapermillNotebookClient
from papermill.engines import NBClientEngine, NotebookExecutionManager, papermill_engines

from fleetkit.core import FleetkitError
from fleetkit.runs._handover import MESSAGE
from fleetkit.runs._kernel import RunKernel, stop_kernel
from fleetkit.runs._late_threads import await_widget_threads, list_threads
from fleetkit.runs._session import RunSession

__all__ = ["ENGINE", "RecordClient", "RecordEngine"]

ENGINE = "fleetkit-record"
"""Name under which papermill knows the engine in this process."""

_SAVE_EVERY_S = 2.0
_IOPUB_TIMEOUT_S = 60


class _Manager(NotebookExecutionManager):  # type: ignore[misc] # papermill ships no types
    """Hands papermill's call-backs to the run's session."""

    def __init__(self, nb: Any, *, session: RunSession) -> None:
        super().__init__(nb, progress_bar=False)
        self.session = session
        self.client: RecordClient | None = None
        self.saved_s = time.monotonic()

    def save(self, **_facts: Any) -> None:
        """Keep what there is to write; when it is written, the clock says, or an error."""
        self.session.notebook = self.nb

    def write(self) -> None:
        """Write the record as it is now."""
        if self.client is not None:
            self.client.set_widgets_metadata()
        self.session.save()
        self.saved_s = time.monotonic()

    def autosave_cell(self, **_facts: Any) -> None:
        """Leave it to the client, which also saves what came before a long silence."""

    def cell_start(self, cell: Any, cell_index: int | None = None, **facts: Any) -> None:
        self.session.start_cell(int(cell_index or 0))
        super().cell_start(cell, cell_index, **facts)

    def cell_complete(self, cell: Any, cell_index: int | None = None, **facts: Any) -> None:
        super().cell_complete(cell, cell_index, **facts)
        failed = cell.metadata.papermill["status"] == self.FAILED
        self.session.end_cell(int(cell_index or 0), failed=failed)
        if failed:
            self.write()


class RecordClient(PapermillNotebookClient):  # type: ignore[misc] # papermill ships no types
    """Executes the cells of a run under way."""

    def __init__(self, nb_man: _Manager, *, kernel: RunKernel, **options: Any) -> None:
        super().__init__(nb_man, **options)
        self._session = nb_man.session
        self._kernel = kernel
        self._save_later: asyncio.TimerHandle | None = None

    def create_kernel_manager(self) -> Any:
        self.km = self._kernel.manager
        return self.km

    async def _async_cleanup_kernel(self) -> None:
        if self.km is not None and self.kc is not None and await self.km.is_alive():
            await stop_kernel(self.km, self.kc)
        self.shutdown_kernel = "immediate"
        await super()._async_cleanup_kernel()

    def papermill_execute_cells(self) -> None:
        threads = list_threads(self)
        self._session.know_cells()
        for index, cell in enumerate(self.nb.cells):
            if self._session.spares_cell(index):
                continue
            self.nb_man.cell_start(cell, index)
            try:
                self.execute_cell(cell, index)
            except CellExecutionError as error:
                self.nb_man.cell_exception(self.nb.cells[index], cell_index=index, exception=error)
                return
            except BaseException as error:
                self.nb_man.cell_exception(cell, cell_index=index, exception=error)
                raise
            finally:
                self.nb_man.cell_complete(self.nb.cells[index], cell_index=index)
        await_widget_threads(self, self._session, known=threads)

    def process_message(self, msg: Any, cell: Any, cell_index: int) -> Any:
        content = msg["content"]
        if msg["msg_type"] == "execute_input":
            self._session.stopper.cell_executes()
        elif msg["msg_type"] == "stream":
            self._session.hear_stream(cell_index, content["name"], content["text"])
        elif msg["msg_type"] == "display_data" and MESSAGE in content["data"]:
            self._session.hear(content["data"][MESSAGE])
            return None
        output = super().process_message(msg, cell, cell_index)
        self._save_soon()
        return output

    def _save_soon(self) -> None:
        if self._save_later is None:
            wait_s = max(0.0, self.nb_man.saved_s + _SAVE_EVERY_S - time.monotonic())
            self._save_later = asyncio.get_running_loop().call_later(wait_s, self._save_now)

    def _save_now(self) -> None:
        self._save_later = None
        try:
            self.nb_man.write()
        except FleetkitError as error:
            # The cell goes on: what it changes is not undone by breaking it off, and the last save fails the run.
            self.nb_man.saved_s = time.monotonic()
            self._session.tell_waiting(f"{error}\n  it is tried again")


class RecordEngine(NBClientEngine):  # type: ignore[misc] # papermill ships no types
    """Runs a notebook for a `RunSession`, in a kernel that was started for it."""

    @classmethod
    def execute_notebook(cls, nb: Any, kernel_name: str, **options: Any) -> Any:
        session: RunSession = options["session"]
        manager = _Manager(nb, session=session)
        manager.notebook_start()
        client = manager.client = RecordClient(
            manager,
            kernel=options["kernel"],
            kernel_name=kernel_name,
            startup_timeout=options["start_timeout"],
            iopub_timeout=_IOPUB_TIMEOUT_S,
        )
        try:
            client.execute()
        finally:
            client.set_widgets_metadata()
            manager.notebook_complete()
        return manager.nb


papermill_engines.register(ENGINE, RecordEngine)
