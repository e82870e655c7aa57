"""A fleet whose API answers at a real endpoint, a unix socket or a port, as a test tells it to."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from support.fleet_replay import answer_one, recorded
from support.fleet_worlds import World

__all__ = ["serve_fleet"]

Answering = Callable[[str, str, str, Any], dict[str, Any]]

_NOT_THERE = recorded("028-unit-get-404")


@contextlib.contextmanager
def serve_fleet(world: World | Answering, *, path: Path | None = None) -> Iterator[str]:
    """Serve a world, and give its endpoint: a unix socket at ``path``, else a port of this computer.

    Answers are looked up at each request, so that a test may change them meanwhile.

    Parameters
    ----------
    world
        What is answered to each target, or what answers each method, target, content type and body.
    """
    if path is None:
        listening = socket.create_server(("127.0.0.1", 0))
        endpoint = f"http://127.0.0.1:{listening.getsockname()[1]}"
    else:
        listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        listening.bind(str(path))
        listening.listen()
        endpoint = f"unix://{path}"

    def look_up(_method: str, target: str, _kind: str, _body: Any) -> dict[str, Any]:
        assert isinstance(world, dict)
        return world.get(target, _NOT_THERE)

    choose = look_up if isinstance(world, dict) else world

    def accept() -> None:
        while True:
            try:
                near, _ = listening.accept()
            except OSError:
                return
            threads.append(threading.Thread(target=answer_one, args=(near, choose)))
            threads[-1].start()

    threads = [threading.Thread(target=accept)]
    threads[0].start()
    try:
        yield endpoint
    finally:
        # A socket that is only closed keeps a thread that waits in accept.
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        for one in threads:
            one.join()
