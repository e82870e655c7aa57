"""Small HTTP servers of the sandbox, each on a listening socket that it is handed."""

from __future__ import annotations

import http.server
import socket
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

__all__ = ["Answer", "HttpService", "Request"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What was asked, and by whom; names of headers in lower case."""

    method: str
    path: str
    headers: Mapping[str, str]
    peer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What is answered."""

    status: int = 200
    body: bytes = b""
    kind: str = "text/plain"
    headers: Mapping[str, str] = field(default_factory=dict)


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, listener: socket.socket, answer: Callable[[Request], Answer]) -> None:
        super().__init__(listener.getsockname(), _Handler, bind_and_activate=False)
        self.socket.close()
        self.socket = listener
        self.answer = answer


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def _handle(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        self.rfile.read(length)
        headers = {name.lower(): value for name, value in self.headers.items()}
        answer = self.server.answer(
            Request(method=self.command, path=self.path, headers=headers, peer=self.client_address[0])
        )
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.kind)
        self.send_header("Content-Length", str(len(answer.body)))
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.body)

    do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = _handle  # noqa: N815 -- http.server looks for these names

    def log_message(self, *_: object) -> None:
        """Say nothing: what machines ask is not the operator's business."""


class HttpService:
    """A server on ``listener`` that answers with ``answer``, from the moment it is made."""

    def __init__(self, listener: socket.socket, answer: Callable[[Request], Answer], *, name: str) -> None:
        self._server = _Server(listener, answer)
        self.port: int = listener.getsockname()[1]
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.1}, name=name, daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """Stop answering."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(timeout=5)
