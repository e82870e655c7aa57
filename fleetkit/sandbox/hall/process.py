"""A program that was started inside, as the controller holds it."""

from __future__ import annotations

import fcntl
import os
import select
import signal
import struct
import termios
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import IO

from fleetkit.core import WaitTimeoutError, format_duration

__all__ = ["Completed", "Process"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Completed:
    """How a program ended, and what it wrote.

    Attributes
    ----------
    returncode
        Its exit code; negative is the signal that ended it.
    """

    returncode: int
    stdout: bytes
    stderr: bytes


class Process:
    """A running program.

    Attributes
    ----------
    stdin, stdout, stderr
        The controller's ends of its pipes; None where a descriptor was given or a terminal is used.
    terminal
        The controller's side of its terminal, when it was started with one.
    """

    def __init__(
        self,
        pidfd: int,
        *,
        stdin: IO[bytes] | None,
        stdout: IO[bytes] | None,
        stderr: IO[bytes] | None,
        terminal: int | None,
        collect: Callable[[], int | None],
    ) -> None:
        self.stdin, self.stdout, self.stderr, self.terminal = stdin, stdout, stderr, terminal
        self._pidfd = pidfd
        self._collect = collect
        self._code: int | None = None

    @property
    def host_pid(self) -> int:
        """The pid as the host sees it; -1 when the process is gone."""
        with open(f"/proc/self/fdinfo/{self._pidfd}", encoding="ascii") as lines:  # noqa: PTH123 - no file of ours
            return next(int(line.split()[1]) for line in lines if line.startswith("Pid:"))

    def fileno(self) -> int:
        """Return a descriptor that becomes readable when the program has ended, for select and poll."""
        return self._pidfd

    def poll(self) -> int | None:
        """Return the exit code, or None while the program runs."""
        if self._code is None and select.select([self._pidfd], [], [], 0)[0]:
            # The kernel tells of the end a moment before the agent, its parent, is told.
            while self._code is None:
                self._code = self._collect()
        return self._code

    def wait(self, *, timeout_s: float | None = None) -> int:
        """Wait for the program's end and return its exit code; negative is the signal that ended it.

        Raises
        ------
        WaitTimeoutError
            When it still runs after ``timeout_s`` seconds.
        """
        if self._code is None and not select.select([self._pidfd], [], [], timeout_s)[0]:
            raise WaitTimeoutError(
                f"waited {format_duration(timeout_s or 0)} for a program to end", seen="it is still running"
            )
        code = self.poll()
        if code is None:
            raise WaitTimeoutError("a program ended without a trace", seen="no exit code")
        return code

    def send_signal(self, number: int) -> None:
        """Send a signal; a program that has ended is no error."""
        if self.poll() is None:
            signal.pidfd_send_signal(self._pidfd, number)

    def resize(self, *, rows: int, columns: int) -> None:
        """Tell the program the size of its terminal."""
        if self.terminal is not None:
            fcntl.ioctl(self.terminal, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def communicate(self, *, data: bytes = b"", timeout_s: float | None = None) -> Completed:
        """Write ``data`` to the program, read all that it writes, and wait for its end.

        Raises
        ------
        WaitTimeoutError
            When it has not ended after ``timeout_s`` seconds; it is killed then.
        """
        end = None if timeout_s is None else time.monotonic() + timeout_s
        gathered = {pipe: bytearray() for pipe in (self.stdout, self.stderr) if pipe is not None}
        reading = list(gathered)
        writing = [self.stdin] if self.stdin is not None else []
        left = memoryview(data)
        while reading or writing:
            wait_s = None if end is None else max(0.0, end - time.monotonic())
            ready, free, _ = select.select(reading, writing, [], wait_s)
            if not ready and not free:
                self.send_signal(signal.SIGKILL)
                raise WaitTimeoutError(
                    f"waited {format_duration(timeout_s or 0)} for a program to end", seen="killed while it still ran"
                )
            for pipe in ready:
                part = os.read(pipe.fileno(), 65536)
                gathered[pipe] += part
                if not part:
                    reading.remove(pipe)
            for pipe in free:
                left = _feed(pipe, left)
                if not left:
                    pipe.close()
                    writing = []
        code = self.wait(timeout_s=None if end is None else max(0.0, end - time.monotonic()))
        out, err = (bytes(gathered[pipe]) if pipe is not None else b"" for pipe in (self.stdout, self.stderr))
        return Completed(returncode=code, stdout=out, stderr=err)

    def close(self) -> None:
        """Let go of the pipes and the terminal; a program that still runs goes on."""
        for pipe in (self.stdin, self.stdout, self.stderr):
            if pipe is not None:
                pipe.close()
        if self.terminal is not None:
            os.close(self.terminal)
            self.terminal = None
        if self._pidfd >= 0:
            os.close(self._pidfd)
            self._pidfd = -1

    def __enter__(self) -> Process:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _feed(pipe: IO[bytes], left: memoryview) -> memoryview:
    try:
        return left[os.write(pipe.fileno(), left[:4096]) :]
    except BrokenPipeError:
        # It ended without reading all of it, which is the program's right.
        return left[len(left) :]
