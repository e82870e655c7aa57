"""How the emulator sets the connections that it takes."""

from __future__ import annotations

import contextlib
import socket
from pathlib import Path
from unittest.mock import Mock

from fleetkit.sandbox.fleetd.server import _Server


def accept(family: socket.AddressFamily, address: tuple[str, int] | str, opened: contextlib.ExitStack) -> socket.socket:
    listener, asking = (opened.enter_context(socket.socket(family)) for _ in range(2))
    listener.bind(address)
    listener.listen()
    asking.connect(listener.getsockname())
    accepted, _ = _Server(listener, Mock()).get_request()
    return opened.enter_context(accepted)


def test_the_end_of_an_answer_waits_for_no_kernel() -> None:
    with contextlib.ExitStack() as opened:
        accepted = accept(socket.AF_INET, ("127.0.0.1", 0), opened)
        assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_a_socket_in_a_file_is_taken_as_it_is(tmp_path: Path) -> None:
    with contextlib.ExitStack() as opened:
        assert accept(socket.AF_UNIX, str(tmp_path / "fleet.sock"), opened).family == socket.AF_UNIX
