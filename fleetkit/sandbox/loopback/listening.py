"""Listening sockets that tell who is calling by private address, as they would in a network of its own."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any

__all__ = ["TellingListener"]


class TellingListener(socket.socket):
    """A listening socket.

    Parameters
    ----------
    place
        Loopback address and port to listen on.
    address_at
        Returns the private address of who is at a loopback address.
    """

    def __init__(self, place: tuple[str, int], *, address_at: Callable[[str], str]) -> None:
        super().__init__(socket.AF_INET, socket.SOCK_STREAM)
        self._address_at = address_at
        try:
            self.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self.bind(place)
            self.listen(128)
        except OSError:
            self.close()
            raise

    def accept(self) -> tuple[socket.socket, Any]:
        """Accept a connection; the caller's address is the private one."""
        connection, (address, port) = super().accept()
        return connection, (self._address_at(address), port)
