"""fleetd as a process: the sockets that systemd passes, signals, and the machine's id."""

from __future__ import annotations

import argparse
import http.server
import os
import secrets
import signal
import socket
import socketserver
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

from fleetkit.core import SettingsError
from fleetkit.sandbox.fleetd.api import FleetApi, Reply
from fleetkit.sandbox.fleetd.etcd import EtcdClient
from fleetkit.sandbox.fleetd.presence import Presence
from fleetkit.sandbox.fleetd.settings import FleetdSettings

__all__ = ["inherited_sockets", "main", "read_machine_id"]

_FIRST_FD = 3
_MACHINE_ID = Path("/etc/machine-id")


def main(argv: Sequence[str] = ()) -> int:
    """Run until a signal; 2 where the settings are wrong.

    Parameters
    ----------
    argv
        ``--machine-id FILE`` for a machine whose id lies elsewhere than in /etc.
    """
    parser = argparse.ArgumentParser(prog="fleetd")
    parser.add_argument("--machine-id", type=Path, default=_MACHINE_ID)
    id_file: Path = parser.parse_args(argv).machine_id
    try:
        settings = FleetdSettings.from_environment(os.environ)
    except SettingsError as error:
        sys.stderr.write(f"fleetd: {error}\n")
        return 2
    end = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: end.set())
    etcd = EtcdClient(settings)
    presence = Presence(etcd, settings, machine_id=read_machine_id(id_file), wait=end.wait)
    api = FleetApi(
        etcd,
        is_available=lambda: presence.is_available,
        leads_since=lambda: presence.leads_since,
        token_limit=settings.token_limit,
    )
    for listener in inherited_sockets(os.environ):
        server = _Server(listener, api)
        threading.Thread(target=server.serve_forever, name="api", daemon=True).start()
    presence.start()
    end.wait()
    presence.leave()
    return 0


def read_machine_id(file: Path) -> str:
    """Return the machine's id; a machine without one gets one, as systemd gives it at the first boot."""
    held = file.read_text().strip() if file.exists() else ""
    if not held:
        held = secrets.token_hex(16)
        file.write_text(f"{held}\n")
    return held


def inherited_sockets(environ: Mapping[str, str]) -> list[socket.socket]:
    """Return the listening sockets that systemd passed to this process."""
    if environ.get("LISTEN_PID", str(os.getpid())) != str(os.getpid()):
        return []
    count = int(environ.get("LISTEN_FDS", "0"))
    return [socket.socket(fileno=fd) for fd in range(_FIRST_FD, _FIRST_FD + count)]


class _Server(socketserver.ThreadingMixIn, socketserver.BaseServer):
    daemon_threads = True

    def __init__(self, listener: socket.socket, api: FleetApi) -> None:
        super().__init__(("", 0), _Handler)
        self.socket = listener
        self.api = api

    def fileno(self) -> int:
        return self.socket.fileno()

    def get_request(self) -> tuple[socket.socket, tuple[str, int]]:
        connection, _ = self.socket.accept()
        return connection, ("", 0)

    def shutdown_request(self, request: socket.socket | tuple[bytes, socket.socket]) -> None:
        if isinstance(request, socket.socket):
            request.close()


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def _handle(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length)
        headers: dict[str, list[str]] = {}
        for name, value in self.headers.items():
            headers.setdefault(name.lower(), []).append(value)
        reply = self.server.api.answer(self.command, self.path, headers, body)
        if reply.hang_up:
            self.close_connection = True
            return
        self._send(reply)

    def _send(self, reply: Reply) -> None:
        self.send_response_only(reply.status)
        self.send_header("Content-Type", reply.kind)
        if reply.named:
            self.send_header("Server", "fleetd/v1.0.0")
        self.send_header("Content-Length", str(len(reply.body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(reply.body)

    do_GET = do_HEAD = do_OPTIONS = do_PUT = do_POST = do_PATCH = do_DELETE = _handle  # noqa: N815 -- looked for so

    def log_message(self, *_: object) -> None:
        """Say nothing of requests, as fleetd does."""
