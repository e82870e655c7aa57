"""Start a deploy as a person would, and end it as a power cut would: at once, with all that it started."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from fleetkit.core import NotYet, Patience, wait_until

__all__ = ["Deploy", "run_fleetkit"]


def run_fleetkit(folder: Path, environ: Mapping[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    """Run a command of fleetkit to its end."""
    return subprocess.run(
        [sys.executable, "-m", "fleetkit.cli", *words], cwd=folder, env=dict(environ), capture_output=True, text=True
    )


class Deploy:
    """A running ``fleetkit deploy NAME``, or another command that deploys, whose lines are read as they come."""

    def __init__(self, folder: Path, name: str, *, environ: Mapping[str, str], by: Sequence[str] = ("deploy",)) -> None:
        words = [sys.executable, "-m", "fleetkit.cli", *by, name, "--approve", name]
        # Standard output goes the same way: a failed deploy is told in full.
        self.process = subprocess.Popen(
            words, cwd=folder, env=dict(environ), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        self.lines: list[str] = []
        self._ended = False
        self._news = threading.Condition()
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def __enter__(self) -> Deploy:
        return self

    def __exit__(self, *_: object) -> None:
        # Where a test fails, nothing of its deploy goes on.
        if self.process.poll() is None:
            self.kill()
        self._close()

    def run_until(self, moment: str | threading.Event, *, creations: int = 10_000) -> bool:
        """Wait for a line that holds ``moment``, or for that event, or for so many creations.

        Returns
        -------
        bool
            False when the deploy ended before.
        """
        if isinstance(moment, threading.Event):
            threading.Thread(target=self._listen, args=(moment,)).start()

        def has_come() -> bool:
            created = sum("] created " in line for line in self.lines)
            if isinstance(moment, threading.Event):
                return moment.is_set() or created >= creations
            return any(moment in line for line in self.lines) or created >= creations

        return self._wait(has_come)

    def finish(self) -> int:
        """Read to the end and return the exit code."""
        self._wait(lambda: False)
        return self._close()

    def kill(self) -> None:
        """End it and all that it started, giving none of them a chance to tidy up."""
        tree: list[int] = []
        # Stopped first, from the top, so that no keeper sees its owner die and asks Terraform to end in good order.
        while fresh := [pid for pid in _descendants(self.process.pid) if pid not in tree]:
            for pid in fresh:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGSTOP)
            tree += fresh
        for pid in tree:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self._close()

    def kill_runner_and_kernel(self) -> None:
        """End the command and the kernel that it started, and wait until what that had started has ended by itself."""
        tree = _descendants(self.process.pid)
        kernels = [pid for pid in tree if b"ipykernel" in _command_of(pid)]
        assert kernels, "no kernel was there to be killed"
        for pid in (self.process.pid, *kernels):
            os.kill(pid, signal.SIGKILL)
        self._close()
        others = [Path(f"/proc/{pid}") for pid in tree if pid not in (self.process.pid, *kernels)]
        wait_until(
            lambda: not any(one.exists() for one in others) or NotYet("something of it goes on"),
            what="the end of what the kernel had started",
            patience=Patience(deadline_s=120, interval_s=0.1),
        )

    def interrupt(self) -> None:
        """Press Ctrl-C."""
        self.process.send_signal(signal.SIGINT)

    @property
    def tail(self) -> str:
        """The last lines, for the message of a test that fails."""
        return "\n".join(self.lines[-40:])

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            with self._news:
                self.lines.append(line.rstrip())
                self._news.notify_all()
        with self._news:
            self._ended = True
            self._news.notify_all()

    def _listen(self, event: threading.Event) -> None:
        while not event.wait(0.1) and not self._ended:
            pass
        with self._news:
            self._news.notify_all()

    def _wait(self, holds: Callable[[], bool]) -> bool:
        with self._news:
            self._news.wait_for(lambda: self._ended or holds())
            return holds()

    def _close(self) -> int:
        self._reader.join()
        assert self.process.stdout is not None
        self.process.stdout.close()
        return self.process.wait()


def _descendants(root: int) -> list[int]:
    parents: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                # PID (NAME) STATE PPID: the name may hold anything, so the last bracket counts.
                parents[int(entry.name)] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
    found = [root]
    for pid in found:
        found += [child for child, parent in parents.items() if parent == pid]
    return found


def _command_of(pid: int) -> bytes:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    return b""
