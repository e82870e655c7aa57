"""How commands talk to a sandbox's daemon: one request per connection to its control socket, one line of JSON each way.

``exec`` and ``shell`` pass descriptors and keep the connection while their program runs.
"""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from typing import Any

from fleetkit.core import FleetkitError, PreconditionError, ServiceError

__all__ = ["ask", "describe_error", "read_error", "read_messages", "receive_request", "send_message"]

_LIMIT = 1 << 20
_MAX_FDS = 8


def send_message(connection: socket.socket, message: dict[str, Any], *, fds: tuple[int, ...] = ()) -> None:
    """Send one message, and descriptors with it."""
    data = json.dumps(message).encode() + b"\n"
    if fds:
        sent = socket.send_fds(connection, [data], list(fds))
        data = data[sent:]
    if data:
        # Sending nothing fails too where the other side has answered and gone.
        connection.sendall(data)


def receive_request(connection: socket.socket) -> tuple[dict[str, Any], list[int]]:
    """Receive the first message of a connection with the descriptors that came along.

    Raises
    ------
    ServiceError
        When the other side closed before it said anything that can be understood.
    """
    data, fds = b"", []
    while not data.endswith(b"\n"):
        part, came, _, _ = socket.recv_fds(connection, _LIMIT, _MAX_FDS)
        fds += came
        data += part
        if not part or len(data) > _LIMIT:
            raise ServiceError("the control socket was closed in the middle of a message")
    message: dict[str, Any] = json.loads(data)
    return message, fds


def read_messages(connection: socket.socket) -> Iterator[dict[str, Any]]:
    """Yield messages until the other side closes."""
    with connection.makefile("rb") as lines:
        for line in lines:
            yield json.loads(line)


def describe_error(error: FleetkitError) -> dict[str, Any]:
    """Return the answer that tells of an error; `read_error` is its other half."""
    kind = "precondition" if isinstance(error, PreconditionError) else ""
    return {"error": error.what, "kind": kind, "seen": error.seen, "hint": error.hint}


def read_error(answer: dict[str, Any]) -> FleetkitError:
    """Return the error that an answer tells of: a refusal stays one."""
    kind = PreconditionError if answer.get("kind") == "precondition" else ServiceError
    return kind(answer["error"], seen=answer.get("seen"), hint=answer.get("hint"))


def ask(connection: socket.socket, message: dict[str, Any]) -> Any:
    """Ask one thing and return the answer's value.

    Raises
    ------
    PreconditionError
        When the daemon refuses.
    ServiceError
        When it fails or ends.
    """
    send_message(connection, message)
    answer, _ = receive_request(connection)
    if "error" in answer:
        raise read_error(answer)
    return answer["value"]
