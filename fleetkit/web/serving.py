"""Serving an application on one address, until Ctrl-C."""

from __future__ import annotations

import logging
import socket
from collections.abc import Callable
from typing import TYPE_CHECKING

from fleetkit.core import BusyError
from fleetkit.web.app import LOOPBACK

if TYPE_CHECKING:
    from flask import Flask

__all__ = ["open_port", "serve_pages"]

_THREADS = 4


def open_port(port: int, *, address: str = LOOPBACK) -> socket.socket:
    """Take a port of this computer, for callers from this computer alone where no other address is said.

    Parameters
    ----------
    port
        Which; any free one where 0.
    address
        Of which of this computer's addresses.

    Raises
    ------
    BusyError
        When somebody else has it, it is not for this user, or this computer has no such address.
    """
    try:
        return socket.create_server((address, port))
    except OSError as error:
        raise BusyError(
            f"port {port} of {address} cannot be taken",
            seen=error.strerror or str(error),
            hint="take another with --port; whatever serves there already may be the same page",
        ) from error


def serve_pages(app: Flask, listening: socket.socket, *, started: Callable[[], None] = lambda: None) -> None:
    """Serve an application until Ctrl-C, which is raised again once all answers are given.

    Parameters
    ----------
    listening
        The port; closed at the end.
    started
        Called when callers are let in.
    """
    from waitress.server import create_server

    # It warns of waiting callers with the first one already, where its threads have only just begun.
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    # The name of the server and its version are nobody's matter.
    server = create_server(app, sockets=[listening], threads=_THREADS, ident=None)
    try:
        started()
        server.run()
    finally:
        server.close()
    # waitress takes Ctrl-C for itself, and returns for no other reason.
    raise KeyboardInterrupt
