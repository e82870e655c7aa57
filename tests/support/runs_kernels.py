"""A kernel that a person drives, as JupyterLab does it, and with no widget on any screen: nothing answers a comm."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import KernelManager

__all__ = ["HandKernel", "start_kernel_by_hand"]

_ANSWER_S = 60


class HandKernel:
    """Executes one cell after the other.

    Attributes
    ----------
    process
        Id of the kernel's process.
    """

    def __init__(self, manager: KernelManager, client: BlockingKernelClient) -> None:
        self._manager, self._client = manager, client
        self.process: int = manager.provisioner.pid  # type: ignore[union-attr]

    def run(self, code: str) -> str:
        """Execute a cell that ends well, and return what it showed as text; its views of widgets by their type."""
        status, shown = self.try_run(code)
        assert status == "ok", shown
        return shown

    def try_run(self, code: str) -> tuple[str, str]:
        """Execute a cell, and return how it ended and what it showed."""
        shown: list[str] = []

        def hear(message: dict[str, Any]) -> None:
            content = message["content"]
            shown.extend(str(content[part]) for part in ("text", "data", "evalue") if part in content)

        # A person is there to be asked; that is what tells a run by hand from one that nobody watches.
        reply = self._client.execute_interactive(code, allow_stdin=True, output_hook=hear, timeout=_ANSWER_S)
        return str(reply["content"]["status"]), "\n".join(shown)

    def run_all(self, notebook: Path) -> list[str]:
        """Execute all cells of a notebook, and return what each of them showed."""
        cells = nbformat.read(notebook, as_version=4).cells
        return [self.run(cell.source) for cell in cells if cell.cell_type == "code"]

    def end(self) -> None:
        """Have the kernel end, as who closes a notebook does."""
        self._manager.shutdown_kernel()


@contextlib.contextmanager
def start_kernel_by_hand(folder: Path, *, notebook: Path | None = None) -> Iterator[HandKernel]:
    """Start a kernel in a folder, for a notebook where one is named; none is left."""
    environ = {**os.environ, "IPYTHONDIR": str(folder / ".ipython")}
    if notebook is not None:
        environ["JPY_SESSION_NAME"] = str(notebook)
    manager = KernelManager(kernel_name="python3")
    # How long an end may take is no promise; a busy computer needs longer than jupyter_client waits before it kills.
    manager.shutdown_wait_time = _ANSWER_S
    manager.start_kernel(cwd=str(folder), env=environ)
    client = manager.blocking_client()
    client.start_channels()
    try:
        client.wait_for_ready(timeout=_ANSWER_S)
        yield HandKernel(manager, client)
    finally:
        client.stop_channels()
        if manager.has_kernel:
            manager.shutdown_kernel(now=True)
