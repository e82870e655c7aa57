"""How the controller and the agent speak: one JSON object per message, file descriptors beside it.

A stream with a length in front, because a list of firewall rules can be longer than one packet may be.
"""

from __future__ import annotations

import json
import os
import socket
import struct
from collections.abc import Sequence
from typing import Any

__all__ = ["ClosedByPeerError", "Message", "receive", "send"]

_HEAD = struct.Struct("=I")
_MOST_FDS = 16

Message = dict[str, Any]


class ClosedByPeerError(ConnectionError):
    """The other side is gone."""


def send(channel: socket.socket, message: Message, fds: Sequence[int] = ()) -> None:
    """Send one message; ``fds`` stay open here and are doubled on the other side."""
    body = json.dumps(message).encode()
    # The descriptors ride on the head alone, so that the reader knows when to ask for them.
    socket.send_fds(channel, [_HEAD.pack(len(body))], list(fds))
    channel.sendall(body)


def receive(channel: socket.socket) -> tuple[Message, list[int]]:
    """Wait for one message and return it with its descriptors, which are closed on exec.

    Raises
    ------
    ClosedByPeerError
        When the other side closed, at a message's edge or inside one.
    """
    head, fds, _, _ = socket.recv_fds(channel, _HEAD.size, _MOST_FDS)
    for fd in fds:
        os.set_inheritable(fd, False)
    head += _receive_exactly(channel, _HEAD.size - len(head)) if head else b""
    if not head:
        raise ClosedByPeerError("the other side of the hall's channel is gone")
    (length,) = _HEAD.unpack(head)
    message: Message = json.loads(_receive_exactly(channel, length))
    return message, fds


def _receive_exactly(channel: socket.socket, length: int) -> bytes:
    parts = bytearray()
    while len(parts) < length:
        part = channel.recv(length - len(parts))
        if not part:
            raise ClosedByPeerError("the other side of the hall's channel went away inside a message")
        parts += part
    return bytes(parts)
