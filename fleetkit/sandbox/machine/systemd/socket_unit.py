"""A socket unit: init listens, and starts the service when somebody calls."""

from __future__ import annotations

import asyncio
import socket
from contextlib import suppress
from pathlib import Path

from fleetkit.sandbox.machine.accounts import find_ids, record_owner
from fleetkit.sandbox.machine.systemd.live import JobFailedError, Live, Surroundings
from fleetkit.sandbox.machine.systemd.unit import Unit, parse_bool, split_name

__all__ = ["SocketUnit"]

_BACKLOG = 128


class SocketUnit(Live):
    """A socket unit and its listening sockets."""

    def __init__(self, unit: Unit, manager: Surroundings) -> None:
        super().__init__(unit, manager)
        self._listeners: list[socket.socket] = []
        self._connections = 0
        self._listening = False

    @property
    def service(self) -> str:
        """Name of the service that it starts."""
        return self.unit.settings.last("Socket", "Service", f"{split_name(self.name)[0]}.service")

    @property
    def accepts(self) -> bool:
        """True where each connection gets a service of its own, which is handed the connection."""
        return parse_bool(self.unit.settings.last("Socket", "Accept", "no"))

    @property
    def descriptors(self) -> list[int]:
        """The listening descriptors, in the order of the unit file."""
        return [] if self.accepts else [listener.fileno() for listener in self._listeners]

    async def start(self) -> None:
        """Listen; see `Live.start`."""
        if not self.accepts and not self.manager.is_loaded(self.service):
            # As systemd does, which leaves the socket as it was.
            self.say(f"Socket service {self.service} not loaded, refusing.")
            raise JobFailedError(f"the service {self.service} of {self.name} is not there")
        try:
            for address in self._read_addresses():
                self._listeners.append(self._listen(address))
        except (OSError, ValueError) as error:
            self._close()
            self.result = "resources"
            self.set_state("failed", "failed")
            self.say(f"Failed to create listening socket: {error}")
            raise JobFailedError(f"{self.name} cannot listen: {error}") from error
        self.set_state("active", "listening")
        self.say(f"Listening on {self.unit.description}.")
        self.watch()

    async def stop(self) -> None:
        """Close the sockets."""
        if self.active == "active":
            self._close()
            self.set_state("inactive", "dead")
            self.say(f"Closed {self.unit.description}.")

    def watch(self) -> None:
        """Wait for a caller; to be called again when the service has ended."""
        if self.active != "active" or self._listening:
            return
        loop = asyncio.get_running_loop()
        for listener in self._listeners:
            loop.add_reader(listener, self._on_caller, listener)
        self._listening = True
        self.set_state("active", "listening")

    def give_up(self, result: str) -> None:
        """Fail, because the service cannot be started for anybody."""
        self._close()
        self.result = result
        self.set_state("failed", "failed")
        self.say(f"Failed with result '{result}'.")

    def _on_caller(self, listener: socket.socket) -> None:
        if self.accepts:
            with suppress(BlockingIOError):
                connection, _ = listener.accept()
                self._connections += 1
                prefix = split_name(self.name)[0]
                connection.setblocking(True)
                self.manager.serve_connection(f"{prefix}@{self._connections}.service", connection)
            return
        self._stop_watching()
        self.set_state("active", "running")
        self.manager.start_later(self.service, delay_s=0)

    def _stop_watching(self) -> None:
        if self._listening:
            for listener in self._listeners:
                asyncio.get_running_loop().remove_reader(listener)
            self._listening = False

    def _close(self) -> None:
        self._stop_watching()
        for listener in self._listeners:
            address = listener.getsockname()
            listener.close()
            if isinstance(address, str) and address.startswith("/"):
                Path(address).unlink(missing_ok=True)
        self._listeners = []

    def _read_addresses(self) -> list[str]:
        addresses = self.unit.settings.all("Socket", "ListenStream")
        if not addresses:
            raise ValueError("no ListenStream=, and other kinds of sockets are not known to the stand-in")
        return addresses

    def _listen(self, address: str) -> socket.socket:
        if address.startswith("/"):
            return self._listen_unix(Path(address))
        host, _, port = address.rpartition(":")
        listener = socket.create_server((host.strip("[]") or "0.0.0.0", int(port)), backlog=_BACKLOG)  # noqa: S104 - as the unit says, in the machine's own network
        listener.setblocking(not self.accepts)
        return listener

    def _listen_unix(self, path: Path) -> socket.socket:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        listener.bind(str(path))
        path.chmod(int(self.unit.settings.last("Socket", "SocketMode", "0666"), 8))
        user = self.unit.settings.last("Socket", "SocketUser", "root")
        group = self.unit.settings.last("Socket", "SocketGroup", "root")
        try:
            record_owner(path, *find_ids(user, group))
        except LookupError as error:
            raise OSError(f"SocketUser={user} SocketGroup={group}: {error}") from error
        listener.listen(_BACKLOG)
        # The service gets it, and expects it to wait; init itself takes callers only where it accepts.
        listener.setblocking(not self.accepts)
        return listener
