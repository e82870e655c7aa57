"""The kernel of a run: begun early, spoken with patiently, and asked to end."""

from __future__ import annotations

import asyncio
import contextlib
import queue
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from jupyter_client.asynchronous.client import AsyncKernelClient
from jupyter_client.channels import AsyncZMQSocketChannel
from jupyter_client.manager import AsyncKernelManager
from jupyter_core.utils import run_sync
from traitlets import Type

__all__ = ["RunKernel", "make_kernel_manager", "start_kernel", "stop_kernel"]

_LOOK_AGAIN_S = 0.25
_END_WITHIN_S = 5.0
_LAST_LINES = 20


class _PatientChannel(AsyncZMQSocketChannel):
    """Waits for an answer in short turns, each of which begins with a look.

    A message that is sent while another task waits can swallow the one sign that the answer is there
    (jupyter_client sends past the event loop's own bookkeeping), and a wait without end would not end.
    nbclient sends so while a cell runs, for output widgets.
    """

    async def get_msg(self, timeout: float | None = None) -> dict[str, Any]:  # type: ignore[override] # as its parent
        while timeout is None:
            with contextlib.suppress(queue.Empty):
                return await super().get_msg(_LOOK_AGAIN_S)
        return await super().get_msg(timeout)


class _Client(AsyncKernelClient):
    shell_channel_class = Type(_PatientChannel)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunKernel:
    """A kernel that was started, and need not answer yet."""

    manager: AsyncKernelManager
    log: IO[str]

    @property
    def pid(self) -> int | None:
        """Its process, where it is one."""
        return getattr(self.manager.provisioner, "pid", None)

    def said_last(self) -> str:
        """Return the last lines that the kernel itself wrote, unredacted."""
        self.log.seek(0)
        return "".join(self.log.readlines()[-_LAST_LINES:]).strip()


def make_kernel_manager(name: str, *, folder: Path) -> AsyncKernelManager:
    """Return the manager of a kernel whose channels are socket files in ``folder``.

    The folder is private, so nobody else on the computer can listen to what the kernel says.
    """
    return AsyncKernelManager(kernel_name=name, transport="ipc", ip=str(folder / "k"), client_factory=_Client)


@contextlib.contextmanager
def start_kernel(name: str, *, environ: Mapping[str, str], folder: Path) -> Iterator[RunKernel]:
    """Start a kernel in ``folder``, and see to it that none is left.

    It gets ready by itself, so whoever starts it has time for other things.
    """
    with (
        tempfile.TemporaryDirectory(prefix="run-", ignore_cleanup_errors=True) as files,
        (Path(files) / "kernel.log").open("w+", encoding="utf-8", errors="replace") as log,
    ):
        manager = make_kernel_manager(name, folder=Path(files))
        # What programs print is echoed by the kernel to its own streams, unredacted: it ends here.
        run_sync(manager.start_kernel)(
            extra_arguments=["--HistoryManager.hist_file=:memory:"],
            env=dict(environ),
            cwd=str(folder),
            stdout=subprocess.DEVNULL,
            stderr=log,
        )
        kernel = RunKernel(manager=manager, log=log)
        try:
            yield kernel
        finally:
            if manager.has_kernel:
                run_sync(manager.shutdown_kernel)(now=True)


async def stop_kernel(manager: AsyncKernelManager, client: AsyncKernelClient) -> None:
    """Ask the kernel to end, and wait until it has.

    It is asked over the channel that is open. jupyter_client opens one for the purpose and closes it at once:
    now and then the request is lost with it, and the kernel is given seconds for an end that it does not know of.
    """
    client.shutdown()
    provisioner = manager.provisioner
    with contextlib.suppress(TimeoutError):  # who does not end when asked is killed by whoever cleans up
        async with asyncio.timeout(_END_WITHIN_S):
            while provisioner is not None and await provisioner.poll() is None:
                await asyncio.sleep(0.01)
