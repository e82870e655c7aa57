"""The kernel of a run, and the way to speak with it."""

from __future__ import annotations

import contextlib
import queue
from pathlib import Path
from typing import Any

from jupyter_client.asynchronous.client import AsyncKernelClient
from jupyter_client.channels import AsyncZMQSocketChannel
from jupyter_client.manager import AsyncKernelManager
from traitlets import Type

__all__ = ["make_kernel_manager"]

_LOOK_AGAIN_S = 0.25


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


def make_kernel_manager(name: str, *, folder: Path, config: Any) -> AsyncKernelManager:
    """Return the manager of a kernel whose channels are socket files in ``folder``.

    The folder is private, so nobody else on the computer can listen to what the kernel says.
    """
    return AsyncKernelManager(
        kernel_name=name, config=config, transport="ipc", ip=str(folder / "k"), client_factory=_Client
    )
