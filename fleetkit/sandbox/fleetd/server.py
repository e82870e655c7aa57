"""fleetd as a process: its sockets, its signals, the machine's id, and what runs in it."""

from __future__ import annotations

import argparse
import contextlib
import http.server
import os
import secrets
import signal
import socket
import socketserver
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from fleetkit.core import EtcdError, FleetError, SettingsError
from fleetkit.sandbox.fleetd.agent import Agent
from fleetkit.sandbox.fleetd.api import FleetApi
from fleetkit.sandbox.fleetd.engine import Engine
from fleetkit.sandbox.fleetd.etcd import EtcdClient
from fleetkit.sandbox.fleetd.own_systemd import run_own_systemd
from fleetkit.sandbox.fleetd.presence import Presence
from fleetkit.sandbox.fleetd.registry import Registry
from fleetkit.sandbox.fleetd.replies import Reply
from fleetkit.sandbox.fleetd.rounds import Rounds
from fleetkit.sandbox.fleetd.settings import FleetdSettings
from fleetkit.sandbox.fleetd.systemd import Systemd
from fleetkit.sandbox.machine.control import CONTROL

__all__ = ["inherited_sockets", "main", "read_machine_id"]

_FIRST_FD = 3
_MACHINE_ID = Path("/etc/machine-id")
_CHUNKED_FROM = 2048
"""Bytes of a body from which a program in Go no longer knows its length beforehand."""

_AGENT_INTERVAL_S = 5.0
_REPORT_INTERVAL_S = 1.0
_ENGINE_SETTLE_S = 1.0
_AGENT_SETTLE_S = 0.5
_WATCH_LIMIT_S = 30.0
_WATCHED = ("object", "target", "target-state")


def main(argv: Sequence[str] = ()) -> int:
    """Run until a signal; 2 where the settings are wrong."""
    options = _read_options(argv)
    try:
        settings = FleetdSettings.from_environment({**os.environ, **_settings_of(options)})
        listeners = inherited_sockets(os.environ) + ([] if options.listen is None else [_listen(options.listen)])
    except (SettingsError, OSError) as error:
        sys.stderr.write(f"fleetd: {error}\n")
        return 2
    machine_id = options.machine_id or read_machine_id(options.machine_id_file)
    end = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: end.set())
    with _open_systemd(options) as systemd:
        _run(settings, listeners, systemd, machine_id=machine_id, end=end)
    return 0


def _run(
    settings: FleetdSettings,
    listeners: Sequence[socket.socket],
    systemd: Systemd | None,
    *,
    machine_id: str,
    end: threading.Event,
) -> None:
    etcd = EtcdClient(settings)
    registry = Registry(etcd, ttl_s=settings.agent_ttl_s)
    presence = Presence(etcd, settings, machine_id=machine_id, wait=end.wait)
    api = FleetApi(
        registry,
        is_available=lambda: presence.is_available,
        leads_since=lambda: presence.leads_since,
        limit=settings.token_limit,
        takes_units=systemd is not None,
    )
    for listener in listeners:
        server = _Server(listener, api)
        threading.Thread(target=server.serve_forever, name="api", daemon=True).start()
    presence.start()
    rounds: list[Rounds] = []
    agent: Agent | None = None
    if systemd is not None:
        engine = Engine(registry, leads=lambda: presence.leads and presence.is_available, tell=_tell)
        agent = Agent(registry, systemd, machine_id=machine_id, ttl_s=settings.agent_ttl_s, tell=_tell)
        plan = (
            ("engine", engine.act, settings.reconcile_interval_s, _ENGINE_SETTLE_S),
            ("agent", agent.act, _AGENT_INTERVAL_S, _AGENT_SETTLE_S),
            ("report", agent.report, _REPORT_INTERVAL_S, _REPORT_INTERVAL_S),
        )
        for name, act, interval_s, settle_s in plan:
            rounds.append(Rounds(name, act, interval_s=interval_s, settle_s=settle_s, tell=_tell))
            rounds[-1].start()
        threading.Thread(target=_watch, args=(etcd, rounds[:2], end), name="watch", daemon=True).start()
    end.wait()
    for one in rounds:
        one.end()
    try:
        if agent is not None:
            agent.leave()
    except (EtcdError, FleetError) as error:
        _tell(f"could not unload the units here: {error}")
    presence.leave()


