"""Who is told of runs, on loopback: services of the web under their own names, a mail server, and what they heard."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from support.http_answers import SilentHandler, serve_handler
from support.pki_made import issue, make_foreign_ca
from support.vault_stub import serve_tls

from fleetkit.notice import Message, Severity, UrlDestination
from fleetkit.pki.names import Purpose

MESSAGE = Message(
    title="[demo] 50-audit-cluster: findings, before done",
    body="The run ended with findings.\n\n- said: 2 <findings> & more\n- when: 2026-03-01T04:05:06Z",
    severity=Severity.WARNING,
)


def destination(url: str, name: str = "oncall") -> UrlDestination:
    return UrlDestination(name=name, hand_over=lambda write: write(url.encode()))


@dataclass
class Heard:
    """What a service was sent: path and JSON of each request."""

    requests: list[tuple[str, Any]] = field(default_factory=list)


@contextlib.contextmanager
def serve_service(
    host: str, folder: Path, *, status: int = 200, answer: bytes = b"ok"
) -> Iterator[tuple[Heard, dict[str, str]]]:
    """Serve a host of the web under a certificate of its own; give what it hears, and the environment that leads there.

    The environment names a proxy, which leads every connection here, and the authority that the certificate is from.
    """
    heard = Heard()
    authority = make_foreign_ca(folder)
    pair = issue(folder, "service", ca=authority, dns_names=(host,), purpose=Purpose.MEMBER)

    def handle(_method, path, _headers, body):
        heard.requests.append((path, json.loads(body)))
        return status, {}, answer

    with serve_tls(handle, certificate=pair.certificate, key=pair.key) as address:
        port = int(address.rpartition(":")[2])
        with serve_handler(_tunnel_to(port)) as proxy:
            yield heard, {"HTTPS_PROXY": proxy, "REQUESTS_CA_BUNDLE": str(authority.certificate)}


def _tunnel_to(port: int) -> type[SilentHandler]:
    class Proxy(SilentHandler):
        def do_CONNECT(self) -> None:  # noqa: N802 -- the base class looks for this name
            far = socket.create_connection(("127.0.0.1", port))
            self.send_response(200)
            self.end_headers()
            back = threading.Thread(target=_pump, args=(far, self.connection))
            back.start()
            _pump(self.connection, far)
            back.join()
            far.close()

    return Proxy


def _pump(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while content := source.recv(65536):
            target.sendall(content)
    with contextlib.suppress(OSError):
        target.shutdown(socket.SHUT_WR)
