"""A sandbox is its folder: where everything in it lies, and who holds it.

The daemon holds a lock on the folder as long as it lives: where the lock is free no sandbox runs, however the last
one ended.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path

from fleetkit.core import BusyError, NotFoundError
from fleetkit.sandbox.sockets import open_short_path

__all__ = ["SandboxFolder"]

_CONTROL = "control.sock"
_KEPT = ("lock", "daemon.log")


class SandboxFolder:
    """The folder of one sandbox.

    Parameters
    ----------
    path
        The folder; made 0700 when the sandbox starts.
    """

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()
        self.aws = self.path / "aws"
        self.hall = self.path / "hall"
        self.mirror = self.path / "mirror"
        self.terraform = self.path / "terraform"
        self.tls = self.path / "tls"
        self.ssh_config = self.path / "ssh" / "config"
        self.key_file = self.path / "ssh" / "fleetkit"
        self.environment = self.path / "environment.json"
        self.log = self.path / "daemon.log"
        self._lock_file = self.path / "lock"

    def make(self) -> None:
        """Make the folder, private to its owner."""
        self.path.mkdir(parents=True, exist_ok=True, mode=0o700)

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """Hold the folder for the daemon's life.

        Raises
        ------
        BusyError
            When another daemon holds it.
        """
        self.make()
        with self._lock_file.open("a") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise BusyError(
                    f"a sandbox is running in {self.path}",
                    hint="use it, or end it: fleetkit sandbox down",
                ) from error
            yield

    def is_held(self) -> bool:
        """Say whether a daemon lives in this folder."""
        if not self._lock_file.exists():
            return False
        with self._lock_file.open("a") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
        return False

    def has_leftovers(self) -> bool:
        """Say whether the folder holds more than a sandbox that ended in order leaves."""
        return self.path.is_dir() and any(entry.name not in _KEPT for entry in self.path.iterdir())

    def clear(self) -> None:
        """Remove what an earlier sandbox left; the log and the lock stay."""
        for entry in self.path.iterdir() if self.path.is_dir() else ():
            if entry.name in _KEPT:
                continue
            if entry.is_dir() and not entry.is_symlink():
                shutil.rmtree(entry)
            else:
                entry.unlink()

    def bind_control(self) -> socket.socket:
        """Return the listening control socket, readable and writable by its owner alone."""
        server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        with open_short_path(self.path / _CONTROL) as name:
            before = os.umask(0o177)
            try:
                server.bind(name)
            finally:
                os.umask(before)
        server.listen(16)
        return server

    def connect_control(self, *, timeout_s: float) -> socket.socket:
        """Return a connection to the daemon of this folder.

        Raises
        ------
        NotFoundError
            When no daemon lives here.
        """
        client = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        client.settimeout(timeout_s)
        try:
            with open_short_path(self.path / _CONTROL) as name:
                client.connect(name)
        except (FileNotFoundError, ConnectionRefusedError, NotADirectoryError) as error:
            client.close()
            raise NotFoundError(
                f"no sandbox is running in {self.path}", hint="bring one up: fleetkit sandbox up"
            ) from error
        return client
