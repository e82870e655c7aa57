"""One machine as the controller holds it: its state, its log, and programs run in it."""

from __future__ import annotations

import os
import pty
import select
import signal
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import IO, Any

from fleetkit.core import PreconditionError
from fleetkit.sandbox.hall._link_to_agent import AgentLink
from fleetkit.sandbox.hall.base import BaseMachine
from fleetkit.sandbox.hall.model import MachineSpec
from fleetkit.sandbox.hall.process import Completed, Process

__all__ = ["MACHINE_ENVIRONMENT", "REBOOT_SIGNAL", "Machine", "Stream"]

MACHINE_ENVIRONMENT = {
    "HOME": "/root",
    "LANG": "C.UTF-8",
    "LOGNAME": "root",
    "PATH": "/sandbox/bin:/opt/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "USER": "root",
}
"""What a program sees in a machine that booted; the stand-ins come before the host's programs."""

REBOOT_SIGNAL = signal.SIGRTMIN + 5
"""Asks init for a reboot, as it asks systemd; the kernel lets it pass unheard while init cannot hear it."""

Stream = int | IO[Any] | None


class Machine(BaseMachine):
    """A machine of a hall; made by `Hall.add_machine`.

    Attributes
    ----------
    spec
        What was asked for.
    folder
        Its folder on the host: ``root``, ``names``, the log and the events.
    log_path
        What its init says, from the fetch of the user data to the last unit; the journal of each unit
        is in ``root/var/log/journal``.
    """

    def __init__(self, spec: MachineSpec, *, folder: Path, link: AgentLink) -> None:
        super().__init__(spec, folder=folder)
        self._link = link
        self._init: int | None = None

    def _has_ended(self) -> bool | None:
        return None if self._init is None else bool(select.select([self._init], [], [], 0)[0])

    def exec(
        self,
        argv: Sequence[str],
        *,
        env: Mapping[str, str] | None = None,
        cwd: str = "/",
        stdin: Stream = subprocess.PIPE,
        stdout: Stream = subprocess.PIPE,
        stderr: Stream = subprocess.PIPE,
        tty: bool = False,
    ) -> Process:
        """Start a program in the machine.

        Parameters
        ----------
        env
            Its whole environment. None is `MACHINE_ENVIRONMENT` in a machine that booted,
            and the caller's own in a plain one, whose programs see the host's root.
        stdin, stdout, stderr
            ``subprocess.PIPE``, ``subprocess.DEVNULL``, None for the caller's own, or a file or its descriptor.
        tty
            Give it a terminal of its own instead; `Process.terminal` is the other side of it.

        Raises
        ------
        PreconditionError
            When the machine is stopped.
        HallError
            When the program cannot be started; says why.
        """
        plain = self.spec.kind == "plain"
        if not plain and self._init is None:
            raise PreconditionError(f"machine {self.spec.machine_id} is stopped", hint="start it first")
        if env is None:
            env = os.environ if plain else MACHINE_ENVIRONMENT
        with ExitStack() as given:
            ours, theirs = _open_streams(given, tty=tty, streams=(stdin, stdout, stderr))
            try:
                answer, fds = self._link.ask(
                    "exec",
                    fds=theirs,
                    machine=self.spec.machine_id,
                    argv=list(argv),
                    env=dict(env),
                    cwd=cwd,
                    tty=tty,
                    names=str(self.folder / "names"),
                )
            except BaseException:
                for fd in ours:
                    if fd is not None:
                        os.close(fd)
                raise
        pid = answer["pid"]
        pipes: list[IO[bytes] | None] = [None, None, None]
        if not tty:
            for number, fd in enumerate(ours):
                pipes[number] = None if fd is None else open(fd, "wb" if number == 0 else "rb", buffering=0)  # noqa: PTH123, SIM115 - a descriptor; Process closes it
        return Process(
            fds[0],
            stdin=pipes[0],
            stdout=pipes[1],
            stderr=pipes[2],
            terminal=ours[0] if tty else None,
            collect=lambda: self._link.ask("wait", pid=pid)[0]["code"],
        )

    def spawn(self, argv: Sequence[str], *, env: Mapping[str, str] | None = None, cwd: str = "/") -> Process:
        """Start a program that goes on by itself; what it writes is appended to the machine's log."""
        with self.log_path.open("ab") as log:
            return self.exec(argv, env=env, cwd=cwd, stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def run(
        self,
        argv: Sequence[str],
        *,
        env: Mapping[str, str] | None = None,
        data: bytes = b"",
        timeout_s: float = 60.0,
    ) -> Completed:
        """Run a program to its end and return what came of it.

        Raises
        ------
        WaitTimeoutError
            When it has not ended after ``timeout_s`` seconds; it is killed then.
        """
        with self.exec(argv, env=env) as process:
            return process.communicate(data=data, timeout_s=timeout_s)

    def ask_to_reboot(self) -> bool:
        """Have init begin anew; False where there is none that could."""
        if self._init is None or self._has_ended():
            return False
        signal.pidfd_send_signal(self._init, REBOOT_SIGNAL)
        return True

    def adopt_init(self, pidfd: int | None) -> None:
        """Take the descriptor of the machine's new init, or None when it has none any more."""
        if self._init is not None:
            os.close(self._init)
        self._init = pidfd


def _open_streams(given: ExitStack, *, tty: bool, streams: Sequence[Stream]) -> tuple[list[int | None], list[int]]:
    """Return the controller's ends and the program's; the latter are closed with ``given``."""
    if tty:
        ours, theirs = pty.openpty()
        given.callback(os.close, theirs)
        return [ours], [theirs] * 3
    mine: list[int | None] = []
    its: list[int] = []
    for number, stream in enumerate(streams):
        end = None
        if stream == subprocess.PIPE:
            reading, writing = os.pipe()
            inner, end = (reading, writing) if number == 0 else (writing, reading)
            given.callback(os.close, inner)
        elif stream == subprocess.DEVNULL:
            inner = os.open(os.devnull, os.O_RDWR)
            given.callback(os.close, inner)
        elif stream is None:
            inner = number
        else:
            inner = stream if isinstance(stream, int) else stream.fileno()
        mine.append(end)
        its.append(inner)
    return mine, its
