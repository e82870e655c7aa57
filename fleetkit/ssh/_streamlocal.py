"""Channels to a unix socket of the far machine: OpenSSH's ``direct-streamlocal@openssh.com``.

paramiko opens channels of any kind, but writes the destination only for the kinds that it knows.
Its one private method that sends the opening message is the seam where the missing fields are added;
a test against a real server fails when a new paramiko moves that seam.
"""

from __future__ import annotations

import contextlib
import threading

import paramiko

__all__ = ["StreamLocalTransport"]

_KIND = "direct-streamlocal@openssh.com"


class StreamLocalTransport(paramiko.Transport):
    """A connection that can also open unix sockets, and that ends the jump host's connection with its own."""

    hop: paramiko.Transport | None = None
    """The connection through which this one runs, when it was made for this one alone."""

    def open_unix_channel(self, path: str, *, timeout_s: float) -> paramiko.Channel:
        """Open the unix socket at ``path`` on the far machine.

        Raises
        ------
        paramiko.SSHException
            When the far machine refuses, or does not answer in time.
        """
        # By thread, because other threads may open channels of other kinds at the same time.
        self._wanted().path = path
        try:
            return self.open_channel(_KIND, timeout=timeout_s)
        finally:
            del self._wanted().path

    def close(self) -> None:
        """End the connection, and the one it runs through; that it has ended already is no error."""
        # What runs through another connection tells that one of its end. Where the other has broken, and does not know
        # it yet, nobody is left to be told.
        with contextlib.suppress(EOFError):
            super().close()
        # paramiko closes nothing on a connection that is about to begin, and that would wait for an answer then.
        with contextlib.suppress(EOFError):
            self.sock.close()
        if self.hop is not None:
            self.hop.close()

    def _send_user_message(self, data: paramiko.Message) -> None:
        path = getattr(self._wanted(), "path", None)
        if path is not None and data.asbytes().startswith(paramiko.common.cMSG_CHANNEL_OPEN):
            # Socket path, a reserved string and a reserved number: section 2.4 of OpenSSH's PROTOCOL file.
            data.add_string(path)
            data.add_string("")
            data.add_int(0)
        super()._send_user_message(data)  # type: ignore[misc] # private, see the module's docstring

    def _wanted(self) -> threading.local:
        wanted: threading.local = self.__dict__.setdefault("_fleetkit_wanted", threading.local())
        return wanted