def _watch(etcd: EtcdClient, rounds: Sequence[Rounds], end: threading.Event) -> None:
    """Wake engine and agent where units or what is wanted of them change."""
    seen: int | None = None
    while not end.is_set():
        try:
            key = etcd.wait_for_change("job", since=seen, limit_s=_WATCH_LIMIT_S)
        except EtcdError:
            # Rounds come by themselves; whether etcd answers at all is told by the heartbeat.
            seen = None
            end.wait(_REPORT_INTERVAL_S)
            continue
        if key is not None:
            seen = key.index
            if key.name.rpartition("/")[2] in _WATCHED or key.name.count("/") == 1:
                for one in rounds:
                    one.wish()


def _read_options(argv: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="fleetd",
        description="An emulator of fleet v1.0.0. On a machine of the sandbox it is configured by FLEET_* variables "
        "and by the sockets that it is passed, as fleetd is; with --listen it runs alone, against any etcd.",
    )
    parser.add_argument("--listen", metavar="HOST:PORT", help="serve the API here, and run units as programs of ours")
    parser.add_argument("--etcd-servers", metavar="URL[,URL]", help="FLEET_ETCD_SERVERS")
    parser.add_argument("--public-ip", metavar="IP", help="FLEET_PUBLIC_IP")
    parser.add_argument("--metadata", metavar="K=V[,K=V]", help="FLEET_METADATA")
    parser.add_argument("--machine-id", metavar="ID", default="", help="the machine's id: 32 hex digits")
    parser.add_argument("--machine-id-file", metavar="FILE", type=Path, default=_MACHINE_ID, help="where it is kept")
    parser.add_argument("--folder", type=Path, help="where a fleetd that runs alone keeps its units and their journal")
    parser.add_argument("--without-units", action="store_true", help="for a machine that cannot run any")
    return parser.parse_args(argv)


def _settings_of(options: argparse.Namespace) -> dict[str, str]:
    given = {"ETCD_SERVERS": options.etcd_servers, "PUBLIC_IP": options.public_ip, "METADATA": options.metadata}
    return {f"FLEET_{name}": value for name, value in given.items() if value is not None}


def _listen(place: str) -> socket.socket:
    host, _, port = place.rpartition(":")
    if not host or not port.isdigit():
        raise SettingsError("this is no address to listen at", seen=place, hint="--listen 127.0.0.1:49153")
    return socket.create_server((host, int(port)))


@contextlib.contextmanager
def _open_systemd(options: argparse.Namespace) -> Iterator[Systemd | None]:
    """Find what runs units here: the machine's init, one of our own for a fleetd that is alone, or nothing."""
    if options.without_units:
        yield None
    elif options.listen is None:
        yield Systemd(CONTROL, root=Path("/"))
    else:
        with contextlib.ExitStack() as opened:
            folder = options.folder or Path(opened.enter_context(tempfile.TemporaryDirectory(prefix="fleetd-")))
            control = folder / CONTROL.relative_to("/")
            opened.enter_context(run_own_systemd(folder, control=control))
            yield Systemd(control, root=folder)


def _tell(text: str) -> None:
    sys.stderr.write(f"fleetd: {text}\n")
    sys.stderr.flush()


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
        if connection.family != socket.AF_UNIX:
            # As every server in Go has it. Without it, who keeps a connection waits 40 ms for the end of each answer.
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
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
        if reply.kind:
            self.send_header("Content-Type", reply.kind)
        if reply.named:
            self.send_header("Server", "fleetd/v1.0.0")
        body = reply.body if self.command != "HEAD" else b""
        if len(body) > _CHUNKED_FROM:
            self.send_header("Transfer-Encoding", "chunked")
            body = f"{len(body):x}\r\n".encode() + body + b"\r\n0\r\n\r\n"
        elif reply.status != http.HTTPStatus.NO_CONTENT:
            self.send_header("Content-Length", str(len(reply.body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_HEAD = do_OPTIONS = do_PUT = do_POST = do_PATCH = do_DELETE = _handle  # noqa: N815 -- looked for so

    def log_message(self, *_: object) -> None:
        """Say nothing of requests, as fleetd does."""
