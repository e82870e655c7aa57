"""Programs that run inside a sandbox as if they ran here: signals, terminal and exit code are passed on."""

from __future__ import annotations

import contextlib
import os
import select
import shutil
import signal
import socket
import sys
import termios
import tty
from collections.abc import Iterator, Sequence
from types import FrameType

from fleetkit.core import ServiceError
from fleetkit.sandbox import Sandbox, read_exit_code, receive_terminal, send_to_program

__all__ = ["follow_program", "open_shell"]

_SIGNALLED = 128


def follow_program(connection: socket.socket) -> int:
    """Wait for a program's end, pass on the signals that come here, and return its exit code as a shell would."""

    def pass_on(number: int, _frame: FrameType | None) -> None:
        send_to_program(connection, {"signal": number})

    before = {number: signal.signal(number, pass_on) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    try:
        with connection:
            code = read_exit_code(connection)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    return code if code >= 0 else _SIGNALLED - code


def open_shell(sandbox: Sandbox, machine: str, argv: Sequence[str]) -> int:
    """Open a shell, or run a program, in a machine."""
    interactive = sys.stdin.isatty() and sys.stdout.isatty()
    connection = sandbox.start_shell(machine, argv, tty=interactive, term=os.environ.get("TERM", "dumb"))
    if not interactive:
        return follow_program(connection)
    with connection, _raw_terminal():
        terminal = receive_terminal(connection)

        def resize(*_: object) -> None:
            columns, rows = shutil.get_terminal_size()
            send_to_program(connection, {"rows": rows, "columns": columns})

        resize()
        before = signal.signal(signal.SIGWINCH, resize)
        try:
            _pump(terminal)
        finally:
            signal.signal(signal.SIGWINCH, before)
            os.close(terminal)
        code = read_exit_code(connection)
    return code if code >= 0 else _SIGNALLED - code


@contextlib.contextmanager
def _raw_terminal() -> Iterator[None]:
    saved = termios.tcgetattr(sys.stdin)
    tty.setraw(sys.stdin)
    try:
        yield
    finally:
        termios.tcsetattr(sys.stdin, termios.TCSADRAIN, saved)


def _pump(terminal: int) -> None:
    """Copy between this terminal and the machine's until its program ends."""
    inputs = [sys.stdin.fileno(), terminal]
    while True:
        ready, _, _ = select.select(inputs, [], [])
        if terminal in ready:
            try:
                data = os.read(terminal, 65536)
            except OSError:
                # How the kernel says that nobody is left on the terminal's other side.
                return
            if not data:
                return
            os.write(sys.stdout.fileno(), data)
        if sys.stdin.fileno() in ready:
            data = os.read(sys.stdin.fileno(), 65536)
            if not data:
                inputs.remove(sys.stdin.fileno())
                continue
            try:
                os.write(terminal, data)
            except OSError as error:
                raise ServiceError("the machine's terminal is gone") from error
