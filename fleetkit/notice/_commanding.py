"""A program of this computer that is told: the message on its standard input, and no shell in between."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import IO

from fleetkit.core import NoticeError, Redactor, format_duration
from fleetkit.notice.message import Message

__all__ = ["run_command"]

_SAID_LAST = 300


def run_command(name: str, command: Sequence[str], message: Message, *, folder: Path, timeout_s: float) -> None:
    """Run a program and wait for its end.

    It reads the title, an empty line and the body; ``NOTICE_TITLE`` and ``NOTICE_SEVERITY`` are in its environment.

    Raises
    ------
    NoticeError
        When it cannot be started, takes too long (it is killed then, with all that it started), or ends with another
        code than 0.
    """
    program, *arguments = command
    environ = {**os.environ, "NOTICE_TITLE": message.title, "NOTICE_SEVERITY": str(message.severity)}
    # A file and no pipe: what a program leaves running behind it would keep a pipe open.
    with tempfile.TemporaryFile() as said:
        try:
            process = subprocess.Popen(
                [str(Path(program).expanduser()), *arguments],
                cwd=folder,
                env=environ,
                stdin=subprocess.PIPE,
                stdout=said,
                stderr=said,
                start_new_session=True,
            )
        except (OSError, ValueError) as error:
            raise NoticeError(
                f"the command of {name} cannot be started",
                seen=f"{program}: {getattr(error, 'strerror', None) or error}",
                hint="name a program that is there and may be run, by its absolute path",
            ) from error
        try:
            process.communicate(f"{message.title}\n\n{message.body}\n".encode(), timeout=timeout_s)
        except subprocess.TimeoutExpired as error:
            raise NoticeError(
                f"the command of {name} took too long",
                seen=f"it was at work for {format_duration(timeout_s)}, and was killed",
                hint="raise notice.timeout_s, or let it do its work in the background",
                transient=True,
            ) from error
        finally:
            # Whatever ended the wait, Ctrl-C too: nothing is left behind that still might tell somebody.
            if process.poll() is None:
                _kill(process)
        if process.returncode:
            raise NoticeError(
                f"the command of {name} failed",
                seen=f"exit {process.returncode}{_tell(said)}",
                hint="run it by hand with a text on its standard input",
                transient=True,
            )


def _kill(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _tell(said: IO[bytes]) -> str:
    """Return the end of what a program said, on one line and redacted."""
    said.seek(max(0, said.seek(0, os.SEEK_END) - 4 * _SAID_LAST))
    text = " ".join(Redactor().redact(said.read().decode("utf-8", errors="replace")).split())
    return f": {text[-_SAID_LAST:]}" if text else ""
