"""Bringing sandboxes up and taking them down; what the command line and the tests use."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

from fleetkit.core import (
    BusyError,
    NotFoundError,
    NotYet,
    Patience,
    wait_until,
)
from fleetkit.sandbox.control import send_message
from fleetkit.sandbox.folder import SandboxFolder
from fleetkit.sandbox.halls import Network
from fleetkit.sandbox.starting import Start
from fleetkit.sandbox.visiting import ANSWER_S, SandboxVisit

__all__ = ["Sandbox"]

_DEFAULT_START = Patience(deadline_s=60.0)
_HIDDEN = ("AWS_", "MOTO_", "TF_")


class Sandbox(SandboxVisit):
    """One sandbox; as a context manager it ends with its block, or with the process, however that ends.

    Parameters
    ----------
    folder
        Its folder; a temporary one, removed at the end, where not given.
    region
        The region whose machines boot.
    network
        ``private`` gives every machine its own network and root; ``loopback`` does without, as far as that goes;
        ``auto`` is the former where the kernel allows it, else the latter.

    Examples
    --------
    >>> with Sandbox() as sandbox:  # doctest: +SKIP
    ...     subprocess.run(["terraform", "apply"], env=sandbox.environment_for(os.environ))
    """

    def __init__(self, folder: Path | None = None, *, region: str = "us-west-2", network: Network = "auto") -> None:
        self._temporary = folder is None
        super().__init__(SandboxFolder(folder or Path(tempfile.mkdtemp(prefix="fleetkit-sandbox-"))))
        self.region = region
        self.network = network
        self._lifeline: int | None = None
        self._process: subprocess.Popen[bytes] | None = None

    def start(
        self,
        *,
        detached: bool = False,
        lifetime_s: float | None = None,
        on_progress: Callable[[str], None] | None = None,
        patience: Patience = _DEFAULT_START,
    ) -> None:
        """Start it, and return when it is ready.

        Parameters
        ----------
        detached
            Let it live on when this process ends.
        lifetime_s
            Seconds after which it ends by itself.
        on_progress
            Told what is being started.

        Raises
        ------
        BusyError
            When one runs in the folder already.
        PreconditionError
            When this computer does not allow what it needs; names the step.
        ServiceError
            When it failed to start.
        """
        if self.folder.is_held():
            raise BusyError(
                f"a sandbox is running in {self.folder.path}", hint="use it, or end it: fleetkit sandbox down"
            )
        self.folder.make()
        told, tells = os.pipe()
        given = [tells]
        command = [sys.executable, "-P", "-m", "fleetkit.sandbox.daemon", "--dir", str(self.folder.path)]
        command += ["--region", self.region, "--network", self.network, "--ready", str(tells)]
        if lifetime_s is not None:
            command += ["--lifetime", str(lifetime_s)]
        if detached:
            command.append("--detach")
        else:
            holding, self._lifeline = os.pipe()
            given.append(holding)
            command += ["--lifeline", str(holding)]
        with self.folder.log.open("ab") as log:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={name: value for name, value in os.environ.items() if not name.startswith(_HIDDEN)},
                cwd="/",
                pass_fds=given,
                start_new_session=True,
            )
        for fd in given:
            os.close(fd)
        if detached:
            process.wait()
        else:
            self._process = process
        start = Start(told, self.folder, on_progress=on_progress)
        try:
            start.wait(deadline_s=patience.deadline_s)
        except BaseException:
            self._abandon(start.pid)
            raise

    def _abandon(self, pid: int | None) -> None:
        if pid is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)
        self._close_lifeline()
        self._reap()
        self._clean()

    def _reap(self) -> None:
        """Wait until nothing of the daemon is left."""
        if self._process is not None:
            self._process.wait(timeout=ANSWER_S)
            self._process = None
        wait_until(
            lambda: NotYet("it still holds its folder") if self.folder.is_held() else True,
            what="the sandbox to end",
            patience=Patience(deadline_s=ANSWER_S, interval_s=0.02),
        )

    def _close_lifeline(self) -> None:
        if self._lifeline is not None:
            os.close(self._lifeline)
            self._lifeline = None

    def stop(self) -> None:
        """End it and wait until nothing of it runs; what a dead one left is cleaned away.

        Raises
        ------
        NotFoundError
            When none runs in the folder.
        """
        try:
            with self._connection() as connection:
                connection.settimeout(ANSWER_S)
                send_message(connection, {"op": "down"})
                with contextlib.suppress(ConnectionError):
                    connection.recv(1)
        finally:
            self._close_lifeline()
            self._reap()
            self._clean()

    def clean_leftovers(self) -> bool:
        """Clean away what a sandbox left that died without cleaning up; say whether there was anything."""
        left = self.folder.has_leftovers()
        if left:
            self._clean()
        return left

    def _clean(self) -> None:
        with contextlib.suppress(BusyError), self.folder.held():
            self.folder.clear()
        if self._temporary:
            shutil.rmtree(self.folder.path, ignore_errors=True)

    def __enter__(self) -> Sandbox:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with contextlib.suppress(NotFoundError):
            self.stop()
