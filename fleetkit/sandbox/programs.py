"""The near side of programs that run inside a sandbox: their exit code, their terminal, signals to them."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from fleetkit.core import ServiceError
from fleetkit.sandbox.control import read_error, receive_request, send_message

__all__ = ["read_exit_code", "receive_terminal", "run_to_end", "send_to_program"]


def read_exit_code(connection: socket.socket) -> int:
    """Wait for the end of a program that runs inside, and return its exit code.

    Raises
    ------
    PreconditionError
        When the sandbox refuses to start it.
    ServiceError
        When it could not be started, or the sandbox ended before it.
    """
    answer, _ = receive_request(connection)
    if "error" in answer:
        raise read_error(answer)
    code: int = answer["code"]
    return code


def run_to_end(
    argv: Sequence[str], start: Callable[[tuple[int, int, int]], socket.socket]
) -> subprocess.CompletedProcess[bytes]:
    """Start a program with streams of its own, and return what it wrote and its exit code.

    ``start`` is given its three streams and returns the connection that follows it.
    """
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err, Path(os.devnull).open("rb") as nothing:
        with start((nothing.fileno(), out.fileno(), err.fileno())) as connection:
            code = read_exit_code(connection)
        out.seek(0)
        err.seek(0)
        return subprocess.CompletedProcess(list(argv), code, out.read(), err.read())


def receive_terminal(connection: socket.socket) -> int:
    """Return the descriptor of the terminal of a shell that was started with one.

    Raises
    ------
    PreconditionError
        When the sandbox refuses to start it.
    ServiceError
        When the shell could not be started.
    """
    answer, fds = receive_request(connection)
    if "error" in answer:
        raise read_error(answer)
    if not fds:
        raise ServiceError("no terminal came")
    return fds[0]


def send_to_program(connection: socket.socket, message: dict[str, int]) -> None:
    """Pass a signal or a new size of its terminal on to a program; one that has ended is no error."""
    with contextlib.suppress(OSError):
        send_message(connection, message)
