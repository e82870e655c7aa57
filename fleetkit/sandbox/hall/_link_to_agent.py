"""The controller's end of the channel to the agent: one question at a time, from any thread."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from fleetkit.sandbox.hall import _wire
from fleetkit.sandbox.hall.errors import HallError

__all__ = ["AgentLink"]

_STUB = "fleetkit.sandbox.hall._stub"
_PASSED_ON = ("LANG", "PATH", "PYTHONPATH", "TMPDIR")
"""The rest of the controller's environment may hold credentials, and machines can read their init's."""


_SAID = {
    "add": "add a machine",
    "boot": "boot a machine",
    "exec": "start a program",
    "faults": "change its faults",
    "kill": "stop a machine",
    "policy": "change its rules",
    "remove": "remove a machine",
    "signal_all": "signal a machine",
    "socket": "open a socket",
    "wait": "learn how a program ended",
}
"""The agent's operations, as errors speak of them."""


class AgentLink:
    """Starts the stub with the agent, and speaks with it until `close`.

    The lifeline is a pipe whose writing end only this process has: when it is gone, however it went,
    the hall ends. A child that is forked without an exec would inherit it and keep the hall alive.

    Raises
    ------
    OSError
        When the agent could not make what a hall is built on; the message names the call.
    """

    def __init__(self, folder: Path) -> None:
        reading, self._lifeline = os.pipe()
        self._channel, theirs = socket.socketpair()
        self._lock = threading.Lock()
        environment = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
        with (folder / "hall.log").open("ab") as log, theirs:
            try:
                self._stub = subprocess.Popen(
                    [sys.executable, "-m", _STUB, str(reading), str(theirs.fileno()), str(folder)],
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    pass_fds=(reading, theirs.fileno()),
                    env=environment,
                    cwd="/",
                )
            finally:
                os.close(reading)
        try:
            self._read_answer()
        except BaseException:
            self.close()
            raise

    @property
    def stub_pid(self) -> int:
        """Pid of the stub, the root of all the hall's processes."""
        return self._stub.pid

    def ask(self, op: str, *, fds: Sequence[int] = (), **details: Any) -> tuple[dict[str, Any], list[int]]:
        """Have the agent do one operation, and return its answer with the descriptors it gave.

        Raises
        ------
        HallError
            When the agent refused or failed, or is gone.
        """
        ended = f"the hall could not {_SAID[op]}: it has ended"
        with self._lock:
            if self._lifeline < 0:
                raise HallError(ended)
            try:
                _wire.send(self._channel, {"op": op, **details}, fds)
                return self._read_answer()
            except ConnectionError as error:
                raise HallError(ended, hint="its hall.log says more; start it again") from error
            except OSError as error:
                raise HallError(f"the hall could not {_SAID[op]}", seen=str(error)) from error

    def _read_answer(self) -> tuple[dict[str, Any], list[int]]:
        answer, fds = _wire.receive(self._channel)
        if "error" in answer:
            for fd in fds:
                os.close(fd)
            raise OSError(answer["error"])
        return answer, fds

    def close(self) -> None:
        """End the hall with every process in it, and return when they are gone."""
        if self._lifeline >= 0:
            os.close(self._lifeline)
            self._lifeline = -1
        self._stub.wait()
        self._channel.close()
