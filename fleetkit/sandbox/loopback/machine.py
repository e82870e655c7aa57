"""One machine of the loopback mode as the sandbox holds it: a folder, and a process that is its init."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from fleetkit.core import PreconditionError
from fleetkit.sandbox.hall.base import BaseMachine
from fleetkit.sandbox.hall.model import MachineSpec
from fleetkit.sandbox.hall.process import Process

__all__ = ["LoopbackMachine"]

_END_S = 3.0


class LoopbackMachine(BaseMachine):
    """A machine; made by `LoopbackHall.add_machine`.

    Attributes
    ----------
    spec
        What was asked for.
    folder
        Its folder: ``root``, which stands for its ``/``, the log and the events.
    log_path
        What its init and its programs say.
    """

    def __init__(self, spec: MachineSpec, *, folder: Path) -> None:
        super().__init__(spec, folder=folder)
        self._init: subprocess.Popen[bytes] | None = None

    def _has_ended(self) -> bool | None:
        return None if self._init is None else self._init.poll() is not None

    def exec(self, argv: Sequence[str], **_: object) -> Process:
        """Refuse: without a root and a network of its own, the program would run on this computer itself.

        Raises
        ------
        PreconditionError
            Always; says what can be done instead.
        """
        raise PreconditionError(
            f"a program cannot be run inside {self.spec.machine_id}: this sandbox is in loopback mode",
            seen=f"{argv[0]} would run on this computer, with its files and its network",
            hint=f"reach members through the bastion (fleetkit tunnel open); look into {self.folder}",
        )

    def adopt_init(self, init: subprocess.Popen[bytes]) -> None:
        """Take its init, which was started."""
        self._init = init

    def end_init(self) -> None:
        """End its init with all that it started, and return when they are gone."""
        if self._init is None:
            return
        self._init.terminate()
        try:
            self._init.wait(timeout=_END_S)
        except subprocess.TimeoutExpired:
            # What it started dies with it: the kernel was asked to see to that.
            with suppress(ProcessLookupError):
                self._init.kill()
            self._init.wait()
        self._init = None
