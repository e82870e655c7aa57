"""Start a deploy as a person would, and end it as a power cut would: at once, with all that it started."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path


class Deploy:
    """A running ``fleetkit deploy NAME``, whose progress lines are read as they come."""

    def __init__(self, folder: Path, name: str, *, environ: Mapping[str, str]) -> None:
        words = [sys.executable, "-m", "fleetkit.cli", "deploy", name, "--approve", name]
        # Standard output goes the same way: a failed deploy is told in full.
        self.process = subprocess.Popen(
            words, cwd=folder, env=dict(environ), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        self.lines: list[str] = []

    def run_until(self, moment: str, *, creations: int = 10_000) -> bool:
        """Read lines until one holds ``moment``, or tells so many creations; False when the deploy ended before."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line.rstrip())
            creations -= "] created " in line
            if moment in line or creations <= 0:
                return True
        return False

    def finish(self) -> int:
        """Read to the end and return the exit code."""
        self.run_until("\0")
        assert self.process.stdout is not None
        self.process.stdout.close()
        return self.process.wait()

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
        assert self.process.stdout is not None
        self.process.stdout.close()
        self.process.wait()

    def interrupt(self) -> None:
        """Press Ctrl-C."""
        self.process.send_signal(signal.SIGINT)


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
