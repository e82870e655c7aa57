"""Services that a test asks whether they serve: each answers a connection as it is told to."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator

__all__ = ["answer_with", "serve_each"]


def answer_with(content: bytes) -> Callable[[socket.socket], None]:
    """Return what reads a request and answers it."""

    def answer(near: socket.socket) -> None:
        near.recv(4096)
        near.sendall(content)

    return answer


@contextlib.contextmanager
def serve_each(answer: Callable[[socket.socket], None], *, address: str = "127.0.0.1") -> Iterator[int]:
    """Serve every connection to a port of an address of this computer, and give the port."""
    listening = socket.create_server((address, 0))

    def serve(near: socket.socket) -> None:
        # Whoever asks may hang up at any time.
        with near, contextlib.suppress(OSError):
            answer(near)

    def accept() -> None:
        while True:
            try:
                near, _ = listening.accept()
            except OSError:
                return
            threads.append(threading.Thread(target=serve, args=(near,)))
            threads[-1].start()

    threads = [threading.Thread(target=accept)]
    threads[0].start()
    try:
        yield listening.getsockname()[1]
    finally:
        # A socket that is only closed keeps a thread that waits in accept.
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        for one in threads:
            one.join()
