"""A tiny HTTP server on 127.0.0.1 that answers what a test tells it to."""

from __future__ import annotations

import contextlib
import http.server
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

__all__ = ["Reply", "Request", "SilentHandler", "serve_answers", "serve_handler"]


@dataclass(frozen=True, slots=True)
class Request:
    """What was asked; header names are in lower case."""

    path: str
    headers: Mapping[str, str]
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Reply:
    """What is answered."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


class SilentHandler(http.server.BaseHTTPRequestHandler):
    """A handler that logs nothing."""

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- the base class's name
        """Keep silent."""


@contextlib.contextmanager
def serve_answers(answer: Callable[[Request], Reply]) -> Iterator[str]:
    """Serve ``answer`` and give the server's base address."""

    class Handler(SilentHandler):
        def do_GET(self) -> None:
            headers = {name.lower(): value for name, value in self.headers.items()}
            body = self.rfile.read(int(headers.get("content-length", "0")))
            reply = answer(Request(self.path, headers, body))
            self.send_response(reply.status)
            for name, value in {"Content-Length": str(len(reply.body)), **reply.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(reply.body)

        do_POST = do_PUT = do_GET  # noqa: N815 -- the base class looks for these names

    with serve_handler(Handler) as address:
        yield address


@contextlib.contextmanager
def serve_handler(handler: type[SilentHandler]) -> Iterator[str]:
    """Serve with a handler of one's own, and give the server's base address."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
