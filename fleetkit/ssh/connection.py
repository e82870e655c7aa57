"""One authenticated connection to a machine, and commands run over it."""

from __future__ import annotations

import contextlib
import select
import shlex
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

from fleetkit.core import SshError
from fleetkit.ssh.targets import SshAccess, SshTarget

if TYPE_CHECKING:
    import paramiko

    from fleetkit.ssh._streamlocal import StreamLocalTransport

__all__ = ["CommandResult", "Connection", "open_connection", "run_command"]

_CHUNK = 65536


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandResult:
    """What a remote command left.

    Attributes
    ----------
    command
        The command line as the remote shell got it.
    exit_status
        Its exit status; -1 where it has none: a signal ended it, or the connection broke.
    stdout, stderr
        What it wrote, as UTF-8 with what is none replaced.
    """

    command: str
    exit_status: int
    stdout: str
    stderr: str


class Connection:
    """An open connection to a machine; ends with its ``with`` block.

    Made by `open_connection`, or lent by an open `Tunnel`; one that is lent ends with the tunnel.
    """

    def __init__(self, transport: StreamLocalTransport, *, name: str, limits_s: float, lent: bool = False) -> None:
        self._transport = transport
        self._lent = lent
        self.name = name
        self.limit_s = limits_s

    def __enter__(self) -> Connection:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()

    @property
    def is_open(self) -> bool:
        """Whether the connection stands, as far as is known here."""
        return self._transport.is_active()

    @property
    def transport(self) -> StreamLocalTransport:
        """The paramiko transport, for this room's other modules."""
        return self._transport

    def close(self) -> None:
        """End the connection, unless it is lent."""
        if not self._lent:
            self._transport.close()
            self._transport.join(timeout=self.limit_s)


def open_connection(target: SshTarget, *, access: SshAccess, via: Connection | None = None) -> Connection:
    """Connect to a machine with its host key pinned, and log in.

    Parameters
    ----------
    target
        The machine.
    access
        Known host keys, ssh_config and limits.
    via
        A connection through which the machine is reached, such as a tunnel's; dialled from here where not given.

    Raises
    ------
    SshError
        When the machine cannot be reached, shows another key, or refuses ours.
    SettingsError
        When ssh_config or a key file cannot be used.
    """
    from fleetkit.ssh._config import resolve_route
    from fleetkit.ssh._transport import open_transport

    route = resolve_route(target, access)
    transport = open_transport(route, limits=access.limits, via=None if via is None else via.transport)
    return Connection(transport, name=route.shown, limits_s=access.limits.connect_s)


def run_command(
    connection: Connection,
    command: str | Sequence[str],
    *,
    stdin: bytes | IO[bytes] = b"",
    limit_s: float = 60.0,
    check: bool = True,
) -> CommandResult:
    """Run a command on the machine and wait for its end.

    Parameters
    ----------
    command
        Words, which are quoted; or a line for the remote shell, where a shell is wanted.
    stdin
        What the command reads; a file is sent piece by piece, whatever its size.
    limit_s
        Seconds for the whole command.
    check
        Whether an exit status other than 0 is an error.

    Raises
    ------
    SshError
        When the command could not be run or did not end in time; with ``check``, when it failed.
    """
    import paramiko

    line = command if isinstance(command, str) else shlex.join(command)
    deadline = time.monotonic() + limit_s
    try:
        channel = connection.transport.open_session(timeout=min(limit_s, connection.limit_s))
        with contextlib.closing(channel):
            channel.settimeout(limit_s)
            channel.exec_command(line)
            _send(channel, stdin)
            channel.shutdown_write()
            stdout, stderr = _read_both(channel, deadline)
            if not channel.status_event.wait(max(0.0, deadline - time.monotonic())):
                raise TimeoutError(f"it did not end within {limit_s:g} s")
            status = channel.recv_exit_status()
    except (paramiko.SSHException, OSError, EOFError) as error:
        raise SshError(
            f"the command {line!r} could not be run on {connection.name}",
            transient=True,
            seen=str(error) or type(error).__name__,
        ) from error
    result = CommandResult(command=line, exit_status=status, stdout=stdout, stderr=stderr)
    if check and status != 0:
        said = (stderr.strip() or stdout.strip()).splitlines()
        # Without a status of its own it was broken off, by a signal or with the connection.
        raise SshError(
            f"the command {line!r} failed on {connection.name} with exit status {status}",
            transient=status < 0,
            seen=" / ".join(said[-3:]),
        )
    return result


def _send(channel: paramiko.Channel, stdin: bytes | IO[bytes]) -> None:
    if isinstance(stdin, bytes):
        if stdin:
            channel.sendall(stdin)
        return
    while piece := stdin.read(_CHUNK):
        channel.sendall(piece)


def _read_both(channel: paramiko.Channel, deadline: float) -> tuple[str, str]:
    out, err = bytearray(), bytearray()
    while True:
        # Asked before the buffers are looked at: what comes between the two looks is then read in the next round.
        ended = channel.eof_received or channel.closed
        if channel.recv_ready():
            out += channel.recv(_CHUNK)
        elif channel.recv_stderr_ready():
            err += channel.recv_stderr(_CHUNK)
        elif ended:
            return out.decode("utf-8", "replace"), err.decode("utf-8", "replace")
        elif not select.select([channel], [], [], max(0.0, deadline - time.monotonic()))[0]:
            raise TimeoutError("it did not end in time")
