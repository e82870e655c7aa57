"""A service that says when it is about to end, and a client that sends only to what says it is well.

It does as a load balancer does, and counts what was answered and what was not.
"""

from __future__ import annotations

import http.client
import itertools
import threading
from collections import Counter
from collections.abc import Sequence

__all__ = ["SERVICE", "SteadyClient"]

SERVICE = """
import http.server, signal, sys, threading, time
version, port = sys.argv[1], int(sys.argv[2])
leaving = threading.Event()

class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        well = self.path != "/health" or not leaving.is_set()
        body = version.encode()
        self.send_response(200 if well else 503)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass

server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)

def leave(*_):
    # Whoever was sent here before it was known to leave is served on.
    leaving.set()
    threading.Timer(1.5, server.shutdown).start()

signal.signal(signal.SIGTERM, leave)
server.serve_forever()
"""
"""``python FILE VERSION PORT``: a web service that is unwell for 1.5 s before it ends."""

_LOOK_S = 0.1
_SEND_S = 0.01
_LIMIT_S = 5.0


class SteadyClient:
    """Asks services in turn for the length of a block.

    Parameters
    ----------
    ports
        Where they are on 127.0.0.1.
    """

    def __init__(self, ports: Sequence[int]) -> None:
        self._ports = ports
        self._well: dict[int, bool] = {}
        self._end = threading.Event()
        self._threads = [threading.Thread(target=run, daemon=True) for run in (self._look, self._send)]
        self.answers: Counter[str] = Counter()
        self.failures: list[str] = []

    def __enter__(self) -> SteadyClient:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self._end.set()
        for thread in self._threads:
            thread.join(timeout=20)

    def _look(self) -> None:
        while not self._end.is_set():
            for port in self._ports:
                try:
                    self._well[port] = self._get(port, "/health")[0] == 200
                except OSError:
                    self._well[port] = False
            self._end.wait(_LOOK_S)

    def _send(self) -> None:
        for port in itertools.cycle(self._ports):
            if self._end.wait(_SEND_S):
                return
            if not any(self._well.values()):
                if self._well.keys() == set(self._ports):
                    self.failures.append("nobody is well")
                continue
            if self._well.get(port):
                try:
                    status, text = self._get(port, "/")
                except OSError as error:
                    self.failures.append(f"{port}: {error!r}")
                else:
                    self.answers[text if status == 200 else str(status)] += 1

    def _get(self, port: int, path: str) -> tuple[int, str]:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_LIMIT_S)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        except http.client.HTTPException as error:
            raise OSError(str(error)) from error
        finally:
            connection.close()
