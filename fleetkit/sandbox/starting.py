"""Waiting for a daemon's start, which it tells about on a pipe."""

from __future__ import annotations

import json
import os
import select
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from fleetkit.core import ServiceError, WaitTimeoutError
from fleetkit.sandbox.control import read_error
from fleetkit.sandbox.folder import SandboxFolder

__all__ = ["Start"]


class Start:
    """Follows a daemon's start through the pipe on which it tells how it gets on."""

    def __init__(self, pipe: int, folder: SandboxFolder, *, on_progress: Callable[[str], None] | None) -> None:
        self._pipe = pipe
        self._folder = folder
        self._on_progress = on_progress
        self.pid: int | None = None

    def wait(self, *, deadline_s: float) -> None:
        """Return when it is ready, raise when it failed."""
        end = time.monotonic() + deadline_s
        buffer = b""
        try:
            while True:
                if not select.select([self._pipe], [], [], max(0.0, end - time.monotonic()))[0]:
                    raise WaitTimeoutError(
                        f"waited {deadline_s:g} s for the sandbox to start", seen=_last_line(self._folder.log)
                    )
                part = os.read(self._pipe, 4096)
                if not part:
                    raise ServiceError("the sandbox ended while it started", seen=_last_line(self._folder.log))
                *lines, buffer = (buffer + part).split(b"\n")
                for line in lines:
                    if self._hear(json.loads(line)):
                        return
        finally:
            os.close(self._pipe)

    def _hear(self, message: dict[str, Any]) -> bool:
        if "error" in message:
            raise read_error(message)
        self.pid = message.get("pid", self.pid)
        if "progress" in message and self._on_progress is not None:
            self._on_progress(message["progress"])
        return "ready" in message


def _last_line(log: Path) -> str:
    lines = log.read_text(errors="replace").strip().splitlines() if log.exists() else []
    return lines[-1] if lines else "nothing in its log"
