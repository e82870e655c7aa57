"""An AWS that answers what another one answered before, as often as it is asked, each time after a time of travel."""

from __future__ import annotations

import http.client
import http.server
import threading
import time
import urllib.parse
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

__all__ = ["Replay", "serve_replay"]

_ANYBODY = b"@@cluster@@"


@dataclass(kw_only=True)
class Replay:
    """What is answered, and how.

    Attributes
    ----------
    url
        Where it is asked.
    travel_s
        Seconds after which each answer comes.
    source
        Who is asked for what was never asked before; empty where nobody is, and it is refused.
    names
        Names of clusters: what was answered about one of them is answered about each.
    """

    url: str = ""
    travel_s: float = 0.0
    source: str = ""
    names: frozenset[bytes] = frozenset()
    answers: dict[tuple[str, bytes], tuple[int, bytes]] = field(default_factory=dict)
    asked: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def answer(self, path: str, body: bytes, headers: dict[str, str]) -> tuple[int, bytes]:
        """Return status and body of the answer."""
        with self._lock:
            self.asked += 1
        name = next((one for one in self.names if one in body), b"")
        key = (path, body.replace(name, _ANYBODY) if name else body)
        if key not in self.answers:
            if not self.source:
                return 400, b"<Response><Errors><Error><Code>NotRecorded</Code></Error></Errors></Response>"
            status, told = _ask(self.source, path, body, headers)
            self.answers[key] = (status, told.replace(name, _ANYBODY) if name else told)
        status, told = self.answers[key]
        time.sleep(self.travel_s)
        return status, told.replace(_ANYBODY, name)


@contextmanager
def serve_replay(replay: Replay) -> Iterator[Replay]:
    """Serve it on a port of 127.0.0.1, and write its address into it."""

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            status, told = replay.answer(self.path, body, dict(self.headers))
            self.send_response(status)
            self.send_header("Content-Type", "text/xml")
            self.send_header("Content-Length", str(len(told)))
            self.end_headers()
            self.wfile.write(told)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    replay.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield replay
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _ask(source: str, path: str, body: bytes, headers: dict[str, str]) -> tuple[int, bytes]:
    where = urllib.parse.urlsplit(source)
    connection = http.client.HTTPConnection(str(where.hostname), where.port)
    try:
        connection.request("POST", path, body=body, headers=headers)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()
