"""A unix socket of a far machine, opened over SSH, as a socket that ``http.client`` can use."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

from fleetkit.core import SshError
from fleetkit.ssh.connection import Connection

if TYPE_CHECKING:
    import paramiko

__all__ = ["UnixSocket", "open_unix_socket"]


class UnixSocket:
    """The near end of a far unix socket.

    As with Python's own sockets, the connection stays until the last file made of it is closed: ``http.client``
    closes the socket of an answer without a length before it has read that answer.
    """

    def __init__(self, channel: paramiko.Channel) -> None:
        self._channel = channel
        self._files = 0
        self._closed = False

    def settimeout(self, timeout_s: float | None) -> None:
        """Limit each wait for data to ``timeout_s`` seconds."""
        self._channel.settimeout(timeout_s)

    def sendall(self, data: Any) -> None:
        """Send all of ``data``."""
        self._channel.sendall(bytes(data))

    def recv_into(self, buffer: memoryview) -> int:
        """Read what has come, at most the buffer's size; 0 at the end."""
        data = self._channel.recv(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def makefile(self, mode: str = "rb") -> io.BufferedReader:
        """Make a file to read from.

        Raises
        ------
        ValueError
            For any mode but ``rb``.
        """
        if mode != "rb":
            raise ValueError(f"only mode 'rb' is offered, not {mode!r}")
        self._files += 1
        return io.BufferedReader(_Reader(self))

    def close(self) -> None:
        """Close it, at the latest when the last file made of it is closed."""
        self._closed = True
        self._close_when_unused()

    def release(self) -> None:
        """Take note that a file made of it was closed."""
        self._files -= 1
        self._close_when_unused()

    def _close_when_unused(self) -> None:
        if self._closed and self._files <= 0:
            self._channel.close()


class _Reader(io.RawIOBase):
    def __init__(self, source: UnixSocket) -> None:
        self._source = source

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        return self._source.recv_into(memoryview(buffer))

    def close(self) -> None:
        if not self.closed:
            super().close()
            self._source.release()


def open_unix_socket(connection: Connection, path: str) -> UnixSocket:
    """Open the unix socket at ``path`` on the machine.

    Raises
    ------
    SshError
        When the machine refuses: no such socket, no right to it, or forwarding is forbidden.
    """
    import paramiko

    try:
        return UnixSocket(connection.transport.open_unix_channel(path, timeout_s=connection.limit_s))
    except (paramiko.SSHException, OSError, EOFError) as error:
        raise SshError(
            f"the socket {path} of {connection.name} could not be opened",
            transient=True,
            seen=str(error),
            hint="is its service running there, may this user open the socket, and does the machine's sshd_config "
            "allow forwarding to unix sockets (AllowStreamLocalForwarding)?",
        ) from error
