"""Halls and machines for tests: made for one test, gone with it."""

from __future__ import annotations

import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

import pytest

from fleetkit.sandbox.hall import Allow, Hall, HallUnavailableError, Machine, MachineSpec

ANY = "0.0.0.0/0"
EVERYTHING = (Allow(source=ANY, destination=ANY, protocol="any"),)
PATIENCE_S = 3.0
"""How long an allowed connection may take on a busy computer."""
SILENCE_S = 0.4
"""How long a connection is tried before it counts as dropped."""


@contextmanager
def open_hall(folder: Path, *, trust_pem: bytes = b"") -> Iterator[Hall]:
    """Start a hall, or skip the test where the kernel does not allow one."""
    try:
        hall = Hall.start(folder, trust_pem=trust_pem)
    except HallUnavailableError as error:
        skip_where_forbidden(error)
    with hall:
        yield hall


def skip_where_forbidden(error: HallUnavailableError) -> NoReturn:
    """Skip where the system's own program is refused namespaces too; elsewhere the fault is ours.

    Raises
    ------
    HallUnavailableError
        When the kernel allows what a hall needs.
    """
    program = shutil.which("unshare")
    words = ["--user", "--map-root-user", "--mount", "--net", "--pid", "--fork", "--mount-proc", "true"]
    if program is not None and subprocess.run([program, *words], capture_output=True).returncode == 0:
        raise error
    pytest.skip(str(error))


def add_plain(hall: Hall, name: str, address: str) -> Machine:
    """Add a bare place in the network."""
    return hall.add_machine(MachineSpec(machine_id=name, hostname=name, address=address, kind="plain"))


def reaches(hall: Hall, source: str, address: str, port: int, *, timeout_s: float = SILENCE_S) -> bool:
    """Dial from inside ``source``, and say whether somebody answered; a refusal is an answer's opposite."""
    try:
        with hall.connect(source, address, port, timeout_s):
            return True
    except OSError:
        return False


def passes(hall: Hall, source: str, listener: socket.socket) -> bool:
    """Say whether ``source`` comes through to ``listener``, in time on a busy computer, and take it off there."""
    address, port = listener.getsockname()
    if not reaches(hall, source, address, port, timeout_s=PATIENCE_S):
        return False
    listener.settimeout(PATIENCE_S)
    connection, _ = listener.accept()
    connection.close()
    return True


def is_dropped(hall: Hall, source: str, listener: socket.socket) -> bool:
    """Say whether nothing of ``source`` comes to ``listener``: what is dropped stays silent for ever."""
    return not reaches(hall, source, *listener.getsockname())
