"""The near side of programs that run inside a sandbox: their exit code, their terminal, signals to them."""

from __future__ import annotations

import contextlib
import socket

from fleetkit.core import ServiceError
from fleetkit.sandbox.control import receive_request, send_message

__all__ = ["read_exit_code", "receive_terminal", "send_to_program"]


def read_exit_code(connection: socket.socket) -> int:
    """Wait for the end of a program that runs inside, and return its exit code.

    Raises
    ------
    ServiceError
        When it could not be started, or the sandbox ended before it.
    """
    answer, _ = receive_request(connection)
    if "error" in answer:
        raise ServiceError(answer["error"], seen=answer.get("seen"), hint=answer.get("hint"))
    code: int = answer["code"]
    return code


def receive_terminal(connection: socket.socket) -> int:
    """Return the descriptor of the terminal of a shell that was started with one.

    Raises
    ------
    ServiceError
        When the shell could not be started.
    """
    answer, fds = receive_request(connection)
    if "error" in answer or not fds:
        raise ServiceError(answer.get("error", "no terminal came"), seen=answer.get("seen"), hint=answer.get("hint"))
    return fds[0]


def send_to_program(connection: socket.socket, message: dict[str, int]) -> None:
    """Pass a signal or a new size of its terminal on to a program; one that has ended is no error."""
    with contextlib.suppress(OSError):
        send_message(connection, message)
