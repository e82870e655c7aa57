"""A running Terraform: its lines as they come, its standard error drained, and one way to stop it."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import FrameType, TracebackType

from fleetkit.core import TerraformError

__all__ = ["RunningTerraform", "forwarded_interrupts"]

_KEEPER = Path(__file__).with_name("_keeper.py")

_STDERR_LINES = 400
"""How much of standard error is kept: enough for any message, and no log can fill the memory."""

_SAME_INTERRUPT_S = 1.0
"""Interrupts this close together are one: wrappers often pass on what the terminal has sent already."""


class RunningTerraform:
    """One Terraform process under its keeper; leaving the ``with`` block stops it and waits for it.

    Parameters
    ----------
    words
        The command line.
    folder
        The folder to run in.
    environ
        The whole environment.
    grace_s
        Seconds that Terraform has to stop gracefully when this process is killed, before it is killed too.
    held
        The open file of a lock that is to last as long as Terraform does, whatever becomes of this process.

    Raises
    ------
    TerraformError
        When it cannot be started.
    """

    def __init__(
        self,
        words: Sequence[str],
        *,
        folder: Path,
        environ: Mapping[str, str],
        grace_s: float,
        held: int | None = None,
    ) -> None:
        self.stopped = False
        self._stop_asked_at: float | None = None
        self._stop_lock = threading.Lock()
        self._stderr: deque[str] = deque(maxlen=_STDERR_LINES)
        out_read, out_write = os.pipe()
        err_read, err_write = os.pipe()
        mine = -1 if held is None else held
        keeper = [sys.executable, "-I", "-S", str(_KEEPER), *map(str, (grace_s, mine, out_read, err_read))]
        try:
            self._process = subprocess.Popen(
                [*keeper, *words],
                cwd=folder,
                env=dict(environ),
                stdin=subprocess.PIPE,
                stdout=out_write,
                stderr=err_write,
                pass_fds=(out_read, err_read, *([] if held is None else [held])),
                start_new_session=True,
                bufsize=0,
            )
        except OSError as error:
            os.close(out_read)
            os.close(err_read)
            raise TerraformError(f"Terraform cannot be started in {folder}", seen=str(error)) from error
        finally:
            os.close(out_write)
            os.close(err_write)
        self._stdout = os.fdopen(out_read, encoding="utf-8", errors="replace")
        self._drain = threading.Thread(target=self._read_stderr, args=(err_read,), name="terraform-stderr", daemon=True)
        self._drain.start()

    def __enter__(self) -> RunningTerraform:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process.poll() is None:
            # Whoever consumed the lines failed; Terraform is asked to end in good order, and is read to its end.
            self.stop()
            for _ in self._stdout:
                pass
        self.wait()
        self._stdout.close()

    def lines(self) -> Iterator[str]:
        """Yield each line of standard output as it comes, without its line end."""
        for line in self._stdout:
            yield line.rstrip("\r\n")

    def wait(self) -> int:
        """Wait for the end and return the exit code."""
        code = self._process.wait()
        if code < 0:
            # The keeper itself was killed, and could not end the rest of its group: providers, for one.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
        self._drain.join()
        if self._process.stdin is not None:
            self._process.stdin.close()
        return code

    @property
    def stderr(self) -> str:
        """The last lines of standard error; complete once `wait` has returned."""
        return "".join(self._stderr)

    def stop(self) -> None:
        """Ask Terraform to stop gracefully; from any thread.

        What it has begun is finished and stays in the state. Asked a second time, more than a
        second later, Terraform gives up at once, and what it had begun is not in the state.
        """
        with self._stop_lock:
            now = time.monotonic()
            if self._stop_asked_at is not None and now - self._stop_asked_at < _SAME_INTERRUPT_S:
                return
            self._stop_asked_at = now
            self.stopped = True
        if self._process.stdin is not None:
            # It may have ended in this very moment, and the keeper with it.
            with contextlib.suppress(BrokenPipeError, ValueError):
                self._process.stdin.write(b"i")

    def _read_stderr(self, descriptor: int) -> None:
        with os.fdopen(descriptor, encoding="utf-8", errors="replace") as stream:
            self._stderr.extend(stream)


@contextlib.contextmanager
def forwarded_interrupts(running: RunningTerraform) -> Iterator[None]:
    """While the block runs, make Ctrl-C a request to stop; afterwards raise what it stands for.

    Only the main thread receives signals; in any other this does nothing, and whoever holds the
    main thread calls ``stop`` instead.

    Raises
    ------
    KeyboardInterrupt
        At the end of the block, when there was a Ctrl-C during it.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    interrupted = False

    def pass_on(_number: int, _frame: FrameType | None) -> None:
        # Not an exception: that could strike in the middle of a caller's own bookkeeping of events.
        nonlocal interrupted
        interrupted = True
        running.stop()

    before = signal.signal(signal.SIGINT, pass_on)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
    if interrupted:
        raise KeyboardInterrupt
