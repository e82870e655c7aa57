"""A fleet of emulators on a real etcd, each with its own small systemd, and requests to them."""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fleetkit.core import NotYet, Patience, wait_until

from .etcd_cluster import EtcdCluster, free_port

__all__ = ["PATIENCE", "THREE_MACHINES", "Answer", "FleetCluster", "FleetMachine"]

PATIENCE = Patience(deadline_s=40, interval_s=0.1)

THREE_MACHINES = {
    "3317c7a5a7c2fae3fd024dfb246eb956": ("10.77.0.13", "az=az3,disk=ssd,role=db"),
    "4664df35562b6de582cd41c48922ff0b": ("10.77.0.12", "az=az2,disk=hdd,role=db"),
    "89138d958f104a1ab8dce0c6a9a6e204": ("10.77.0.11", "az=az1,disk=ssd,role=web"),
}
"""Ids, addresses and metadata of the machines that fleet v1.0.0 was recorded on, most of the time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back; no status where the connection was closed without a word."""

    status: int | None
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def json(self) -> Any:
        """The body, read; None where it is empty."""
        return json.loads(self.body) if self.body else None


@dataclass(slots=True)
class FleetMachine:
    """One emulator, which is a machine by itself: killed, its units end with it."""

    id: str
    port: int
    folder: Path
    process: subprocess.Popen[bytes]

    def ask(
        self, method: str, target: str, headers: Mapping[str, str] | None = None, body: str | None = None
    ) -> Answer:
        """Send a request as it is, and return what comes back."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        connection.putrequest(method, target, skip_accept_encoding=True)
        for name, value in (headers or {}).items():
            connection.putheader(name, value)
        data = (body or "").encode()
        connection.putheader("Content-Length", str(len(data)))
        connection.endheaders(data)
        try:
            answer = connection.getresponse()
            return Answer(status=answer.status, headers=dict(answer.headers), body=answer.read())
        except http.client.RemoteDisconnected:
            return Answer(status=None)
        finally:
            connection.close()

    def get(self, path: str) -> Any:
        """Return what a path holds, which has to be there."""
        answer = self.ask("GET", f"/fleet/v1{path}")
        assert answer.status == 200, answer
        return answer.json

    def put(self, unit: str, options: list[tuple[str, str, str]] | None = None, *, wanted: str = "launched") -> int:
        """Create or change a unit, and return the status."""
        made = [{"section": section, "name": name, "value": value} for section, name, value in options or []]
        body = {"desiredState": wanted, **({"options": made} if made else {})}
        sent = json.dumps(body)
        answer = self.ask("PUT", f"/fleet/v1/units/{unit}", {"Content-Type": "application/json"}, sent)
        return answer.status or 0

    def states(self) -> dict[tuple[str, str], str]:
        """Return unit and machine to its active state."""
        found = self.get("/state").get("states", [])
        return {(one["name"], one["machineID"]): one["systemdActiveState"] for one in found}

    def log(self) -> str:
        return (self.folder / "log").read_text()

    def end(self, number: int = signal.SIGTERM) -> None:
        """End it, or kill it."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        self.process.wait(timeout=30)


class FleetCluster:
    """Emulators that form a fleet."""

    def __init__(self, etcd: EtcdCluster, folder: Path, **settings: str) -> None:
        self._etcd = etcd
        self._folder = folder
        client = etcd.pki.clients["fleet"]
        self.environment = {
            "PATH": os.environ["PATH"],
            "FLEET_ETCD_SERVERS": ",".join(f"https://127.0.0.1:{one.client_port}" for one in etcd.members.values()),
            "FLEET_ETCD_CAFILE": str(etcd.pki.ca.certificate),
            "FLEET_ETCD_CERTFILE": str(client.certificate),
            "FLEET_ETCD_KEYFILE": str(client.key),
            **settings,
        }
        self.machines: dict[str, FleetMachine] = {}

    def __enter__(self) -> FleetCluster:
        return self

    def __exit__(self, *_exc: object) -> None:
        for machine in self.machines.values():
            machine.end(signal.SIGKILL)

    def __getitem__(self, beginning: str) -> FleetMachine:
        (found,) = (one for one in self.machines.values() if one.id.startswith(beginning))
        return found

    @property
    def any(self) -> FleetMachine:
        """A machine that lives."""
        return next(one for one in self.machines.values() if one.process.poll() is None)

    def start(self, machines: Mapping[str, tuple[str, str]] = THREE_MACHINES) -> FleetCluster:
        """Start emulators, and wait until each is known to all."""
        for machine_id, (address, metadata) in machines.items():
            self.launch(machine_id, address, metadata)

        def look() -> bool | NotYet[bool]:
            living = {one.id: one for one in self.machines.values() if one.process.poll() is None}
            for one in living.values():
                try:
                    answer = one.ask("GET", "/fleet/v1/machines")
                except OSError as error:
                    return NotYet(f"{one.id}: {error}")
                seen = {found["id"] for found in answer.json.get("machines", [])}
                if not living.keys() <= seen:
                    return NotYet(f"{one.id} knows {seen}")
            return True

        wait_until(look, what="all machines to join", patience=PATIENCE)
        return self

    def launch(self, machine_id: str, address: str, metadata: str) -> FleetMachine:
        """Start one emulator, and wait until it answers, whatever that is."""
        folder = self._folder / machine_id[:4]
        folder.mkdir(parents=True, exist_ok=True)
        port = free_port()
        command = [sys.executable, "-m", "fleetkit.sandbox.fleetd", "--listen", f"127.0.0.1:{port}"]
        command += ["--machine-id", machine_id, "--public-ip", address, "--metadata", metadata]
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen([*command, "--folder", str(folder)], env=self.environment, stderr=log)
        started = FleetMachine(machine_id, port, folder, process)
        self.machines[machine_id] = started

        def look() -> bool | NotYet[bool]:
            try:
                started.ask("GET", "/fleet/v1/machines")
            except OSError as error:
                return NotYet(f"{error}\n{started.log()[-2000:]}")
            return True

        wait_until(look, what="fleetd to listen", patience=PATIENCE)
        return started
