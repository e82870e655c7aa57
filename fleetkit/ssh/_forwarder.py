"""sshtunnel's forwarder, given an open connection and made to keep its local ports when that is replaced.

What sshtunnel 0.5.1 does by itself, and what is changed here:

- it dials and logs in without known_hosts, one connection for each key: it is handed a connection instead;
- it listens on 0.0.0.0 where no local address is given: each forward gets 127.0.0.1;
- after a loss it opens new local ports: the listeners stay, and only the connection behind them is exchanged;
- it leaves Nagle's algorithm on for accepted sockets, which costs 40 ms at each small message;
- a client that stays connected keeps its threads past the stop: they are ended and joined.
"""

from __future__ import annotations

import contextlib
import logging
import socket
import threading
import time
from collections.abc import Sequence
from typing import Any

import paramiko
import sshtunnel

from fleetkit.ssh.targets import Forward

__all__ = ["Forwarder"]

_LOGGER = logging.getLogger("fleetkit.ssh.sshtunnel")
_LOGGER.addHandler(logging.NullHandler())

_LOOPBACK = "127.0.0.1"
_FORBIDDEN, _CONNECT_FAILED = 1, 2
"""Reasons for a refused channel: RFC 4254, section 5.1."""


class Forwarder(sshtunnel.SSHTunnelForwarder):  # type: ignore[misc] # sshtunnel has no types
    """Local listeners, and the connection over which their clients are served.

    Parameters
    ----------
    forwards
        What to forward; each listens on 127.0.0.1.
    transport
        An open connection; `exchange` replaces it.
    """

    def __init__(self, forwards: Sequence[Forward], transport: paramiko.Transport) -> None:
        self._given = transport
        self._refusals: dict[tuple[str, int], str] = {}
        self._serving: dict[threading.Thread, socket.socket] = {}
        self._listening: list[threading.Thread] = []
        super().__init__(
            ssh_address_or_host=(_LOOPBACK, 22),
            ssh_config_file=None,
            ssh_username="unused",
            logger=_LOGGER,
            remote_bind_addresses=[(forward.host, forward.port) for forward in forwards],
            local_bind_addresses=[(_LOOPBACK, forward.local_port) for forward in forwards],
        )

    def exchange(self, transport: paramiko.Transport) -> None:
        """Serve over another connection from now on."""
        self._transport = self._given = transport

    def refusal(self, forward: Forward) -> str | None:
        """Return why the bastion refused the last connection of a forward; None where it did not."""
        return self._refusals.get((forward.host, forward.port))

    def finish(self, *, patience_s: float) -> None:
        """Stop listening, end all clients, and wait for their threads."""
        for thread, client in list(self._serving.items()):
            # Its thread may be closing it at this moment.
            with contextlib.suppress(OSError):
                client.shutdown(socket.SHUT_RDWR)
            _LOGGER.debug("ended %s", thread.name)
        self.stop(force=True)
        deadline = time.monotonic() + patience_s
        for thread in (*self._serving, *self._listening):
            thread.join(max(0.0, deadline - time.monotonic()))

    def _consolidate_auth(self, **_asked: Any) -> tuple[None, list[paramiko.PKey]]:
        return None, []

    def _connect_to_gateway(self) -> None:
        self._transport = self._given

    def _serve_forever_wrapper(self, _srv: Any, poll_interval: float = 0.1) -> None:
        self._listening.append(threading.current_thread())
        super()._serve_forever_wrapper(_srv, poll_interval)

    def _make_ssh_forward_handler_class(self, remote_address_: tuple[str, int]) -> type:
        forwarder = self

        class Handler(sshtunnel._ForwardHandler):  # type: ignore[misc] # sshtunnel has no types
            remote_address = remote_address_
            logger = _LOGGER

            @property
            def ssh_transport(self) -> paramiko.Transport:
                return forwarder._transport

            def setup(self) -> None:
                self.request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                forwarder._serving[threading.current_thread()] = self.request

            def handle(self) -> None:
                forwarder._refusals.pop(remote_address_, None)
                try:
                    super().handle()
                except sshtunnel.HandlerSSHTunnelForwarderError as error:
                    # Closing the client's connection is all the answer that TCP has; the reason is kept for who asks.
                    forwarder._refusals[remote_address_] = _explain(remote_address_, error)

            def finish(self) -> None:
                forwarder._serving.pop(threading.current_thread(), None)

        return Handler


def _explain(remote: tuple[str, int], error: Exception) -> str:
    cause = error.__context__
    shown = f"{remote[0]}:{remote[1]}"
    if isinstance(cause, paramiko.ChannelException):
        if cause.code == _FORBIDDEN:
            return f"the bastion forbids connections to {shown}"
        if cause.code == _CONNECT_FAILED:
            return f"the bastion could not connect to {shown}"
    return f"the tunnel could not reach {shown}: {cause or error}"
