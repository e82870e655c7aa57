"""How a service's programs are started and found again: environment, output, descriptors, marks."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from fleetkit.sandbox.machine.spawn import StartError
from fleetkit.sandbox.machine.systemd.commands import Command, UnitSyntaxError, expand_specifiers, expand_words
from fleetkit.sandbox.machine.systemd.environment import (
    BASE_ENVIRONMENT,
    parse_environment_file,
    read_assignments,
    with_stand_ins,
)

if TYPE_CHECKING:
    from fleetkit.sandbox.machine.systemd.service import Service

__all__ = ["Execution", "ReadySocket", "describe_exit", "kill_marked", "notify_socket"]

_MARK = "INVOCATION_ID"


class Execution:
    """What the programs of one service share, made anew for each start."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self.invocation = ""
        self.environment: dict[str, str] = {}

    @property
    def specifiers(self) -> dict[str, str]:
        """What ``%n``, ``%H``, ``%m`` and the like stand for."""
        with suppress(OSError):
            machine_id = Path("/etc/machine-id").read_text(encoding="ascii").strip()
            return {**self._service.unit.specifiers, "H": socket.gethostname(), "m": machine_id, "t": "/run"}
        return self._service.unit.specifiers

    def prepare(self, invocation: str) -> None:
        """Read the environment for a new start, known by ``invocation``.

        Raises
        ------
        OSError
            When an environment file that must be there is not.
        """
        self.invocation = invocation
        settings = self._service.unit.settings
        found = {**BASE_ENVIRONMENT, _MARK: invocation}
        found |= read_assignments(settings.all("Service", "Environment"), specifiers=self.specifiers)
        self.environment = with_stand_ins({**found, **self._read_files()})

    def _read_files(self) -> dict[str, str]:
        found: dict[str, str] = {}
        for value in self._service.unit.settings.all("Service", "EnvironmentFile"):
            path = expand_specifiers(value.removeprefix("-"), self.specifiers)
            try:
                found |= parse_environment_file(Path(path))
            except OSError:
                if not value.startswith("-"):
                    raise
        return found

    def spawn(self, command: Command, *, extra: Mapping[str, str], passed: Sequence[int] = ()) -> int:
        """Start a command and return its pid; ``passed`` are descriptors that it gets from 3 on."""
        # Before each command, as systemd does: one may write what the next one reads.
        try:
            environment = {**self.environment, **self._read_files(), **extra}
        except OSError as error:
            raise StartError(f"Failed to load environment files: {error.filename}: {error.strerror}") from error
        words = list(command.words)
        if not command.literal:
            words, unset = expand_words(words, environment)
            for name in unset:
                self._service.say(f"Referenced but unset environment variable evaluates to an empty string: {name}")
        own_name = words.pop(1) if command.renamed and len(words) > 1 else None
        with ExitStack() as opened:
            standard = self._open_standard(opened)
            return self._service.manager.children.start(
                words,
                env=environment,
                fds=[*standard, *passed],
                cwd=self._service.setting("WorkingDirectory", "/").removeprefix("-"),
                own_name=own_name,
            )

    def _open_standard(self, opened: ExitStack) -> list[int]:
        nothing = os.open("/dev/null", os.O_RDWR | os.O_CLOEXEC)
        opened.callback(os.close, nothing)
        connection = None
        if self._service.setting("StandardInput", "null") == "socket":
            connection = self._service.manager.connection_of(self._service.name)
        if connection is not None:
            opened.enter_context(connection)
        out = self._open_output(self._service.setting("StandardOutput", "journal"), nothing, opened)
        wish = self._service.setting("StandardError", "inherit")
        given = nothing if connection is None else connection.fileno()
        return [given, out, out if wish == "inherit" else self._open_output(wish, nothing, opened)]

    def _open_output(self, wish: str, nothing: int, opened: ExitStack) -> int:
        if wish == "null":
            return nothing
        if wish in ("journal", "journal+console", "inherit"):
            fd = self._service.manager.journal.open(self._service.name)
        elif wish.startswith(("file:", "append:", "truncate:")):
            kind, _, path = wish.partition(":")
            flags = os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC
            flags |= {"file": 0, "append": os.O_APPEND, "truncate": os.O_TRUNC}[kind]
            fd = os.open(path, flags, 0o644)
        else:
            raise UnitSyntaxError(f"StandardOutput={wish} is not known to the stand-in")
        opened.callback(os.close, fd)
        return fd


class ReadySocket:
    """Where a service of ``Type=notify`` says that it is ready."""

    def __init__(self, path: str, channel: socket.socket) -> None:
        self.path = path
        self._channel = channel

    async def wait(self) -> None:
        """Return when ``READY=1`` has come."""
        loop = asyncio.get_running_loop()
        while b"READY=1" not in (await loop.sock_recv(self._channel, 4096)).split(b"\n"):
            continue


@contextmanager
def notify_socket(*, wanted: bool) -> Iterator[ReadySocket | None]:
    """Open a socket for readiness messages, or give None where none is wanted."""
    if not wanted:
        yield None
        return
    with (
        tempfile.TemporaryDirectory(dir="/run", prefix="notify-") as folder,
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel,
    ):
        channel.bind(f"{folder}/socket")
        channel.setblocking(False)
        yield ReadySocket(f"{folder}/socket", channel)


def kill_marked(invocation: str, number: int, *, main_pid: int = 0) -> None:
    """Send a signal to all processes of a start: those with its mark in their environment, and the main one.

    The main process is named apart, since a stand-in that runs as a fork of init shows init's environment.
    """
    mark = f"{_MARK}={invocation}".encode()
    pids = {main_pid} if main_pid > 1 else set()
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and entry.name != "1":
            with suppress(OSError):
                if mark in (entry / "environ").read_bytes().split(b"\0"):
                    pids.add(int(entry.name))
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, number)


def describe_exit(code: int) -> str:
    """Say how a process ended, as systemd does."""
    if code >= 0:
        meaning = {0: "SUCCESS", 203: "EXEC"}.get(code, "FAILURE" if code == 1 else "n/a")
        return f"code=exited, status={code}/{meaning}"
    return f"code=killed, status={-code}/{signal.Signals(-code).name.removeprefix('SIG')}"
